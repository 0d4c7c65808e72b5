"""Each secret is sent through each channel, and none gets out."""

import logging
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from every_eval.errors import HubUnavailable, UpstreamUnavailable
from every_eval.network.redaction import REDACTED, redact_logs
from every_eval.network.unexpected import describe
from every_eval.orchestration.alerts import Alert
from every_eval.orchestration.metadata import link
from every_eval.orchestration.sensors import _skip
from every_eval.orchestration.step_failures import explain, explained, redacted_errors, without_secrets
from every_eval.settings import AlertSettings, HubSettings, read_settings

SECRET = "s3cr3tS3cr3tS3cr3t"
LEAKS = {
    "S3": f"https://cdn.example.org/a?X-Amz-Algorithm=AWS4&X-Amz-Signature={SECRET}&X-Amz-Credential={SECRET}",
    "Azure": f"https://store.example.org/a?sv=2026&sig={SECRET}",
    "token": f"https://example.org/a?token={SECRET}",
    "password": f"http://user:{SECRET}@example.org/a",
    "header": f"{{'Authorization': 'Bearer {SECRET}'}}",
    "HF_TOKEN": f"the token is hf_{SECRET}",
    "HF_TOKEN of another form": f"the token is abc-{SECRET}",
    "webhook": f"https://hooks.example.org/services/T1/{SECRET}",
    "path of the webhook": f"HTTPSConnectionPool(host='hooks.example.org'): with url: /services/T1/{SECRET} (refused)",
}


@pytest.fixture(params=list(LEAKS.values()), ids=list(LEAKS))
def leak(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("HF_TOKEN", f"abc-{SECRET}")
    monkeypatch.setenv("EVERY_EVAL_ALERT_WEBHOOK", f"https://hooks.example.org/services/T1/{SECRET}")
    read_settings(HubSettings)
    read_settings(AlertSettings)
    redact_logs()
    text: str = request.param
    return text


def failing(leak: str) -> None:
    """Raise an error of another library behind one of ours, as a transport might."""
    try:
        raise ConnectionError(leak)
    except ConnectionError as error:
        raise HubUnavailable("the Hub does not answer") from error


def raised(leak: str) -> Exception:
    with pytest.raises(HubUnavailable) as found:
        failing(leak)
    return found.value


TEXTS: dict[str, Callable[[str], str]] = {
    "an explained error": lambda leak: str(explain(UpstreamUnavailable(leak))),
    "an error of a shard": lambda leak: str(without_secrets(OSError(5, "no answer", leak))),
    "a failure of a run": lambda leak: describe("lite/v1/run", raised(leak)),
    "a location": lambda leak: str(link(leak).value),
    "a reason of a sensor": lambda leak: str(_skip(f"could not be read: {leak}.")),
}


@pytest.mark.parametrize("channel", TEXTS.values(), ids=TEXTS)
def test_no_text_holds_a_secret(leak: str, channel: Callable[[str], str]) -> None:
    text = channel(leak)
    assert SECRET not in text
    assert REDACTED in text


@pytest.mark.parametrize(
    "name", ["every_eval.network", "httpx", "urllib3.connectionpool", "huggingface_hub", "dagster"]
)
def test_no_log_of_any_library_holds_a_secret(leak: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    logger = logging.getLogger(name)
    handler = logging.StreamHandler()
    logger.addHandler(handler)
    try:
        logger.error("GET %s failed", leak)
        logger.error(f"GET {leak} failed")
        logger.error("failed", exc_info=raised(leak))
    finally:
        logger.removeHandler(handler)
    written = capsys.readouterr().err
    assert written.count("failed") >= 3
    assert SECRET not in written


STEPS = ("log", "failure", "foreign", "ours", "check")


def step(kind: str, leak: str) -> dg.JobDefinition:
    """Return a job of one step that lets a secret out in one way."""

    @dg.op
    def leaking(context: dg.OpExecutionContext) -> None:
        with redacted_errors():
            if kind == "log":
                context.log.warning(f"reads from {leak}")
            elif kind == "failure":
                raise dg.Failure(f"2 problems: {leak}")
            elif kind == "foreign":
                raise ValueError(leak)
            elif kind == "ours":
                with explained():
                    failing(leak)
            else:
                context.log_event(dg.AssetMaterialization("a", metadata={"location": link(leak)}))

    @dg.job
    def job() -> None:
        leaking()

    return job


def stored(instance: dg.DagsterInstance) -> Iterator[str]:
    for run in instance.get_runs():
        yield from (dg.serialize_value(event) for event in instance.all_logs(run.run_id))


@pytest.mark.parametrize("kind", STEPS)
def test_dagster_stores_and_shows_no_secret(
    leak: str, kind: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with dg.DagsterInstance.ephemeral(str(tmp_path)) as instance:
        result = step(kind, leak).execute_in_process(instance=instance, raise_on_error=False)
        texts = [*stored(instance), *capfd.readouterr()]
    assert result.success is (kind in ("log", "check"))
    assert kind == "ours" or any(REDACTED in text for text in texts)  # Of our own errors, the causes are not stored.
    assert not [text for text in texts if SECRET in text]


def test_no_alert_holds_a_secret(leak: str) -> None:
    text = Alert("refresh failed", [f"- ingest: {leak}"], "http://127.0.0.1:3000/runs/1").text()
    assert SECRET not in text
    assert REDACTED in text

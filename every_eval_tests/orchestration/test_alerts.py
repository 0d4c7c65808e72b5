"""Alerts: the webhook hears of a failed run once, and nobody hears of the webhook."""

import json
import logging
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import dagster as dg
import pytest

from every_eval.definitions import build_definitions
from every_eval.orchestration import alerts
from every_eval.orchestration.alerts import Alert, failure_alerts, send
from every_eval.orchestration.jobs import WEEKLY
from every_eval.orchestration.resources import AlertResource
from every_eval_tests.helm_root import edit
from every_eval_tests.orchestration.deployment import Deployment

SECRET = "T0123-secret"
RUN = "mmlu:subject=anatomy,method=multiple_choice_joint,model=01-ai_yi-34b,eval_split=test,groups=mmlu_anatomy"


class Webhook(HTTPServer):
    """Keeps what is posted, and answers with the statuses given, then 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hook)
        self.posted: list[dict[str, Any]] = []
        self.statuses: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/services/{SECRET}"


class Hook(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        self.server.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    monkeypatch.setattr(alerts, "WAITS_SECONDS", (0, 0, 0))
    with Webhook() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("EVERY_EVAL_ALERT_WEBHOOK", server.url)
        yield server
        server.shutdown()


def sensor(deployment: Deployment, result: dg.ExecuteInProcessResult) -> str | None:
    """Evaluate the sensor about a failed run, as the daemon does; return why nobody was told, if nobody was."""
    context = dg.build_run_status_sensor_context(
        failure_alerts.name,
        result.get_run_failure_event(),
        deployment.instance,
        result.dagster_run,
    )
    skipped = failure_alerts(context.for_run_failure(), alerts=AlertResource(ui="https://dagster.example.org/"))
    assert skipped is None or isinstance(skipped, dg.SkipReason)
    return skipped and skipped.skip_message


def no_root(deployment: Deployment) -> dg.ExecuteInProcessResult:
    """A run that finds nothing where its root should be."""
    deployment.environment.setenv("EVERY_EVAL_HELM_ROOT", str(deployment.root.path / "nothing"))
    result = deployment.launch(WEEKLY)
    assert not result.success
    return result


@pytest.mark.slow
def test_a_job_tells_itself_what_failed_why_where_and_how_to_retry_and_the_sensor_does_not_tell_it_again(
    deployment: Deployment, webhook: Webhook
) -> None:
    deployment.environment.setenv("EVERY_EVAL_UI_URL", "https://dagster.example.org/")
    file = deployment.root.run("mmlu", "v1.0.0", RUN) / "stats.json"
    edit(file, lambda stats: [{**stats[0], "sum": 0.125, "mean": 0.125}, *stats[1:]])
    result = deployment.launch(WEEKLY)
    ((name, text),) = webhook.posted[0].items()
    assert name == "text"
    assert text.startswith(f"*{WEEKLY} failed*\ncheck_shards: ")
    assert RUN in text
    assert f"https://dagster.example.org/runs/{result.run_id}" in text
    assert f"dg launch --job {WEEKLY}" in text
    assert "a retry changes nothing" in text
    assert sensor(deployment, result) == "The run has posted its own alert."
    assert len(webhook.posted) == 1


def test_the_sensor_tells_of_a_run_of_assets_and_of_a_run_whose_process_died(
    deployment: Deployment, webhook: Webhook
) -> None:
    deployment.environment.setenv("EVERY_EVAL_HELM_ROOT", str(deployment.root.path / "nothing"))
    assets = deployment.materialize("helm/catalog")
    assert webhook.posted == []
    run = deployment.instance.create_run_for_job(build_definitions().resolve_job_def(WEEKLY))
    deployment.instance.report_run_failed(run, "Run worker failed")
    died = deployment.instance.all_logs(run.run_id, dg.DagsterEventType.RUN_FAILURE)[0].dagster_event
    for failed, event in ((assets.dagster_run, assets.get_run_failure_event()), (run, died)):
        assert event is not None
        context = dg.build_run_status_sensor_context(failure_alerts.name, event, deployment.instance, failed)
        failure_alerts(context.for_run_failure(), alerts=AlertResource())
    texts = [posted["text"] for posted in webhook.posted]
    assert len(texts) == 2
    assert "Correct EVERY_EVAL_HELM_ROOT" in texts[0]
    assert f"*{WEEKLY} failed*" in texts[1] and "Run worker failed" in texts[1]


def test_the_webhook_is_a_secret_even_when_it_fails_and_its_failure_changes_nothing(
    deployment: Deployment, webhook: Webhook, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    webhook.statuses += [500, 302, 500]
    result = no_root(deployment)
    assert "The job did not start" in str(result.get_step_failure_events()[0].step_failure_data.error)
    assert len(webhook.posted) == 3
    assert "did not take the alert" in caplog.text
    assert "HTTP status 500" in caplog.text
    assert SECRET not in caplog.text + "".join(capfd.readouterr())


def told(alert: Alert, *, is_new: bool = True) -> list[str]:
    """Send an alert, and return what is reported."""
    reported: list[str] = []
    send(alert, reported.append, is_new=is_new)
    return reported


ALERT = Alert("refresh failed", ["score: the Hub is down."], "http://127.0.0.1:3000/runs/1", "Launch it again.")


def test_a_webhook_that_is_not_there_is_reported_without_its_address(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    for url in (f"http://127.0.0.1:1/{SECRET}", f"nonsense {SECRET}"):
        monkeypatch.setenv("EVERY_EVAL_ALERT_WEBHOOK", url)
        (reported,) = told(ALERT)
        assert "did not take the alert" in reported
        assert SECRET not in reported
    assert webhook.posted == []


def test_nobody_is_told_of_what_is_known_or_without_the_setting(
    webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert told(ALERT, is_new=False) == []
    monkeypatch.delenv("EVERY_EVAL_ALERT_WEBHOOK")
    assert told(ALERT) == []
    assert webhook.posted == []


def test_an_alert_fits_into_the_webhook_with_the_smallest_limit_and_holds_no_secret() -> None:
    cells = [f"| lite | model-{n} | 0.5 & <0.6> |" for n in range(200)]
    alert = replace(ALERT, facts=["3 cells differ, see https://user:hunter2@example.org.", *cells])
    text = alert.text()
    assert len(text) < 2000  # Discord's limit
    assert "hunter2" not in text and "|" not in text
    assert text.splitlines()[0] == "*refresh failed*"
    assert text.splitlines()[-2:] == [f"Look: {ALERT.where}", "Launch it again."]
    assert "and 200 more lines" in text
    crowded = replace(ALERT, facts=["&<>" * 2000] * 50).text()
    assert len(crowded) < 2000 and crowded.endswith("Launch it again.")

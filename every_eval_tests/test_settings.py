"""Settings: read from the environment when asked for, with defaults, and refused with the variable's name."""

import pytest

from every_eval.errors import ConfigurationError
from every_eval.settings import (
    AlertSettings,
    HubSettings,
    SourceSettings,
    read_benchmarks,
    read_settings,
    read_source_settings,
)


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {
        str(field.validation_alias)
        for group in (HubSettings, SourceSettings, AlertSettings)
        for field in group.model_fields.values()
    }
    for variable in variables:
        monkeypatch.delenv(variable, raising=False)


def test_everything_has_a_default() -> None:
    hub = read_settings(HubSettings)
    assert (hub.hub, hub.token, hub.endpoint, hub.source_date_epoch) == ("data/hub", None, None, None)
    assert (hub.data_repo, hub.scores_repo) == ("evaleval/every_eval_ever", "evaleval/every_eval_score_ever")
    helm = read_source_settings("helm")
    assert (helm.root, helm.listing, helm.shard_bytes) == (None, None, 1 << 30)
    alerts = read_settings(AlertSettings)
    assert (alerts.webhook, alerts.ui_url) == (None, "http://127.0.0.1:3000")


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "")
    monkeypatch.setenv("EVERY_EVAL_HUB", "")
    monkeypatch.setenv("EVERY_EVAL_SHARD_BYTES", "")
    assert read_settings(HubSettings).token is None
    assert read_settings(HubSettings).hub == "data/hub"
    assert read_source_settings("helm").shard_bytes == 1 << 30


def test_each_source_has_a_root_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERY_EVAL_HELM_ROOT", "a")
    monkeypatch.setenv("EVERY_EVAL_TOY_ROOT", "b")
    assert [read_source_settings(source).root for source in ("helm", "toy", "other")] == ["a", "b", None]


@pytest.mark.parametrize("value", ["nonsense", "0", "-5", "1.5"])
def test_a_wrong_number_is_refused_with_its_variable_its_value_and_what_to_do(
    monkeypatch: pytest.MonkeyPatch, value: str
) -> None:
    monkeypatch.setenv("EVERY_EVAL_SHARD_BYTES", value)
    with pytest.raises(ConfigurationError, match=rf"EVERY_EVAL_SHARD_BYTES='{value}' .*correct EVERY_EVAL_SHARD_BYTES"):
        read_source_settings("helm")
    assert read_settings(HubSettings).hub == "data/hub"  # A job reads only the groups that it needs.


def test_a_moment_that_is_no_number_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "noon")
    with pytest.raises(ConfigurationError, match="SOURCE_DATE_EPOCH='noon'"):
        read_settings(HubSettings)


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("EVERY_EVAL_ALERT_WEBHOOK", "https://example.org/secret")
    for settings in (read_settings(HubSettings), read_settings(AlertSettings)):
        assert "secret" not in f"{settings!r} {settings} {settings.model_dump()}"


def test_benchmarks_are_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERY_EVAL_BENCHMARKS", " lite, mmlu,,")
    assert read_benchmarks("EVERY_EVAL_BENCHMARKS") == ["lite", "mmlu"]
    assert read_benchmarks("EVERY_EVAL_OTHER") == read_benchmarks(None) == []

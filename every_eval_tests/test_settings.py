"""Settings: read from the environment when asked for, with defaults, and refused with the variable's name."""

import os
from datetime import UTC, datetime

import pytest

from every_eval.errors import ConfigurationError
from every_eval.settings import (
    GROUPS,
    LAST_SECOND,
    AlertSettings,
    ClockSettings,
    HubSettings,
    ShardSettings,
    nearest,
    problems_of,
    read_benchmarks,
    read_settings,
    read_source_settings,
    unknown_variables,
)


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {str(field.validation_alias) for group in GROUPS for field in group.model_fields.values()}
    for variable in {*variables, *(name for name in os.environ if name.startswith("EVERY_EVAL_"))}:
        monkeypatch.delenv(variable, raising=False)


def test_everything_has_a_default() -> None:
    hub = read_settings(HubSettings)
    assert (hub.hub, hub.token, hub.endpoint) == ("data/hub", None, None)
    assert read_settings(ClockSettings).source_date_epoch is None
    assert (hub.data_repo, hub.scores_repo) == ("evaleval/every_eval_ever", "evaleval/every_eval_score_ever")
    helm = read_source_settings("helm")
    assert (helm.root, helm.listing) == (None, None)
    assert read_settings(ShardSettings).shard_bytes == 1 << 30
    alerts = read_settings(AlertSettings)
    assert (alerts.webhook, alerts.ui_url) == (None, "http://127.0.0.1:3000")


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "")
    monkeypatch.setenv("EVERY_EVAL_HUB", "")
    monkeypatch.setenv("EVERY_EVAL_SHARD_BYTES", "")
    assert read_settings(HubSettings).token is None
    assert read_settings(HubSettings).hub == "data/hub"
    assert read_settings(ShardSettings).shard_bytes == 1 << 30


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
        read_settings(ShardSettings)
    assert [problem.variable for problem in problems_of(ShardSettings)] == ["EVERY_EVAL_SHARD_BYTES"]
    assert read_settings(HubSettings).hub == "data/hub"  # A job reads only the groups that it needs.


@pytest.mark.parametrize("value", ["noon", "-1", str(LAST_SECOND + 1)])
def test_a_moment_that_no_date_can_express_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", value)
    with pytest.raises(ConfigurationError, match=f"SOURCE_DATE_EPOCH='{value}'"):
        read_settings(ClockSettings)


def test_the_last_moment_is_the_last_second_of_the_last_year() -> None:
    assert datetime.fromtimestamp(LAST_SECOND, UTC) == datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_a_variable_that_no_setting_has_is_named_with_the_variable_that_was_probably_meant(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = {"helm": "EVERY_EVAL_BENCHMARKS", "toy": None}
    for name in ("EVERY_EVAL_TOY_ROOT", "EVERY_EVAL_BENCHMARKS", "EVERY_EVAL_HUB", "EVERY_EVAL_BROKER", "OTHER"):
        monkeypatch.setenv(name, "x")
    assert unknown_variables(known) == []
    for name in ("EVERY_EVAL_TOY_ROTO", "EVERY_EVAL_SHARDBYTES", "EVERY_EVAL_X"):
        monkeypatch.setenv(name, "x")
    text = "is set, but every_eval has no setting of that name."
    assert unknown_variables(known) == [
        f"EVERY_EVAL_SHARDBYTES {text} Did you mean EVERY_EVAL_SHARD_BYTES?",
        f"EVERY_EVAL_TOY_ROTO {text} Did you mean EVERY_EVAL_TOY_ROOT?",
        f"EVERY_EVAL_X {text}",
    ]


def test_a_word_is_nearest_to_the_word_that_it_misspells_or_to_none() -> None:
    assert nearest("hugingface", ["huggingface", "folder"]) == "huggingface"
    assert nearest("results", ["huggingface", "folder"]) is None


def test_secrets_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("EVERY_EVAL_ALERT_WEBHOOK", "https://example.org/secret")
    for settings in (read_settings(HubSettings), read_settings(AlertSettings)):
        assert "secret" not in f"{settings!r} {settings} {settings.model_dump()}"


def test_benchmarks_are_a_list_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVERY_EVAL_BENCHMARKS", " lite, mmlu,,")
    assert read_benchmarks("EVERY_EVAL_BENCHMARKS") == ["lite", "mmlu"]
    assert read_benchmarks("EVERY_EVAL_OTHER") == read_benchmarks(None) == []

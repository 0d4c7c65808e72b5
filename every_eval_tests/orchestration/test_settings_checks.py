"""Settings that cannot be used: all of them are named at once, before a job does anything."""

import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from every_eval.errors import ConfigurationError
from every_eval.orchestration.resources import HubResource, SourceResource
from every_eval.orchestration.settings_checks import check_settings, is_http_address
from every_eval.sources import SOURCES
from every_eval.storage.archive import HELM_SAMPLE

HELM, EVAL_HARNESS, _ = SOURCES
Check = Callable[..., list[str]]


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Check:
    """Return a function that checks settings in an empty folder, and returns the problems or the warnings."""
    for name in [name for name in os.environ if name.startswith(("EVERY_EVAL_", "HF_", "SOURCE_DATE"))]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)

    def run(*, reads_sources: bool = True, **variables: str) -> list[str]:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        places = {source.name: (source, SourceResource(source=source.name)) for source in SOURCES}
        warnings: list[str] = []
        try:
            check_settings(HubResource(), places if reads_sources else {}, SOURCES, warnings.append)
        except ConfigurationError as error:
            return [line.removeprefix("- ") for line in str(error).splitlines() if "settings cannot be" not in line]
        return warnings

    return run


def test_the_defaults_are_right(check: Check) -> None:
    assert check() == []


def test_all_problems_are_listed_at_once_with_variable_value_and_remedy(check: Check, tmp_path: Path) -> None:
    found = check(
        EVERY_EVAL_HUB="hugingface",
        EVERY_EVAL_DATA_REPO="acme",
        EVERY_EVAL_SHARD_BYTES="0",
        EVERY_EVAL_HELM_ROOT="nowhere",
        EVERY_EVAL_ALERT_WEBHOOK="hooks.example.org/secret",
        SOURCE_DATE_EPOCH="noon",
    )
    assert [re.split("[ =]", line)[0] for line in found] == [
        "SOURCE_DATE_EPOCH", "EVERY_EVAL_SHARD_BYTES", "EVERY_EVAL_HUB", "EVERY_EVAL_DATA_REPO",
        "EVERY_EVAL_ALERT_WEBHOOK", "EVERY_EVAL_HELM_ROOT",
    ]  # fmt: skip
    assert "EVERY_EVAL_HUB='hugingface' is not a folder: write huggingface, or ./hugingface if a new" in found[2]
    assert "EVERY_EVAL_DATA_REPO='acme' does not name a repo: write owner/name" in found[3]
    assert f"EVERY_EVAL_HELM_ROOT='nowhere' cannot be read: {tmp_path}/nowhere is not a folder" in found[5]
    assert "secret" not in "".join(found)


def test_the_daily_job_checks_no_root_and_no_size_of_shards(check: Check) -> None:
    wrong = {"EVERY_EVAL_HELM_ROOT": "nowhere", "EVERY_EVAL_SHARD_BYTES": "0"}
    assert check(reads_sources=False, **wrong) == []
    assert len(check(**wrong)) == 2


def test_a_folder_is_meant_if_it_is_there_or_has_the_form_of_a_path(check: Check, tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    for place in ("there", "./new", "deep/new", str(tmp_path / "new")):
        assert check(EVERY_EVAL_HUB=place) == []
    assert check(EVERY_EVAL_HUB="new") == ["EVERY_EVAL_HUB='new' is not a folder: write ./new if a new folder is meant"]
    assert "is an address" in check(EVERY_EVAL_HUB="https://huggingface.co")[0]


def test_a_hub_that_is_a_file_or_below_a_file_is_refused(check: Check, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert "EVERY_EVAL_HUB='file' is a file" in check(EVERY_EVAL_HUB="file")[0]
    assert f"cannot be written to, because {tmp_path}/file does not" in check(EVERY_EVAL_HUB="file/hub")[0]


def test_a_hub_that_cannot_be_written_is_refused(check: Check, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda place, _: Path(place) != tmp_path)
    assert f"because {tmp_path} does not allow it" in check(EVERY_EVAL_HUB="deep/hub")[0]


def test_the_two_repos_must_differ(check: Check) -> None:
    (found,) = check(EVERY_EVAL_DATA_REPO="acme/scores", EVERY_EVAL_SCORES_REPO="Acme/scores")
    assert (
        found == "EVERY_EVAL_SCORES_REPO='Acme/scores' is also EVERY_EVAL_DATA_REPO: name another repo for the scores"
    )


def test_the_hub_online_needs_a_token_and_an_address(check: Check) -> None:
    assert check(HF_ENDPOINT="huggingface.co") == []  # A folder needs neither.
    found = check(EVERY_EVAL_HUB="huggingface")
    assert found[0].startswith("HF_ENDPOINT='huggingface.co' is not an http(s) address")
    assert found[1].startswith("HF_TOKEN is not set, and nobody can write to evaleval/every_eval_ever")
    assert check(HF_ENDPOINT="https://huggingface.co", HF_TOKEN="hf_x") == []


def test_a_root_that_is_empty_or_of_another_source_is_refused(check: Check, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "lm/main/acme__tiny").mkdir(parents=True)
    (tmp_path / "lm/main/acme__tiny/results_2026-02-03T04-05-06.789012.json").write_text("{}")
    assert check(EVERY_EVAL_HELM_ROOT="empty") == [
        "EVERY_EVAL_HELM_ROOT='empty' is empty: name the place where the results of helm are"
    ]
    (found,) = check(EVERY_EVAL_HELM_ROOT="lm")
    assert "holds results of eval_harness, not of helm: set EVERY_EVAL_EVAL_HARNESS_ROOT to it" in found
    (found,) = check(EVERY_EVAL_HELM_ROOT="", EVERY_EVAL_EVAL_HARNESS_ROOT=str(HELM_SAMPLE))
    assert "holds results of helm, not of eval_harness: set EVERY_EVAL_HELM_ROOT to it" in found
    assert check(EVERY_EVAL_HELM_ROOT=str(HELM_SAMPLE), EVERY_EVAL_EVAL_HARNESS_ROOT="lm") == []


def test_what_is_published_of_messages_is_one_of_three_words(check: Check) -> None:
    (found,) = check(EVERY_EVAL_INSPECT_MESSAGES="some")
    assert found.startswith("EVERY_EVAL_INSPECT_MESSAGES='some' cannot be used")
    assert "'final', 'all' or 'none'" in found
    assert check(EVERY_EVAL_INSPECT_MESSAGES="none") == []


def test_a_name_that_no_setting_has_is_a_warning(check: Check) -> None:
    (warning,) = check(EVERY_EVAL_HELM_ROTO="x")
    assert warning.endswith("Did you mean EVERY_EVAL_HELM_ROOT?")


@pytest.mark.parametrize("text", ["huggingface.co", "http://", "ftp://a", "https://a:x", "http://[::1", "a b"])
def test_what_is_not_an_http_address(text: str) -> None:
    assert not is_http_address(text)
    assert is_http_address("https://a.example/b?c=d")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("- {check: a", "is not YAML"),
        ("check: a", "the file must hold a list, of which each entry has check, place, ours, reported and reason"),
        ("- helm", "entry 1 is not a mapping with check, place, ours, reported and reason"),
        ("- {check: a, place: b, ours: 1, reported: 2, reason: ''}", "entry 1 has no reason: write why"),
        ("- {check: a, ours: 1, reported: 2, reason: c}", "entry 1 has no place"),
        ("- {check: a, place: b, ours: 1, reported: 2, reason: c, until: May}", "entry 1 has 'until', which is none"),
        ("- {check: a, place: b, ours: [1], reported: 2, reason: c}", "entry 1: ours is not a text or a number"),
        (None, "cannot be read (No such file or directory): name a YAML file"),
    ],
)
def test_a_file_of_acknowledged_faults_that_is_malformed_or_missing_is_a_problem_of_its_setting(
    check: Check, tmp_path: Path, content: str | None, problem: str
) -> None:
    if content is not None:
        (tmp_path / "known.yaml").write_text(content)
    (found,) = check(EVERY_EVAL_ACKNOWLEDGED="known.yaml", reads_sources=False)
    assert found.startswith("EVERY_EVAL_ACKNOWLEDGED='known.yaml' ")
    assert problem in found


def test_the_default_file_of_acknowledged_faults_is_read_where_it_is(check: Check, tmp_path: Path) -> None:
    assert check() == []
    (tmp_path / "acknowledged.yaml").write_text("nonsense")
    (found,) = check()
    assert found.startswith("EVERY_EVAL_ACKNOWLEDGED='acknowledged.yaml' has entries that cannot be used")

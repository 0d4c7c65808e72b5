"""Rows of the table `stats`, from logs as the source reads them."""

import json
from pathlib import Path
from typing import Any

import pytest

from every_eval.sources.inspect.source import InspectSource
from every_eval.sources.source import RunRows
from every_eval.storage.folder import FolderStorage
from every_eval_tests.sources.inspect.statistics.logs import load

UNCOMPARED = "without_samples"
COMPARED = ("essay", "multiple_choice", "epochs_with_errors", "odd_objects", "version_0_3_160", "all_metrics")


def read(log: dict[str, Any], root: Path) -> tuple[list[dict[str, Any]], RunRows]:
    """Return the statistics of a log, and the last rows that the source reads of it."""
    log["eval"] |= {"model": "openai/gpt-4o", "created": "2026-11-27T16:38:19+00:00", "task_id": "t", "run_id": "r"}
    for sample in log["samples"]:
        sample |= {"input": "?", "target": "!", "output": {"model": "gpt-4o", "choices": []}}
    (root / "board").mkdir()
    (root / "board" / "2026-11-27T16-38-19+00-00_task_t.json").write_text(json.dumps(log))
    source = InspectSource()
    (run,) = source.discover(FolderStorage(root), "board").runs
    *_, last = source.read(run, lambda name: (root / run.folder / name).open("rb"))
    return last.stats.to_pylist(), last


@pytest.mark.parametrize("name", COMPARED)
def test_the_mean_and_the_error_are_what_inspect_reports(name: str, tmp_path: Path) -> None:
    rows, rest = read(load(name), tmp_path)
    reported = [row for row in rows if row["reported_mean"] is not None]
    assert [(row["mean"], row["standard_error"]) for row in reported] == [
        (row["reported_mean"], row["reported_standard_error"]) for row in reported
    ]
    assert reported
    assert rest.disagreements == []


def test_a_log_without_samples_says_so(tmp_path: Path) -> None:
    rows, _ = read(load(UNCOMPARED), tmp_path)
    assert {row["unscored_reason"] for row in rows} == {"the log holds no samples (log_samples=False)"}
    assert {row["mean"] for row in rows} == {None}
    assert None not in {row["reported_mean"] for row in rows}


def test_grades_of_0_and_1_are_binary_in_every_epoch(tmp_path: Path) -> None:
    rows, _ = read(load("epochs_with_errors"), tmp_path)
    is_binary = {row["metric_name"]: row["is_binary"] for row in rows}
    assert (is_binary["accuracy,match"], is_binary["accuracy,match,mode"]) == (True, True)
    assert is_binary["accuracy,match,pass_at_2"] is False  # 2 / 3 for one success of three


def test_a_number_that_the_samples_do_not_give_is_a_disagreement(tmp_path: Path) -> None:
    log = load("multiple_choice")
    log["results"]["scores"][0]["metrics"]["accuracy"]["value"] += 1e-6
    _, rest = read(log, tmp_path)
    (wrong,) = rest.disagreements
    assert (wrong["metric_name"], wrong["field"]) == ("accuracy,choice", "mean")
    assert wrong["reported"] - wrong["ours"] == pytest.approx(1e-6)

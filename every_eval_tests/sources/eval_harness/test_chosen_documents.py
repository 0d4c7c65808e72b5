import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from every_eval.sources.eval_harness.discovery import discover
from every_eval.sources.source import Run
from every_eval.storage.folder import FolderStorage
from every_eval_tests.sources.eval_harness.output import Output, line, lines, statistics

MEAN = {"metric_list": [{"metric": "acc", "aggregation": "mean", "higher_is_better": True}]}


def write(root: Path, day: int, documents: Sequence[int], n_written: int | None = None) -> None:
    """Write the evaluation of some of 20 documents as lm-eval 0.4.10 does, whose count is that of all documents."""
    hashes = {"prompt_hash": "p", "target_hash": "t"}
    rows = [line(doc_id, acc=1) | {"doc_hash": f"d{doc_id}"} | hashes for doc_id in documents]
    digest = hashlib.sha256("".join(f"d{doc_id}pt" for doc_id in documents).encode()).hexdigest()
    results: dict[str, Any] = {
        "results": {"quiz": {"acc,none": 1.0}, "all": {"acc,none": 1.0}},
        "group_subtasks": {"all": ["quiz"]},
        "configs": {"quiz": MEAN},
        "config": {"model": "hf", "model_args": {"pretrained": "a/b"}},
        "n-samples": {"quiz": {"original": 20, "effective": 20}},
        "task_hashes": {"quiz": digest},
        "date": 1e9 + day,
    }
    stamp = f"2026-01-{day:02}T00-00-00.000001"
    folder = root / "b" / "a__b"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"results_{stamp}.json").write_text(json.dumps(results))
    (folder / f"samples_quiz_{stamp}.jsonl").write_bytes(lines(rows[:n_written]))


def runs(root: Path) -> dict[tuple[int, str], Run]:
    """Return the runs by day and task."""
    found = discover(FolderStorage(root), "b").runs
    return {(int(run.suite.rpartition("-01-")[2][:2]), run.facts["task"]): run for run in found}


def test_chosen_documents_replace_no_full_evaluation(tmp_path: Path) -> None:
    write(tmp_path, 1, range(20))
    write(tmp_path, 2, [3, 5])
    write(tmp_path, 3, [4])
    found = runs(tmp_path)
    for task in ("quiz", "all"):
        assert [found[day, task].releases for day in (1, 2, 3)] == [("latest",)] * 3
        assert ",samples=" not in found[1, task].name
        assert ":samples=2-" in found[2, task].name
        assert ":samples=1-" in found[3, task].name
        # The rows say the same of their variant as the name.
        of = Output(tmp_path).read(found[2, task])
        assert statistics(of)["acc,none"]["variant"] == found[2, task].name.partition(",model=")[0]


def test_the_newest_full_evaluation_is_shown(tmp_path: Path) -> None:
    write(tmp_path, 1, [3, 5])
    write(tmp_path, 2, range(20))
    found = runs(tmp_path)
    assert (found[1, "quiz"].releases, found[2, "quiz"].releases) == ((), ("latest",))
    assert found[1, "quiz"].name == found[2, "quiz"].name


@pytest.mark.parametrize("documents", [range(20), range(19)])
def test_rows_that_are_missing_are_no_choice(tmp_path: Path, documents: Sequence[int]) -> None:
    write(tmp_path, 1, range(20))
    write(tmp_path, 2, documents, n_written=2)
    found = runs(tmp_path)
    assert found[2, "quiz"].releases == ("latest",)
    assert "samples=" not in found[2, "quiz"].name

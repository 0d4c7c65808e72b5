from pathlib import Path

import numpy as np
import pytest

from every_eval.scoring.responses import item_scores_files
from every_eval.scoring.responses.response_store import ResponseStore
from every_eval.sources.statistic_key import StatisticKey
from every_eval_tests.scoring.responses.item_score_rows import digest, item_scores, state_files

SCENARIO = ("gsm", None)
A, B = (StatisticKey("v1", f"gsm:model={name}", "f1", "test", None) for name in "ab")
SCENARIOS = {(key.suite, key.run): SCENARIO for key in (A, B)}


def number(question: str) -> int:
    """The first 8 bytes of the digest, as a signed number."""
    return int.from_bytes(bytes.fromhex(digest(question))[:8], "big", signed=True)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "store"
    folder.mkdir()
    return folder


def test_responses_are_sorted_by_the_number_of_their_item(tmp_path: Path, folder: Path) -> None:
    values = {"x": 0.25, "y": 1.0, "z": 0.5}
    store = ResponseStore.fill(state_files(tmp_path, item_scores("a", values)), SCENARIOS, folder)

    found = store.responses(A)
    assert store.statistics == {A}
    assert found.item.tolist() == sorted(map(number, values))
    assert dict(zip(found.item.tolist(), found.value.tolist(), strict=True)) == {
        number(name): value for name, value in values.items()
    }
    assert np.isnan(found.denominator).all()
    assert len(store.responses(B).item) == 0


def test_an_item_that_a_run_has_twice_is_averaged_and_its_rows_are_kept(tmp_path: Path, folder: Path) -> None:
    rows = [*item_scores("a", {"x": 0.0, "y": 0.5}), *item_scores("a", {"x again": 1.0}, item=digest("x"))]
    store = ResponseStore.fill(state_files(tmp_path, rows), SCENARIOS, folder)

    found = store.responses(A)
    assert dict(zip(found.item.tolist(), found.value.tolist(), strict=True)) == {number("x"): 0.5, number("y"): 0.5}
    assert sorted(store.rows(A).value.tolist()) == [0.0, 0.5, 1.0]


def test_rows_without_a_value_are_left_out(tmp_path: Path, folder: Path) -> None:
    rows = item_scores("a", {"x": None, "y": 0.5})
    store = ResponseStore.fill(state_files(tmp_path, rows), SCENARIOS, folder)
    assert store.responses(A).item.tolist() == [number("y")]


def test_an_unknown_item_is_the_same_where_dataset_task_and_instance_are_the_same(tmp_path: Path, folder: Path) -> None:
    rows = [row for model in ("a", "b", "c") for row in item_scores(model, {"id1": 1.0, "id2": 0.0}, item=None)]
    c = A._replace(run="gsm:model=c")
    store = ResponseStore.fill(state_files(tmp_path, rows), SCENARIOS | {("v1", c.run): ("gsm", "hard")}, folder)

    assert store.responses(A).item.tolist() == store.responses(B).item.tolist()
    assert len(set(store.responses(A).item.tolist()) | set(store.responses(c).item.tolist())) == 4


def test_a_perturbed_instance_keeps_its_number_and_is_a_statistic_of_its_own(tmp_path: Path, folder: Path) -> None:
    perturbed = item_scores("a", {"id1": 0.0}, item=digest("typo"), perturbation='{"name":"typos"}')
    store = ResponseStore.fill(state_files(tmp_path, [*item_scores("a", {"id1": 1.0}), *perturbed]), SCENARIOS, folder)
    original, changed = store.rows(A), store.rows(A._replace(perturbation='{"name":"typos"}'))
    assert original.instance.tolist() == changed.instance.tolist()
    assert original.item.tolist() != changed.item.tolist()


def test_the_size_of_pieces_and_files_changes_no_response(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    values = {f"id{number}": number / 16 for number in range(16)}
    rows = [row for model in ("a", "b") for row in item_scores(model, values)]
    found = []
    for name, files in (("one", [rows]), ("three", [rows[::2], rows[1:9:2], rows[9::2]])):
        (tmp_path / name / "store").mkdir(parents=True)
        store = ResponseStore.fill(state_files(tmp_path / name, *files), SCENARIOS, tmp_path / name / "store")
        found.append([column.tolist() for key in (A, B) for column in store.responses(key)[:3]])
        monkeypatch.setattr(item_scores_files, "PIECE_ROWS", 3)
    assert found[0] == found[1]


def test_ratios_keep_their_parts(tmp_path: Path, folder: Path) -> None:
    rows = item_scores("a", {"x": 2.0}, numerator=-6.0, denominator=3.0)
    store = ResponseStore.fill(state_files(tmp_path, [*item_scores("b", {"x": 1.0}), *rows]), SCENARIOS, folder)
    assert [column.tolist() for column in store.responses(A)[2:]] == [[2.0], [-6.0], [3.0]]
    assert np.isnan(store.responses(B).numerator).all()


def test_only_wanted_statistics_of_known_runs_are_kept(tmp_path: Path, folder: Path) -> None:
    rows = [row for model in ("a", "b", "unknown") for row in item_scores(model, {"x": 1.0})]
    files = state_files(tmp_path, rows)
    store = ResponseStore.fill(files, SCENARIOS, folder, lambda key: key.run != B.run)
    assert store.statistics == {A}

from pathlib import Path

import numpy as np
import pytest

from every_eval.scoring.responses.instance_names import InstanceNames
from every_eval.scoring.responses.response_store import ResponseStore
from every_eval.sources.statistic_key import StatisticKey
from every_eval_tests.scoring.responses.item_score_rows import digest, item_scores, state_files

A, B = (StatisticKey("v1", f"gsm:model={name}", "f1", "test", None) for name in "ab")
SCENARIOS = {(key.suite, key.run): ("gsm", None) for key in (A, B)}


@pytest.mark.parametrize("n_files", [1, 2])
def test_items_are_named_as_the_run_names_them(tmp_path: Path, n_files: int) -> None:
    known = [*item_scores("a", {"x": 1.0, "y": 0.5}), *item_scores("b", {"z": 1.0})]
    unknown = item_scores("a", {"id7": 0.0}, item=None)
    other = [
        *item_scores("a", {"x": 1.0}, metric_name="max_prob"),
        *item_scores("a", {"p": 1.0}, item=digest("x"), perturbation="{}"),
    ]
    rows = [*known, *other, *unknown]
    files = state_files(tmp_path, *([rows] if n_files == 1 else [rows[:4], rows[4:]]))
    (tmp_path / "store").mkdir()
    store = ResponseStore.fill(files, SCENARIOS, tmp_path / "store")
    names = InstanceNames(files, SCENARIOS)

    numbers = store.responses(A).item
    found = names.of(A, numbers)
    assert len(numbers) == 3
    named = dict(zip(found.instance_ids.to_pylist(), found.items.to_pylist(), strict=True))
    assert named == {"x": digest("x"), "y": digest("y"), "id7": None}
    # The names come in the order of the numbers.
    reversed_ = names.of(A, numbers[::-1]).instance_ids.to_pylist()
    assert reversed_ == found.instance_ids.to_pylist()[::-1]
    assert names.of(B, store.responses(B).item).instance_ids.to_pylist() == ["z"]


def test_an_item_that_a_run_has_twice_has_the_name_of_its_first_instance(tmp_path: Path) -> None:
    rows = [*item_scores("a", {"x": 1.0}), *item_scores("a", {"x again": 1.0}, item=digest("x"))]
    found = InstanceNames(state_files(tmp_path, rows), SCENARIOS).of(
        A, np.array([int.from_bytes(bytes.fromhex(digest("x"))[:8], "big", signed=True)])
    )
    assert found.instance_ids.to_pylist() == ["x"]

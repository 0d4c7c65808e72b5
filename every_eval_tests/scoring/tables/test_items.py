import numpy as np
import pyarrow as pa
import pytest

from every_eval.contracts.items import ITEMS
from every_eval.scoring.responses.instance_names import Names
from every_eval.scoring.tables.items import items
from every_eval.scoring.tables.response_matrix import ResponseMatrix
from every_eval.sources.statistic_key import StatisticKey
from every_eval.statistics.groups import IntArray
from every_eval.statistics.item_analysis import analyse_items
from every_eval_tests.scoring.tables.example_runs import F1, answers, example_run

PLACE = {"source": "helm", "benchmark": "lite", "release": "v1.0.0"}
RUNS = [example_run("a"), example_run("b", "v2"), example_run("c")]


def name_items(statistic: StatisticKey, numbers: IntArray) -> Names:
    """Names that tell the run; the digest of item 9 is unknown."""
    digests = [None if number == 9 else f"digest{number}" for number in numbers]
    return Names(pa.array(digests, pa.string()), pa.array([f"{number} of {statistic.suite}" for number in numbers]))


def rows_of(*values: dict[int, float], lower_is_better: bool | None = False) -> list[dict[str, object]]:
    matrix = ResponseMatrix.of([answers(one) for one in values])
    rows = items(PLACE, RUNS[: len(values)], F1, matrix, lower_is_better, name_items)
    ITEMS.validate(rows)
    return [*ITEMS.decode(rows).to_pylist()]


def test_each_item_has_a_row_with_the_place_of_its_text() -> None:
    rows = rows_of({5: 1.0, 3: 1.0}, {5: 0.0, 9: 1.0}, {5: 1.0, 3: 1.0, 9: 1.0})

    assert [(row["item"], row["n_models"], row["mean"]) for row in rows] == [
        ("digest3", 2, 1.0),
        ("digest5", 3, 2 / 3),
        (None, 2, 1.0),
    ]
    # The text is in the first run that has a value.
    places = [(row["suite"], row["run"], row["instance_id"]) for row in rows]
    assert places == [
        ("v1", "gsm:model=a", "3 of v1"),
        ("v1", "gsm:model=a", "5 of v1"),
        ("v2", "gsm:model=b", "9 of v2"),
    ]
    assert [(row["all_right"], row["all_wrong"], row["n_right"], row["n_wrong"]) for row in rows] == [
        (True, False, 2, 0),
        (False, False, 2, 1),
        (True, False, 2, 0),
    ]
    for row in rows:
        assert (row["variant"], row["metric_name"], row["split"]) == ("gsm", "f1", "test")
        assert (row["dataset_name"], row["shard"]) == ("gsm", "helm_lite_part_00001")


def test_difficulty_follows_the_direction_and_discrimination_does_not() -> None:
    values = {1: 1.0, 2: 1.0, 3: 0.0}, {1: 1.0, 2: 0.0, 3: 0.0}, {1: 0.0, 2: 0.0, 3: 0.0}
    high, low, unknown = (rows_of(*values, lower_is_better=lower) for lower in (False, True, None))
    matrix = np.array([[1.0, 1, 0], [1, 0, 0], [0, 0, 0]])
    found = analyse_items(matrix)

    assert [row["difficulty"] for row in high] == pytest.approx(found.deficit)
    assert [row["difficulty"] for row in low] == pytest.approx(-found.deficit)
    assert [row["difficulty"] for row in unknown] == [None] * 3
    assert [row["discrimination"] for row in high] == [row["discrimination"] for row in low]
    assert [row["all_wrong"] for row in high] == [False, False, True]
    assert [row["all_right"] for row in low] == [False, False, True]
    assert high[2]["discrimination"] is None and high[2]["is_suspicious"] is None  # all runs have the same value


def test_right_and_wrong_are_unknown_for_values_beyond_zero_to_one() -> None:
    names = ("all_right", "all_wrong", "n_right", "n_wrong")
    for rows in (rows_of({1: 0.5, 2: 7.0}, {1: 1.0}), rows_of({1: 0.5}, {1: 1.0}, lower_is_better=None)):
        assert {row[name] for row in rows for name in names} == {None}
    graded = rows_of({1: 0.5}, {1: 1.0})
    assert [graded[0][name] for name in names] == [False, False, 1, 0]

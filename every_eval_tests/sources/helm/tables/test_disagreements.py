from typing import Any

import pyarrow as pa
import pytest

from every_eval.contracts.helm_tables import HELM_TABLES
from every_eval.sources.helm.tables.disagreements import disagreements


def _table(*rows: dict[str, Any]) -> pa.Table:
    shared = {"benchmark": "lite", "release": "v1", "group": "gsm", "is_recomputed": True, "is_published": True}
    return pa.Table.from_pylist([shared | row for row in rows], schema=HELM_TABLES.schema)


def _differ(**row: Any) -> bool:
    return bool(disagreements(_table(row)).num_rows == 1)


@pytest.mark.parametrize(
    ("ours", "theirs", "differ"),
    [
        (0.5, 0.5, False),
        (0.5, 0.5 * (1 + 0.9e-9), False),
        (0.5, 0.5 * (1 + 1.1e-9), True),
        (1e12, 1e12 + 500, False),
        (1e12, 1e12 + 2000, True),
        (0.0, 0.0, False),
        (0.0, 1e-300, True),
        (-0.5, 0.5, True),
        (None, None, False),
        (None, 0.0, True),
        (0.0, None, True),
    ],
)
def test_values_differ_beyond_the_relative_tolerance_and_null_equals_null(
    ours: float | None, theirs: float | None, differ: bool
) -> None:
    assert _differ(value=ours, published_value=theirs) is differ


def test_a_cell_that_was_not_identified_never_differs() -> None:
    assert not _differ(is_recomputed=False, published_value=0.5)


def test_a_cell_that_helm_lacks_differs_only_if_helm_has_others_of_the_group() -> None:
    alone = {"value": 0.5, "is_published": False}

    assert not _differ(**alone)
    assert disagreements(_table(alone, {"value": 0.1, "published_value": 0.1})).num_rows == 1
    assert disagreements(_table(alone, {"group": "mmlu", "value": 0.1, "published_value": 0.1})).num_rows == 0
    assert disagreements(_table(alone, {"release": "v2", "value": 0.1, "published_value": 0.1})).num_rows == 0


def test_rows_are_given_whole_and_in_order() -> None:
    rows = [{"row_index": n, "value": float(n), "published_value": float(n % 2)} for n in range(4)]

    assert disagreements(_table(*rows))["row_index"].to_pylist() == [2, 3]


def test_no_rows_have_no_disagreements() -> None:
    assert disagreements(_table()).num_rows == 0

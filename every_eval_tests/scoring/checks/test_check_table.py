import pyarrow as pa

from every_eval.contracts.checks import CHECKS
from every_eval.contracts.helm_tables import HELM_TABLES
from every_eval.scoring.checks.check import Check
from every_eval.scoring.checks.check_table import (
    PUBLISHED_CELLS,
    check_cells,
    check_table,
    published_cells,
    remembered_checks,
    uncompared_releases,
    validation_checks,
)

BOUNDS = Check.from_problems("bounds", 10, ["run=a, mean=2.0"])
CELLS = Check.from_problems(PUBLISHED_CELLS, 4, ["group=core"], is_blocking=False)


def _table(*parts: tuple[str, str, list[Check]]) -> pa.Table:
    """Checks of benchmarks and releases."""
    rows = pa.concat_tables([check_table("helm", *part) for part in parts])
    CHECKS.validate(rows)
    return rows


def test_checks_are_read_as_they_were_written_and_merged_over_benchmarks() -> None:
    rows = _table(("lite", "v1", [BOUNDS, CELLS]), ("lite", "v0", [CELLS]), ("mmlu", "v1", [BOUNDS]))

    assert validation_checks(rows) == [BOUNDS.merge(BOUNDS)]
    assert published_cells(rows) == CELLS.merge(CELLS)
    assert published_cells(_table(("mmlu", "v1", [BOUNDS]))) is None


def test_releases_of_which_no_cell_was_compared_are_named() -> None:
    nothing = Check.from_problems(PUBLISHED_CELLS, 0, [], is_blocking=False)
    rows = _table(("lite", "v1", [BOUNDS, CELLS]), ("lite", "v0", [nothing]), ("mmlu", "v1", [BOUNDS, nothing]))

    assert uncompared_releases(rows) == ["lite v0", "mmlu v1"]


def test_only_checks_of_published_cells_of_the_releases_asked_for_are_remembered() -> None:
    rows = _table(("lite", "v1", [BOUNDS, CELLS]), ("lite", "v0", [BOUNDS, CELLS]), ("mmlu", "v0", [CELLS]))

    [row] = remembered_checks(rows, "lite", {"v0"}).to_pylist()
    assert (row["benchmark"], row["release"], row["check"]) == ("lite", "v0", PUBLISHED_CELLS)
    assert remembered_checks(rows, "lite", set()).num_rows == 0


def test_cells_are_compared_that_have_both_values() -> None:
    # The second cell is not recomputed, and the third is not in HELM's file: one cell of three is compared.
    cells = [
        {"group": "core", "value": 0.6, "published_value": 0.9, "is_recomputed": True, "is_published": True},
        {"group": "core", "value": None, "published_value": 0.5, "is_recomputed": False, "is_published": True},
        {"group": "core", "value": 0.5, "published_value": None, "is_recomputed": True, "is_published": False},
    ]
    table = pa.Table.from_pylist(cells, schema=HELM_TABLES.schema)
    check = check_cells(HELM_TABLES, table, table.slice(0, 1))

    assert (check.n_compared, check.n_problems, check.is_blocking) == (1, 1, False)
    assert check.problems == ("group=core, value=0.6, published_value=0.9",)
    assert check_cells(HELM_TABLES, table.slice(1), table.slice(0, 0)).is_empty

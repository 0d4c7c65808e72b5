"""Checks as rows of the contract `checks`, so that what they found is published with the scores."""

from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.checks import CHECKS
from every_eval.contracts.table import Table
from every_eval.scoring.checks.check import Check, describe_rows, merge_checks

PUBLISHED_CELLS: Final = "published_cells"
"""Name of the check that compares our values with those in the source's own tables."""
LEFT_OUT: Final = "left_out"
"""Name of the check that names runs that could not be scored, or why nothing of the benchmark could be scored."""
LEFT_OUT_TABLES: Final = "left_out_tables"
"""Name of the check that says why tables of a release are missing: the source's own, or ours."""
_NOT_VALIDATION: Final = (PUBLISHED_CELLS, LEFT_OUT, LEFT_OUT_TABLES)


@dataclass(frozen=True)
class LeftOut:
    """What could not be scored of a release; its scores, or those of the whole benchmark, lack it."""

    benchmark: str
    release: str | None
    """Null if nothing of the benchmark could be scored."""
    n_problems: int
    problems: tuple[str, ...]
    """The first problems: each names what could not be scored, and why."""


def check_table(
    source: str, benchmark: str, release: str | None, checks: Iterable[Check], marks: Mapping[str, str] | None = None
) -> pa.Table:
    """Return a row of the contract `checks` for each check of a release's scores, with the columns `marks`."""
    place = {"source": source, "benchmark": benchmark, "release": release, **(marks or {})}
    rows = [
        {
            **place,
            "check": check.name,
            "n_compared": check.n_compared,
            "n_problems": check.n_problems,
            "problems": list(check.problems),
            "is_blocking": check.is_blocking,
        }
        for check in checks
    ]
    return pa.Table.from_pylist(rows, schema=CHECKS.schema)


def check_cells(contract: Table, cells: pa.Table, disagreements: pa.Table) -> Check:
    """Return the check of a piece of the source's own tables; not blocking, as both values are published.

    Args:
        contract: Contract of the cells: a cell has `value` and `published_value`.
        cells: The cells.
        disagreements: The cells in which the two values differ.
    """
    compared = pc.sum(pc.and_(cells["is_recomputed"], cells["is_published"])).as_py() or 0
    problems = cells_problems(contract, disagreements)
    return Check.from_problems(PUBLISHED_CELLS, compared, problems, is_blocking=False)


def cells_problems(contract: Table, disagreements: pa.Table) -> Iterator[str]:
    """Yield each cell whose two values differ as a text."""
    return describe_rows(disagreements.select([*contract.key, "value", "published_value"]))


def remembered_checks(checks: pa.Table, benchmark: str, releases: Set[str]) -> pa.Table:
    """Return the rows of the contract `checks` that are kept of some releases of a benchmark."""
    is_of_releases = pc.field("release").isin(pa.array(sorted(releases), pa.string()))
    is_kept = pc.field("check").isin(pa.array([PUBLISHED_CELLS, LEFT_OUT_TABLES]))
    kept = checks.filter(is_kept & (pc.field("benchmark") == benchmark) & is_of_releases)
    # Only what is scored now is tried again by another version; older releases are tried again if somebody asks for it.
    unmarked = {name: pa.nulls(kept.num_rows, pa.string()) for name in ("inputs", "program_version")}
    columns = [unmarked.get(name, kept[name]) for name in kept.column_names]
    return pa.table(columns, schema=kept.schema)


def validation_checks(checks: pa.Table) -> list[Check]:
    """Return the checks of our own scores, one for each name, over all benchmarks."""
    return merge_checks(_check(row) for row in checks.to_pylist() if row["check"] not in _NOT_VALIDATION)


def left_out(checks: pa.Table) -> list[LeftOut]:
    """Return everything that could not be scored."""
    rows = (row for row in checks.to_pylist() if row["check"] in (LEFT_OUT, LEFT_OUT_TABLES) and row["n_problems"])
    return [LeftOut(row["benchmark"], row["release"], row["n_problems"], tuple(row["problems"])) for row in rows]


def published_cells(checks: pa.Table) -> Check | None:
    """Return the check of the source's own tables over all benchmarks and releases; null if there are no such tables.

    Each problem names its benchmark and release.
    """
    found = merge_checks(_check(row) for row in checks.to_pylist() if row["check"] == PUBLISHED_CELLS)
    return found[0] if found else None


def uncompared_releases(checks: pa.Table) -> list[str]:
    """Return the releases that have tables of their own, of which no cell could be compared, with their benchmarks."""
    of_cells = (row for row in checks.to_pylist() if row["check"] == PUBLISHED_CELLS)
    return [f"{row['benchmark']} {row['release']}" for row in of_cells if not row["n_compared"]]


def _check(row: Mapping[str, Any]) -> Check:
    return Check(row["check"], row["n_compared"], row["n_problems"], tuple(row["problems"]), row["is_blocking"])

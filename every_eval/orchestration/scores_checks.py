"""Checks of the scores repo's assets, which speak of all scores that are published."""

from collections.abc import Iterator, Sequence
from typing import Any

import dagster as dg

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.repo_layout import latest_path
from every_eval.contracts.table import Table
from every_eval.hub.hub import Snapshot
from every_eval.orchestration.asset_keys import SPANNING_KEYS, CheckName, asset_key, scores_tables
from every_eval.orchestration.file_checks import CONTRACT_MEANING, contract_finding
from every_eval.orchestration.findings import MAX_TEXTS, Fault, Finding, finite
from every_eval.scoring.checks.check import Check
from every_eval.scoring.checks.check_table import LeftOut, cells_problems
from every_eval.scoring.standing_checks import StandingChecks, standing_checks
from every_eval.sources.source import Source

VALIDATION_MEANING = (
    "Counts, limits and keys of the scores fit the statistics that they were made from, and every run of the newest "
    "release has a score."
)
PUBLISHED_MEANING = "Every cell of the tables that the source publishes equals what its statistics give."


def scores_check_specs(source: Source) -> list[dg.AssetCheckSpec]:
    """Return the checks of the tables that hold a source's scores."""
    checks = [
        *((CheckName.CONTRACT, table, CONTRACT_MEANING) for table in scores_tables(source)),
        (CheckName.VALIDATION, COMPREHENSIVE_STATS, VALIDATION_MEANING),
        *((CheckName.PUBLISHED, table, PUBLISHED_MEANING) for table in source.published_contracts),
    ]
    return [
        dg.AssetCheckSpec(check.value, asset=asset_key(source, table), description=meaning)
        for check, table, meaning in checks
    ]


def standing_findings(source: Source, head: Snapshot) -> Iterator[Finding]:
    """Yield what the checks find in the scores of a source that are published; nothing if there are none."""
    if latest_path(LEADERBOARD, source.name) in head.files:
        yield from scores_findings(source, head, standing_checks(head, source))


def scores_findings(
    source: Source, head: Snapshot, checks: StandingChecks, *, is_new: bool = False
) -> Iterator[Finding]:
    """Yield what the checks find in the scores of a source that are published.

    Args:
        source: The source.
        head: Newest commit of the scores repo.
        checks: What the checks of the scores found.
        is_new: Whether this run has just validated and published all tables, so that they need not be read again.
    """
    keys = {table: asset_key(source, table) for table in scores_tables(source)}
    for table, key in {**keys, **SPANNING_KEYS}.items():
        paths = [path for path in [latest_path(table, source.name)] if path in head.files]
        if is_new:
            yield Finding(key, CheckName.CONTRACT, CONTRACT_MEANING, n_compared=len(paths), compared="files")
        else:
            yield contract_finding(key, table, head, paths)
    yield _validation_finding(keys[COMPREHENSIVE_STATS], checks)
    for table in source.published_contracts:
        yield Finding(
            keys[table],
            CheckName.PUBLISHED,
            PUBLISHED_MEANING,
            n_compared=checks.cells.n_compared if checks.cells else 0,
            compared="cells",
            faults=list(_wrong_cells(table, checks)),
            warnings=list(_uncompared(checks.uncompared)),
        )


def _wrong_cells(table: Table, checks: StandingChecks) -> Iterator[Fault]:
    """Yield the cells that differ: those of the published table, and those that a check of an older release found."""
    rows = [] if checks.disagreements is None else checks.disagreements.to_pylist()
    for row in rows:
        place = _cell_place(table, row)
        names = ", ".join(str(row[name]) for name in ("row_label", "column") if row.get(name))
        ours, published = finite(row["value"]), finite(row["published_value"])
        given = "none" if ours is None else ours
        shown = "no number" if published is None else published
        text = f"{place} ({names}): the source publishes {shown}, and its statistics give {given}"
        yield Fault(place, ours, published, text)
    if checks.cells is None:
        return
    known = set() if checks.disagreements is None else set(cells_problems(table, checks.disagreements))
    older = [problem for problem in checks.cells.problems if problem not in known]
    for problem in older:
        yield Fault(problem, None, None, f"a cell of an older release differs: {problem}")
    n_unnamed = checks.cells.n_problems - len(rows) - len(older)
    if n_unnamed > 0:
        yield Fault("further cells", n_unnamed, None, f"{n_unnamed:,} more cells differ")


def _cell_place(table: Table, row: dict[str, Any]) -> str:
    return " ".join(str(row[name]) if isinstance(row[name], str) else f"{name}={row[name]}" for name in table.key)


def _uncompared(releases: Sequence[str]) -> Iterator[str]:
    if releases:
        more = f" and {len(releases) - MAX_TEXTS} more" if len(releases) > MAX_TEXTS else ""
        yield (
            f"No cell was compared of the tables of {', '.join(releases[:MAX_TEXTS])}{more}: some runs of the release "
            "are not ingested, or the cells could not be identified."
        )


def _validation_finding(key: dg.AssetKey, standing: StandingChecks) -> Finding:
    checks = standing.validation
    empty = [check.name for check in checks if check.is_empty and check.passed]
    note = f" Not compared, because the source does not state what they need: {', '.join(empty)}." if empty else ""
    return Finding(
        key,
        CheckName.VALIDATION,
        VALIDATION_MEANING + note,
        n_compared=sum(check.n_compared for check in checks),
        compared="rows, runs and models",
        faults=[fault for one in standing.left_out for fault in _left_out_faults(one)],
        warnings=[_problems_text(check) for check in checks if not check.passed],
        metadata={check.name: dict(check.details) for check in checks},
    )


def _left_out_faults(left_out: LeftOut) -> Iterator[Fault]:
    """Yield what could not be scored: all other scores are published."""
    place = " ".join(filter(None, (left_out.benchmark, left_out.release)))
    stays = "its published scores stay as they were: " if left_out.release is None else ""
    for problem in left_out.problems:
        yield Fault(f"{place} {problem}", None, None, f"{place} is not scored in full: {stays}{problem}")
    n_unnamed = left_out.n_problems - len(left_out.problems)
    if n_unnamed > 0:
        yield Fault(f"{place} further", n_unnamed, None, f"{n_unnamed:,} more runs of {place} are not scored")


def _problems_text(check: Check) -> str:
    first = "; ".join(check.problems[:MAX_TEXTS])
    return f"{check.name}: {check.n_problems:,} of {check.n_compared:,} have a problem, for example {first}."

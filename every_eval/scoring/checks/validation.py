"""Validate the scores of a benchmark before they are published, beyond the contracts of the tables."""

from collections import Counter
from collections.abc import Iterator, Mapping, Set

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.stats import STATS
from every_eval.scoring.checks.check import Check, merge_checks
from every_eval.scoring.checks.row_checks import check_rows
from every_eval.scoring.tables.leaderboard import ModelKey
from every_eval.scoring.tables.releases import ShownRelease
from every_eval.sources.distinct import distinct
from every_eval.sources.statistics_files import RunKey


class RunTotals(dict[str, tuple[int, ...]]):
    """Number of rows, of instances and of instances with a value, by run."""

    def add(self, rows: pa.Table, instances: str) -> None:
        """Add rows that cut no run; `instances` is the column with the number of instances."""
        position, runs = distinct(rows, ["run"])
        counts = [pc.fill_null(rows[name], 0).to_numpy().astype(np.float64) for name in (instances, "n_scored")]
        sums = [np.bincount(position, values, len(runs)).astype(np.int64).tolist() for values in (None, *counts)]
        self.update({run: totals for (run,), totals in zip(runs, zip(*sums, strict=True), strict=True)})


class Validation:
    """All checks of one benchmark's scores, which come in parts that cut no run."""

    def __init__(self, release: ShownRelease, n_rows: Mapping[RunKey, int]) -> None:
        """Take the release that is scored, and the number of rows that the state has of each run."""
        self._release, self._n_rows = release, n_rows
        self._checks = check_rows(STATS.schema.empty_table())
        self._of_state, self._of_table = RunTotals(), RunTotals()
        self._n_scored: Counter[ModelKey] = Counter()

    def add(self, stats: pa.Table, comprehensive: pa.Table) -> None:
        """Check a part.

        Args:
            stats: Rows of the contract `stats`, of runs that the release shows.
            comprehensive: Rows of the contract `comprehensive_stats` made from these rows.
        """
        self._checks = merge_checks([*self._checks, *check_rows(stats)])
        self._of_state.add(stats, "n_instances")
        self._of_table.add(comprehensive, "total_samples")
        self._n_scored.update(instances_of_models(comprehensive))

    def checks(self, board: pa.Table | None) -> list[Check]:
        """Return the checks of all parts added; `board` is the benchmark's leaderboard, null if it has none."""
        n_rows = {run: n_rows for (_, run), n_rows in self._n_rows.items()}
        checks = [
            *self._checks,
            check_totals(n_rows, self._of_state, self._of_table),
            check_coverage(self._n_rows.keys(), self._release),
        ]
        return checks if board is None else [*checks, check_scenarios(self._n_scored, board)]


def check_totals(n_rows: Mapping[str, int], of_state: RunTotals, of_table: RunTotals) -> Check:
    """Check that each run has as many rows, instances and values in the published table as in the state."""
    problems = (
        f"{run}: the state has {of_state.get(run)} (rows, instances, instances with a value), "
        f"comprehensive_stats has {of_table.get(run)}"
        for run in sorted(n_rows.keys() | of_table.keys())
        if of_state.get(run) != of_table.get(run) or of_table.get(run, (0,))[0] != n_rows.get(run)
    )
    return Check.from_problems("totals", len(n_rows), problems)


def check_coverage(known: Set[RunKey], release: ShownRelease) -> Check:
    """Check that every run of the release has statistics; not blocking, as a run may not be ingested yet."""
    problems = (f"{suite}/{run}: no statistics are published" for suite, run in sorted(release.runs - known))
    return Check.from_problems("coverage", len(release.runs), problems, is_blocking=False)


def check_scenarios(n_scored: Mapping[ModelKey, int], board: pa.Table) -> Check:
    """Check that the leaderboard claims no more scenarios than its table has, and no more instances than the runs."""
    return Check.from_problems("scenarios", board.num_rows, _wrong_scenarios(n_scored, board))


def _wrong_scenarios(n_scored: Mapping[ModelKey, int], board: pa.Table) -> Iterator[str]:
    for row in board.to_pylist():
        model = (row["model_name"], row["model_deployment"])
        place = " ".join(filter(None, (row["benchmark"], *model)))
        if row["n_scenarios"] > row["n_scenarios_total"]:
            yield f"{place}: {row['n_scenarios']} scenarios, the main table has {row['n_scenarios_total']}"
        if model not in n_scored:
            yield f"{place}: on the leaderboard, but without statistics"
        elif (row["n_scored"] or 0) > n_scored[model]:
            yield f"{place}: {row['n_scored']} instances, the model's runs have {n_scored[model]}"


def instances_of_models(comprehensive: pa.Table) -> Counter[ModelKey]:
    """Return the number of instances with a value in all runs of each model and deployment, each counted once a run."""
    part = ["model_name", "model_deployment", "run", "split", "sub_split"]
    position, parts = distinct(comprehensive, part)
    largest = np.zeros(len(parts), np.int64)
    np.maximum.at(largest, position, pc.fill_null(comprehensive["n_scored"], 0).to_numpy())
    counts: Counter[ModelKey] = Counter()
    for (model, deployment, *_), n_scored in zip(parts, largest.tolist(), strict=True):
        counts[model, deployment] += n_scored
    return counts


def lost_rows(published: pa.Table, board: pa.Table, n_left_out: int = 0) -> str | None:
    """Say that a benchmark has fewer rows than on the published leaderboard; null if it has not.

    `n_left_out` is the number of models that may be missing, because runs of theirs are left out.
    """
    if board.num_rows + n_left_out >= published.num_rows:
        return None
    return f"the leaderboard has {board.num_rows} rows, the published one has {published.num_rows}"

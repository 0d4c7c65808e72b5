"""What must hold of the scores before they are published, beyond what each table's contract says of its columns."""

from collections import Counter
from collections.abc import Iterator, Mapping, Set

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.distinct import distinct
from every_eval.contracts.stats import STATS
from every_eval.scoring.checks.checks import Check, merge
from every_eval.scoring.checks.row_checks import check_rows
from every_eval.scoring.tables.comprehensive import Shown
from every_eval.sources.state_files import RunKey

ModelKey = tuple[str | None, str | None]
"""(model, deployment)"""


class Totals(dict[str, tuple[int, ...]]):
    """Rows, instances and values of each run."""

    def add(self, rows: pa.Table, instances: str) -> None:
        """Add whole runs; `instances` is the column that counts them."""
        position, runs = distinct(rows, ["run"])
        counts = [pc.fill_null(rows[name], 0).to_numpy().astype(np.float64) for name in (instances, "n_scored")]
        sums = [np.bincount(position, values, len(runs)).astype(np.int64).tolist() for values in (None, *counts)]
        self.update({run: totals for (run,), totals in zip(runs, zip(*sums, strict=True), strict=True)})


class Validation:
    """Every check of one benchmark's scores, which come in parts that cut no run."""

    def __init__(self, shown: Shown, n_rows: Mapping[RunKey, int]) -> None:
        """The release that the scores are of, and how many rows the state has of each run."""
        self._shown, self._n_rows = shown, n_rows
        self._checks = check_rows(STATS.schema.empty_table())
        self._of_state, self._of_table = Totals(), Totals()
        self._n_scored: Counter[ModelKey] = Counter()

    def add(self, stats: pa.Table, comprehensive: pa.Table) -> None:
        """Check a part.

        Args:
            stats: Rows of the contract `stats`, of runs shown.
            comprehensive: Rows of the contract `comprehensive_stats` that were made of them.
        """
        self._checks = merge([*self._checks, *check_rows(stats)])
        self._of_state.add(stats, "n_instances")
        self._of_table.add(comprehensive, "total_samples")
        self._n_scored.update(instances_of_models(comprehensive))

    def checks(self, board: pa.Table | None) -> list[Check]:
        """What the checks found, once all parts were added; `board` holds the leaderboard, null if there is none."""
        n_rows = {run: n_rows for (_, run), n_rows in self._n_rows.items()}
        checks = [
            *self._checks,
            check_totals(n_rows, self._of_state, self._of_table),
            check_coverage(self._n_rows.keys(), self._shown),
        ]
        return checks if board is None else [*checks, check_scenarios(self._n_scored, board)]


def check_totals(n_rows: Mapping[str, int], of_state: Totals, of_table: Totals) -> Check:
    """Each run has as many statistics, instances and values in the published table as in the state."""
    problems = (
        f"{run}: {of_state.get(run)} in the state, {of_table.get(run)} published (rows, instances, scored)"
        for run in sorted(n_rows.keys() | of_table.keys())
        if of_state.get(run) != of_table.get(run) or of_table.get(run, (0,))[0] != n_rows.get(run)
    )
    return Check.of("totals", len(n_rows), problems)


def check_coverage(known: Set[RunKey], shown: Shown) -> Check:
    """Every run that the release shows has statistics. It is only told: what is not ingested yet will be."""
    problems = (f"{suite}/{run} has no statistics" for suite, run in sorted(shown.runs - known))
    return Check.of("coverage", len(shown.runs), problems, is_blocking=False)


def check_scenarios(n_scored: Mapping[ModelKey, int], board: pa.Table) -> Check:
    """The leaderboard claims no more than there is: of scenarios in its table, and of instances in its models' runs."""
    return Check.of("scenarios", board.num_rows, _wrong_scenarios(n_scored, board))


def _wrong_scenarios(n_scored: Mapping[ModelKey, int], board: pa.Table) -> Iterator[str]:
    for row in board.to_pylist():
        model = (row["model_name"], row["model_deployment"])
        place = " ".join(filter(None, (row["benchmark"], *model)))
        if row["n_scenarios"] > row["n_scenarios_total"]:
            yield f"{place}: {row['n_scenarios']} scenarios of {row['n_scenarios_total']}"
        if model not in n_scored:
            yield f"{place}: no statistics"
        elif (row["n_scored"] or 0) > n_scored[model]:
            yield f"{place}: {row['n_scored']} instances, its runs have {n_scored[model]}"


def instances_of_models(comprehensive: pa.Table) -> Counter[ModelKey]:
    """Instances with a value in all runs of each model and deployment, those of a run counted once."""
    part = ["model_name", "model_deployment", "run", "split", "sub_split"]
    position, parts = distinct(comprehensive, part)
    largest = np.zeros(len(parts), np.int64)
    np.maximum.at(largest, position, pc.fill_null(comprehensive["n_scored"], 0).to_numpy())
    counts: Counter[ModelKey] = Counter()
    for (model, deployment, *_), n_scored in zip(parts, largest.tolist(), strict=True):
        counts[model, deployment] += n_scored
    return counts


def check_sizes(previous: pa.Table | None, board: pa.Table, *, force: bool) -> Check:
    """No benchmark has fewer rows on the leaderboard than on the last one; forced, a loss is only told."""
    before, now = (Counter() if one is None else Counter(one["benchmark"].to_pylist()) for one in (previous, board))
    problems = (
        f"{benchmark}: {now[benchmark]} rows, before {n_rows}"
        for benchmark, n_rows in sorted(before.items())
        if now[benchmark] < n_rows
    )
    return Check.of("size", len(before), problems, is_blocking=not force)

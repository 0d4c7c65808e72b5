"""What must hold of the scores before they are published, beyond what each table's contract says of its columns."""

from collections import Counter
from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.stats import STATISTIC_KEY
from every_eval.contracts.table import Table
from every_eval.statistics.checks import Check
from every_eval.statistics.comprehensive import Shown
from every_eval.statistics.groups import BoolArray, FloatArray
from every_eval.statistics.metric_bounds import bounds_of

TOLERANCE: Final = 1e-9
"""How far a mean may lie outside of its limits, relative to itself or the limit."""

PLACE: Final = ("benchmark", "suite", "run", *(column.name for column in STATISTIC_KEY))

NUM_INSTANCES: Final = "num_instances"
"""Statistic in which HELM reports how many instances each trial was over."""


def check_benchmark(stats: pa.Table, shown: Shown, comprehensive: pa.Table, board: pa.Table | None) -> list[Check]:
    """Every check of one benchmark's scores.

    Args:
        stats: Rows of the contract `stats`, of the runs shown.
        shown: The release that they are of.
        comprehensive: Rows of the contract `comprehensive_stats` that were made of them.
        board: Rows of the contract `leaderboard`; null if there is none.
    """
    checks = [
        check_finite(stats),
        check_order(stats),
        check_reported_order(stats),
        check_bounds(stats),
        check_scored(stats),
        check_instances(stats),
        check_totals(stats, comprehensive),
        check_coverage(stats, shown),
    ]
    return checks if board is None else [*checks, check_scenarios(comprehensive, board)]


def check_keys(contract: Table, rows: pa.Table) -> Check:
    """No two rows share the contract's key."""
    counts = rows.select(contract.key).group_by(list(contract.key)).aggregate([([], "count_all")])
    return Check.of_rows(f"{contract.name}_keys", counts, counts["count_all"].to_numpy() > 1)


def check_finite(stats: pa.Table) -> Check:
    """Numbers are finite where they are stated."""
    names = ("mean", "m2", "min", "max")
    is_finite = [pc.is_finite(pc.fill_null(stats[name], 0.0)).to_numpy() for name in names]
    return Check.of_rows("finite", stats.select([*PLACE, *names]), ~np.all(is_finite, axis=0))


def check_order(stats: pa.Table) -> Check:
    """Minimum ≤ mean ≤ maximum, where there is one trial.

    Our limits are over instances, trials averaged; with several trials, of which an instance lacks one, the mean over
    trials can leave them.
    """
    mean, low, high, n_trials = _numbers(stats, "mean", "min", "max", "n_trials")
    is_wrong = (n_trials == 1) & _is_outside(mean, low, high)
    return Check.of_rows("order", stats.select([*PLACE, "mean", "min", "max"]), is_wrong)


def check_reported_order(stats: pa.Table) -> Check:
    """Minimum ≤ mean ≤ maximum in what the source reports. It is only told: it is not our doing."""
    names = ("reported_mean", "reported_min", "reported_max")
    is_wrong = _is_outside(*_numbers(stats, *names))
    return Check.of_rows("reported_order", stats.select([*PLACE, *names]), is_wrong, is_blocking=False)


def check_bounds(stats: pa.Table) -> Check:
    """Means lie in the bounds that their metric's definition sets. Only told: one bad run must not hide others."""
    names = stats["metric_name"].combine_chunks().dictionary_encode()
    bounds = np.array([bounds_of(name) or (-np.inf, np.inf) for name in names.dictionary.to_pylist()])
    low, high = bounds.reshape(-1, 2)[names.indices.to_numpy()].T
    mean, reported = _numbers(stats, "mean", "reported_mean")
    is_wrong = _is_outside(mean, low, high) | _is_outside(reported, low, high)
    return Check.of_rows("bounds", stats.select([*PLACE, "mean", "reported_mean"]), is_wrong, is_blocking=False)


def check_scored(stats: pa.Table) -> Check:
    """No more instances have a value than were measured."""
    n_scored, n_instances = _numbers(stats, "n_scored", "n_instances")
    return Check.of_rows("scored", stats.select([*PLACE, "n_scored", "n_instances"]), n_scored > n_instances)


def check_instances(stats: pa.Table) -> Check:
    """Single outputs are of as many instances as the source says. It is only told: what it lacks is not our doing."""
    return Check.of("instances", stats.num_rows, _wrong_instances(stats), is_blocking=False)


def _wrong_instances(stats: pa.Table) -> Iterator[str]:
    part = ("suite", "run", "split", "sub_split")
    original = stats.filter(pc.field("perturbation").is_null())
    measured = original.filter(pc.field("n_instances").is_valid()).group_by(list(part))
    counts = {
        tuple(row[name] for name in part): row["n_instances_max"]
        for row in measured.aggregate([("n_instances", "max")]).to_pylist()
    }
    stated = original.filter((pc.field("metric_name") == NUM_INSTANCES) & pc.field("reported_mean").is_valid())
    for row in stated.select([*part, "reported_mean"]).to_pylist():
        key = tuple(row[name] for name in part)
        if counts.get(key, row["reported_mean"]) != row["reported_mean"]:
            place = ", ".join(filter(None, key))
            yield f"{place}: {counts[key]} instances, the source says {row['reported_mean']:g}"


def check_totals(stats: pa.Table, comprehensive: pa.Table) -> Check:
    """Each run has as many statistics, instances and values in the published table as in the state."""
    of_stats = _totals(stats.select(["run", "n_instances", "n_scored"]))
    of_table = _totals(comprehensive.select(["run", "total_samples", "n_scored"]))
    problems = (
        f"{run}: {of_stats.get(run)} in the state, {of_table.get(run)} published (rows, instances, scored)"
        for run in sorted(of_stats.keys() | of_table.keys())
        if of_stats.get(run) != of_table.get(run)
    )
    return Check.of("totals", len(of_stats), problems)


def _totals(rows: pa.Table) -> dict[str, tuple[int, ...]]:
    run, *counts = rows.column_names
    totals = rows.group_by(run).aggregate([([], "count_all"), *((name, "sum") for name in counts)])
    names = ["count_all", *(f"{name}_sum" for name in counts)]
    return {row[run]: tuple(row[name] for name in names) for row in totals.to_pylist()}


def check_coverage(stats: pa.Table, shown: Shown) -> Check:
    """Every run that the release shows has statistics. It is only told: what is not ingested yet will be."""
    pairs = stats.select(["suite", "run"]).group_by(["suite", "run"]).aggregate([])
    known = set(zip(pairs["suite"].to_pylist(), pairs["run"].to_pylist(), strict=True))
    problems = (f"{suite}/{run} has no statistics" for suite, run in sorted(shown.runs - known))
    return Check.of("coverage", len(shown.runs), problems, is_blocking=False)


def check_scenarios(comprehensive: pa.Table, board: pa.Table) -> Check:
    """The leaderboard claims no more than there is: of scenarios in its table, and of instances in its models' runs."""
    return Check.of("scenarios", board.num_rows, _wrong_scenarios(comprehensive, board))


def _wrong_scenarios(comprehensive: pa.Table, board: pa.Table) -> Iterator[str]:
    n_scored = _instances_of_models(comprehensive)
    for row in board.to_pylist():
        model = (row["model_name"], row["model_deployment"])
        place = " ".join(filter(None, (row["benchmark"], *model)))
        if row["n_scenarios"] > row["n_scenarios_total"]:
            yield f"{place}: {row['n_scenarios']} scenarios of {row['n_scenarios_total']}"
        if model not in n_scored:
            yield f"{place}: no statistics"
        elif (row["n_scored"] or 0) > n_scored[model]:
            yield f"{place}: {row['n_scored']} instances, its runs have {n_scored[model]}"


def _instances_of_models(comprehensive: pa.Table) -> Counter[tuple[str | None, str | None]]:
    """Instances with a value in all runs of each model and deployment, those of a run counted once."""
    part = ["model_name", "model_deployment", "run", "split", "sub_split"]
    largest = comprehensive.select([*part, "n_scored"]).group_by(part).aggregate([("n_scored", "max")])
    counts: Counter[tuple[str | None, str | None]] = Counter()
    for row in largest.to_pylist():
        counts[row["model_name"], row["model_deployment"]] += row["n_scored_max"] or 0
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


def _numbers(table: pa.Table, *names: str) -> list[FloatArray]:
    """Columns as arrays; NaN where they are null."""
    return [table[name].cast(pa.float64()).to_numpy() for name in names]


def _is_outside(values: FloatArray, low: FloatArray, high: FloatArray) -> BoolArray:
    """Whether values lie outside of their limits by more than rounding; without a value, or limits, they do not."""
    largest = np.fmax(np.abs(values), np.fmin(np.abs(low), np.abs(high)))
    is_outside: BoolArray = (values < low - TOLERANCE * largest) | (values > high + TOLERANCE * largest)
    return is_outside

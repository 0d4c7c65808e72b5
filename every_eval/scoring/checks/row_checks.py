"""Checks of each statistic before it is published, beyond what its contract says of single columns."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.metric_ranges import range_of
from every_eval.contracts.stats import STATISTIC_KEY
from every_eval.scoring.checks.check import Check
from every_eval.sources.columns import float_column
from every_eval.sources.distinct import distinct
from every_eval.statistics.groups import BoolArray, FloatArray

TOLERANCE: Final = 1e-9
"""How far a mean may lie outside its limits, relative to the mean or the limit."""

PLACE_COLUMNS: Final = ("benchmark", "suite", "run", *(column.name for column in STATISTIC_KEY))
"""Columns that tell a reader where a problem is."""

NUM_INSTANCES: Final = "num_instances"
"""Statistic in which HELM reports the number of instances of each trial."""


def check_rows(stats: pa.Table) -> list[Check]:
    """Return every check of rows of the contract `stats`; the rows of a run must come together."""
    checks = (check_finite, check_order, check_reported_order, check_bounds, check_scored, check_instances)
    return [check(stats) for check in checks]


def check_finite(stats: pa.Table) -> Check:
    """Check that numbers are finite."""
    names = ("mean", "m2", "min", "max")
    is_finite = [pc.is_finite(pc.fill_null(stats[name], 0.0)).to_numpy() for name in names]
    has_number = np.any([stats[name].is_valid().to_numpy() for name in names], axis=0)
    return Check.from_rows("finite", stats.select([*PLACE_COLUMNS, *names]), ~np.all(is_finite, axis=0), has_number)


def check_order(stats: pa.Table) -> Check:
    """Check that minimum ≤ mean ≤ maximum, in runs of one trial.

    Minimum and maximum are over instances, trials averaged. With several trials, of which some instance lacks one, the
    mean over trials can lie outside them.
    """
    mean, low, high, n_trials = _numbers(stats, "mean", "min", "max", "n_trials")
    is_compared = (n_trials == 1) & _are_known(mean, low, high)
    is_wrong = (n_trials == 1) & _is_outside(mean, low, high)
    return Check.from_rows("order", stats.select([*PLACE_COLUMNS, "mean", "min", "max"]), is_wrong, is_compared)


def check_reported_order(stats: pa.Table) -> Check:
    """Check that minimum ≤ mean ≤ maximum in what the source reports; not blocking, as the numbers are not ours."""
    names = ("reported_mean", "reported_min", "reported_max")
    numbers = _numbers(stats, *names)
    rows = stats.select([*PLACE_COLUMNS, *names])
    return Check.from_rows("reported_order", rows, _is_outside(*numbers), _are_known(*numbers), is_blocking=False)


def check_bounds(stats: pa.Table) -> Check:
    """Check that means lie within the bounds of their metric; not blocking, so that a bad run does not stop others."""
    position, metrics = distinct(stats, ["metric_name"])
    bounds = np.array([range_of(name) or (-np.inf, np.inf) for (name,) in metrics])
    low, high = bounds.reshape(-1, 2)[position].T
    mean, reported = _numbers(stats, "mean", "reported_mean")
    is_wrong = _is_outside(mean, low, high) | _is_outside(reported, low, high)
    is_compared = (np.isfinite(low) | np.isfinite(high)) & ~(np.isnan(mean) & np.isnan(reported))
    rows = stats.select([*PLACE_COLUMNS, "mean", "reported_mean"])
    return Check.from_rows("bounds", rows, is_wrong, is_compared, is_blocking=False)


def check_scored(stats: pa.Table) -> Check:
    """Check that the instances with a value are not more than the instances."""
    n_scored, n_instances = _numbers(stats, "n_scored", "n_instances")
    rows = stats.select([*PLACE_COLUMNS, "n_scored", "n_instances"])
    return Check.from_rows("scored", rows, n_scored > n_instances, _are_known(n_scored, n_instances))


def check_instances(stats: pa.Table) -> Check:
    """Check that a run has as many instances as the source reports; not blocking, as the source may lack some."""
    compared = list(_compared_instances(stats))
    problems = (
        f"{place}: {counted} instances were read, the source reports {reported:g}"
        for place, counted, reported in compared
        if counted != reported
    )
    return Check.from_problems("instances", len(compared), problems, is_blocking=False)


def _compared_instances(stats: pa.Table) -> Iterator[tuple[str, int, float]]:
    """Yield the place, our number of instances and the source's, of each part of a run that has both."""
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
        if key in counts:
            yield ", ".join(filter(None, key)), counts[key], row["reported_mean"]


def _numbers(table: pa.Table, *names: str) -> list[FloatArray]:
    """Return columns as arrays; NaN where they are null."""
    return [float_column(table, name) for name in names]


def _are_known(*numbers: FloatArray) -> BoolArray:
    """Tell where none of the numbers is missing."""
    are_known: BoolArray = ~np.any(np.isnan(numbers), axis=0)
    return are_known


def _is_outside(values: FloatArray, low: FloatArray, high: FloatArray) -> BoolArray:
    """Tell whether values lie outside their limits by more than rounding; a missing value or limit counts as inside."""
    largest = np.fmax(np.abs(values), np.fmin(np.abs(low), np.abs(high)))
    is_outside: BoolArray = (values < low - TOLERANCE * largest) | (values > high + TOLERANCE * largest)
    return is_outside

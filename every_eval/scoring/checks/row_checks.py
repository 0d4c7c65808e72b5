"""What must hold of each statistic before it is published, beyond what its contract says of single columns."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.distinct import distinct
from every_eval.contracts.stats import STATISTIC_KEY
from every_eval.scoring.checks.checks import Check
from every_eval.scoring.checks.metric_bounds import bounds_of
from every_eval.statistics.groups import BoolArray, FloatArray

TOLERANCE: Final = 1e-9
"""How far a mean may lie outside of its limits, relative to itself or the limit."""

PLACE: Final = ("benchmark", "suite", "run", *(column.name for column in STATISTIC_KEY))

NUM_INSTANCES: Final = "num_instances"
"""Statistic in which HELM reports how many instances each trial was over."""


def check_rows(stats: pa.Table) -> list[Check]:
    """Every check of rows of the contract `stats`, of whole runs."""
    checks = (check_finite, check_order, check_reported_order, check_bounds, check_scored, check_instances)
    return [check(stats) for check in checks]


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
    position, metrics = distinct(stats, ["metric_name"])
    bounds = np.array([bounds_of(name) or (-np.inf, np.inf) for (name,) in metrics])
    low, high = bounds.reshape(-1, 2)[position].T
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


def _numbers(table: pa.Table, *names: str) -> list[FloatArray]:
    """Columns as arrays; NaN where they are null."""
    return [table[name].cast(pa.float64()).to_numpy() for name in names]


def _is_outside(values: FloatArray, low: FloatArray, high: FloatArray) -> BoolArray:
    """Whether values lie outside of their limits by more than rounding; without a value, or limits, they do not."""
    largest = np.fmax(np.abs(values), np.fmin(np.abs(low), np.abs(high)))
    is_outside: BoolArray = (values < low - TOLERANCE * largest) | (values > high + TOLERANCE * largest)
    return is_outside

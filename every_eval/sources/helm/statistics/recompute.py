"""Recompute a run's statistics from the metrics of its single outputs."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.stats import RECOMPUTED, STATISTIC_KEY
from every_eval.sources.helm.statistics.calibration_errors import derive_calibration_errors
from every_eval.sources.helm.statistics.metric_values import MetricValues, RunMetrics, TrialSums
from every_eval.sources.helm.statistics.perplexity import derive_perplexities
from every_eval.sources.helm.statistics.trial_moments import trial_moments
from every_eval.sources.helm.statistics.worst_case import derive_worst_cases
from every_eval.statistics.composite_keys import compose, decompose
from every_eval.statistics.groups import BoolArray, FloatArray, Groups, IntArray

OVER_TRIALS = ("trial_sum", "trial_min", "trial_max")
N_VALUES = ("n_values", "n_not_finite")
"""Number of values that are finite, and number of values that are not."""
SCHEMA = pa.schema(
    [
        *(column.field for column in (*STATISTIC_KEY, *RECOMPUTED)),
        *(pa.field(name, pa.float64()) for name in OVER_TRIALS),
        *(pa.field(name, pa.int64()) for name in N_VALUES),
    ]
)
CLUSTERS = ("n_clusters", "cluster_m2")
"""Columns that are null, because HELM's files name no clusters of instances."""
Summary = tuple[IntArray, dict[str, Any]]
"""Positions of statistics in ascending order, and by name the arrays of numbers about each of them."""

_STATISTIC = ("metric", "treatment")
"""The axes that make a statistic."""


def recompute_statistics(run: RunMetrics, *, has_worst_cases: bool = True) -> pa.Table:
    """Return every statistic that the metrics of single outputs determine, sorted by its key.

    `mean` is HELM's mean: the mean over trials of (sum of sums / sum of counts) over the trial's instances. For the
    other numbers, the value of an instance is the mean over its trials of sum / count. Where a trial's number is a
    function of sums over instances, the value of an instance is its linearised share: see the module `perplexity`.

    Args:
        run: The run's metrics.
        has_worst_cases: Whether to compute worst cases over perturbations; HELM does not in language modelling.

    Returns:
        The columns of `STATISTIC_KEY` and `RECOMPUTED`; `trial_sum`, `trial_min` and `trial_max` over the means of the
        trials, which HELM calls sum, min and max (`n_trials` is HELM's count); and `N_VALUES`. `is_binary` says whether
        every value is 0 or 1 in each trial. If a value is not finite, there are only counts.
    """
    if not len(run.values.metric):
        return SCHEMA.empty_table()
    n_measured = len(run.metrics)
    run = derive(run, has_worst_cases=has_worst_cases)
    groups = Groups(run.keys(run.values, _STATISTIC))
    if groups.order is not None:  # Sorted once here, the values need no sorting in the functions below.
        run = replace(run, values=run.values.take(groups.order))
    statistic, n_statistics = np.repeat(np.arange(len(groups.keys)), groups.sizes), len(groups.keys)
    is_scored = run.values.count > 0
    scored, of = (run.values, statistic) if is_scored.all() else (run.values.take(is_scored), statistic[is_scored])
    rows, keys = _repeat_aliases(run, groups.keys, n_measured)
    unstated = {name: pa.nulls(len(keys), SCHEMA.field(name).type) for name in CLUSTERS}
    columns = _key_columns(run, keys) | unstated
    for positions, numbers in (
        _count_instances(run, statistic, n_statistics),
        _count_values(run, statistic),
        _check_binary(scored, of),
        _over_trials(run, groups.keys),
        _over_instances(run, scored, of, n_statistics),
        trial_moments(run, scored, of),
    ):
        columns |= {name: _fill(values, positions, n_statistics).take(rows) for name, values in numbers.items()}
    return _order(_leave_unscored(pa.table(columns, schema=SCHEMA)))


def derive(run: RunMetrics, *, has_worst_cases: bool) -> RunMetrics:
    """Return the run with what follows from its metrics: metrics made of several, worst cases over perturbations."""
    joint = derive_joint_metrics(run)
    derived = derive_worst_cases(run) if has_worst_cases else run
    return replace(
        derived,
        metrics=joint.metrics,
        values=MetricValues.join(derived.values, joint.values),
        trials=TrialSums.join(derived.trials, joint.trials),
    )


def derive_joint_metrics(run: RunMetrics) -> RunMetrics:
    """Return the run with the metrics that are made of several others appended, and only the values of these."""
    ratios = derive_perplexities(run)
    errors = derive_calibration_errors(replace(run, metrics=ratios.metrics))
    return replace(
        errors,
        values=MetricValues.join(ratios.values, errors.values),
        trials=TrialSums.join(ratios.trials, errors.trials),
    )


def average_trials(
    run: RunMetrics, scored: MetricValues, statistic: IntArray, n_statistics: int
) -> tuple[IntArray, IntArray, FloatArray]:
    """Return statistic, instance and value for each statistic and instance that has a value, trials averaged."""
    if run.n_trials == 1:
        return statistic, scored.instance, scored.sum / scored.count
    sizes = (n_statistics, len(run.instance_ids))
    groups = Groups(compose((statistic, scored.instance), sizes))
    of, instance = decompose(groups.keys, sizes)
    return of, instance, groups.add(scored.sum / scored.count) / groups.sizes


def _repeat_aliases(run: RunMetrics, keys: IntArray, n_measured: int) -> tuple[pa.Array, IntArray]:
    """Return which statistic each row shows, and the key that names the row: aliases repeat a statistic."""
    metric, treatment = decompose(keys, run.sizes(_STATISTIC))
    rows, named = [np.arange(len(keys))], [keys]
    for alias, other in run.aliases.items():
        rows.append(np.flatnonzero((treatment == other) & (metric < n_measured)))
        named.append(keys[rows[-1]] + alias - other)
    return pa.array(np.concatenate(rows)), np.concatenate(named)


def _count_instances(run: RunMetrics, statistic: IntArray, n_statistics: int) -> Summary:
    if run.n_trials > 1:  # An instance has a value in each trial.
        sizes = (n_statistics, len(run.instance_ids))
        statistic, _ = decompose(Groups(compose((statistic, run.values.instance), sizes)).keys, sizes)
    groups = Groups(statistic)
    return groups.keys, {"n_instances": groups.sizes}


def _count_values(run: RunMetrics, statistic: IntArray) -> Summary:
    groups = Groups(statistic)
    return groups.keys, {"n_values": groups.count(run.values.count), "n_not_finite": groups.count(run.values.odd)}


def _leave_unscored(statistics: pa.Table) -> pa.Table:
    """Return the statistics with nulls where values are not finite: a score of the other values would mislead."""
    is_scored = pc.equal(statistics["n_not_finite"], 0)
    for position, field in enumerate(statistics.schema):
        if field.type in (pa.float64(), pa.bool_()):
            column = pc.if_else(is_scored, statistics[field.name], pa.scalar(None, field.type))
            statistics = statistics.set_column(position, field, column)
    return statistics


def _over_trials(run: RunMetrics, keys: IntArray) -> Summary:
    """Return the numbers over the means of the trials, for the statistics with these keys."""
    groups = Groups(np.searchsorted(keys, run.keys(run.trials, _STATISTIC)))
    means = run.trials.sum / run.trials.count
    total = groups.add(means)
    numbers = {"n_trials": groups.sizes, "sum": total, "mean": total / groups.sizes}
    return groups.keys, numbers | dict(zip(OVER_TRIALS, (total, groups.min(means), groups.max(means)), strict=True))


def _check_binary(scored: MetricValues, statistic: IntArray) -> Summary:
    groups = Groups(statistic)
    values = scored.sum / scored.count
    is_fraction = (values != 0) & (values != 1)
    return groups.keys, {"is_binary": groups.count(is_fraction.astype(np.int64)) == 0}


def _over_instances(run: RunMetrics, scored: MetricValues, statistic: IntArray, n_statistics: int) -> Summary:
    of, _, values = average_trials(run, scored, statistic, n_statistics)
    groups = Groups(of)
    deviations = values - groups.spread(groups.add(values) / groups.sizes)
    numbers = {"n_scored": groups.sizes, "m2": groups.add(deviations**2)}
    return groups.keys, numbers | {"min": groups.min(values), "max": groups.max(values)}


def _key_columns(run: RunMetrics, keys: IntArray) -> dict[str, pa.Array]:
    """Return the columns of `STATISTIC_KEY` for the statistics with these keys."""
    columns: dict[str, pa.Array] = {}
    for records, positions in zip((run.metrics, run.treatments), decompose(keys, run.sizes(_STATISTIC)), strict=True):
        for texts in zip(*records, strict=True):
            columns[STATISTIC_KEY[len(columns)].name] = pa.array(texts, pa.string()).take(pa.array(positions))
    return columns


def _fill(values: IntArray | FloatArray | BoolArray, positions: IntArray, size: int) -> pa.Array:
    """Return an array with the values at their positions, and 0 for counts or null for other numbers elsewhere."""
    filled = np.zeros(size, values.dtype)
    filled[positions] = values
    is_undefined = np.ones(size, np.bool_)
    is_undefined[positions] = ~np.isfinite(values)
    return pa.array(filled, mask=None if values.dtype == np.int64 else is_undefined)


def _order(table: pa.Table) -> pa.Table:
    """Sort the statistics by their key, and leave out worst cases without a value, as HELM does."""
    is_worst = pc.fill_null(pc.equal(table["computed_on"], "worst"), False)
    is_empty = pc.and_(is_worst, pc.and_(pc.equal(table["n_scored"], 0), pc.equal(table["n_not_finite"], 0)))
    return table.filter(pc.invert(is_empty)).sort_by([(column.name, "ascending") for column in STATISTIC_KEY])

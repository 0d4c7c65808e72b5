"""Statistics of a run from its single outputs."""

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.stats import RECOMPUTED, STATISTIC_KEY
from every_eval.sources.helm.statistics.cells import Cells, Run, read_run
from every_eval.sources.helm.statistics.perplexity import derive_perplexities
from every_eval.sources.helm.statistics.worst_case import derive_worst_cases
from every_eval.statistics.groups import BoolArray, FloatArray, Groups, IntArray

OVER_TRIALS = ("trial_sum", "trial_min", "trial_max")
SCHEMA = pa.schema(
    [
        *(column.field for column in (*STATISTIC_KEY, *RECOMPUTED)),
        *(pa.field(name, pa.float64()) for name in OVER_TRIALS),
    ]
)
Summary = tuple[IntArray, dict[str, Any]]
"""Positions of statistics in ascending order, and arrays of numbers about each by name."""


def summarise(metrics: pa.Table, *, has_worst_cases: bool = True) -> pa.Table:
    """Every statistic that one run's rows of the table `metrics` determine, sorted by its key.

    Besides `STATISTIC_KEY` and `RECOMPUTED` there are `trial_sum`, `trial_min` and `trial_max`, over the means of the
    trials: they are what HELM calls sum, min and max, as `n_trials` is its count. `is_binary` says whether every value
    is 0 or 1 in each trial.

    `mean` is HELM's: the mean over trials of sum of sums / sum of counts over the trial's instances. For the rest, an
    instance's value is the mean over its trials of sum / count, or its linearised share where a trial's number is a
    function of sums over instances: see `every_eval.sources.helm.statistics.perplexity`.

    HELM computes no worst cases in language modelling: there, `has_worst_cases` is to be false.
    """
    return summarise_run(read_run(metrics), has_worst_cases=has_worst_cases)


def summarise_run(measured: Run, *, has_worst_cases: bool = True) -> pa.Table:
    """What `summarise` says, of metrics that are cells already."""
    if not len(measured.cells.metric):
        return SCHEMA.empty_table()
    run = derive(measured, has_worst_cases=has_worst_cases)
    groups = Groups(run.cells.metric * len(run.treatments) + run.cells.treatment)
    if groups.order is not None:  # once here, rather than in all that follows
        run = replace(run, cells=run.cells.take(groups.order))
    codes, statistic = groups.keys, np.repeat(np.arange(len(groups.keys)), groups.sizes)
    is_scored = run.cells.count > 0
    scored, of = (run.cells, statistic) if is_scored.all() else (run.cells.take(is_scored), statistic[is_scored])
    rows, named = _share(run, codes, len(measured.metrics))
    columns = _key_columns(run, named)
    for positions, numbers in (
        _count_instances(run, statistic),
        _check_binary(scored, of),
        _over_trials(run, scored, of),
        _over_instances(run, scored, of),
    ):
        columns |= {name: _fill(values, positions, len(codes)).take(rows) for name, values in numbers.items()}
    return _order(pa.table(columns, schema=SCHEMA))


def derive(run: Run, *, has_worst_cases: bool) -> Run:
    """The run with all that follows from its cells: ratios of sums, and worst cases over perturbations."""
    metrics, ratios = derive_perplexities(run)
    derived = derive_worst_cases(run) if has_worst_cases else run
    return replace(derived, metrics=metrics, cells=Cells.join(derived.cells, ratios))


def _share(run: Run, codes: IntArray, n_measured: int) -> tuple[pa.Array, IntArray]:
    """Which of the statistics with these codes each row repeats, and the code that names the row."""
    metric, treatment = np.divmod(codes, len(run.treatments))
    rows, named = [np.arange(len(codes))], [codes]
    for shared, other in run.same.items():
        rows.append(np.flatnonzero((treatment == other) & (metric < n_measured)))
        named.append(codes[rows[-1]] + shared - other)
    return pa.array(np.concatenate(rows)), np.concatenate(named)


def average_trials(run: Run, scored: Cells, statistic: IntArray) -> tuple[IntArray, IntArray, FloatArray]:
    """For each statistic and instance that has a value: their positions and the value."""
    if run.n_trials == 1:
        return statistic, scored.instance, scored.sum / scored.count
    groups = Groups(statistic * len(run.instance_ids) + scored.instance)
    of, instance = np.divmod(groups.keys, len(run.instance_ids))
    return of, instance, groups.add(scored.sum / scored.count) / groups.sizes


def _count_instances(run: Run, statistic: IntArray) -> Summary:
    if run.n_trials > 1:  # an instance has a cell in each
        statistic = Groups(statistic * len(run.instance_ids) + run.cells.instance).keys // len(run.instance_ids)
    groups = Groups(statistic)
    return groups.keys, {"n_instances": groups.sizes}


def _over_trials(run: Run, scored: Cells, statistic: IntArray) -> Summary:
    trials = Groups(statistic * run.n_trials + scored.trial)
    means = trials.add(scored.sum) / trials.count(scored.count)
    groups = Groups(trials.keys // run.n_trials)
    total = groups.add(means)
    numbers = {"n_trials": groups.sizes, "mean": total / groups.sizes}
    return groups.keys, numbers | dict(zip(OVER_TRIALS, (total, groups.min(means), groups.max(means)), strict=True))


def _check_binary(scored: Cells, statistic: IntArray) -> Summary:
    groups = Groups(statistic)
    values = scored.sum / scored.count
    is_fraction = (values != 0) & (values != 1)
    return groups.keys, {"is_binary": groups.count(is_fraction.astype(np.int64)) == 0}


def _over_instances(run: Run, scored: Cells, statistic: IntArray) -> Summary:
    of, _, values = average_trials(run, scored, statistic)
    groups = Groups(of)
    deviations = values - groups.spread(groups.add(values) / groups.sizes)
    numbers = {"n_scored": groups.sizes, "m2": groups.add(deviations**2)}
    return groups.keys, numbers | {"min": groups.min(values), "max": groups.max(values)}


def _key_columns(run: Run, codes: IntArray) -> dict[str, pa.Array]:
    """Names of the statistics with these codes."""
    metrics, treatments = (pa.array(positions) for positions in np.divmod(codes, len(run.treatments)))
    columns: dict[str, pa.Array] = {}
    for records, positions in ((run.metrics, metrics), (run.treatments, treatments)):
        for texts in zip(*records, strict=True):
            columns[STATISTIC_KEY[len(columns)].name] = pa.array(texts, pa.string()).take(positions)
    return columns


def _fill(values: IntArray | FloatArray | BoolArray, positions: IntArray, size: int) -> pa.Array:
    """The values at their positions; elsewhere 0 for counts, and null for what is then undefined."""
    filled = np.zeros(size, values.dtype)
    filled[positions] = values
    is_undefined = np.ones(size, np.bool_)
    is_undefined[positions] = ~np.isfinite(values)
    return pa.array(filled, mask=None if values.dtype == np.int64 else is_undefined)


def _order(table: pa.Table) -> pa.Table:
    """Without worst cases that have no value, which HELM does not know either, and sorted by the key."""
    is_worst = pc.fill_null(pc.equal(table["computed_on"], "worst"), False)
    is_empty = pc.and_(is_worst, pc.equal(table["n_scored"], 0))
    return table.filter(pc.invert(is_empty)).sort_by([(column.name, "ascending") for column in STATISTIC_KEY])

"""The rows of `stats`: the statistics that HELM reported in stats.json, beside our recomputation of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from every_eval.contracts.stats import RECOMPUTED, REPORTED, STATISTIC_KEY, STATS
from every_eval.sources.columns import build_table
from every_eval.sources.helm.reading.completeness import RunCompleteness
from every_eval.sources.helm.reading.judgements import Panel
from every_eval.sources.helm.reading.metric_index import MetricIndex
from every_eval.sources.helm.reading.metrics import LANGUAGE_MODELING
from every_eval.sources.helm.reading.reported_statistics import ReportedStatistics, StatisticKey
from every_eval.sources.helm.reading.run_context import RunContext, with_fallback
from every_eval.sources.helm.statistics.comparison import compare
from every_eval.sources.helm.statistics.recompute import N_VALUES, OVER_TRIALS

KEY: Final = tuple(column.name for column in STATISTIC_KEY)
EMPTY_RUN: Final = {"metric_name": "num_instances", "n_instances": 0, "n_scored": 0, "n_trials": 0}
"""The only statistic of a run without any: no instance was measured."""


@dataclass(frozen=True)
class RunStatistics:
    """A run's statistics."""

    stats: pa.Table
    """The rows of `stats`."""
    disagreements: pa.Table
    """Where HELM's number and ours differ: see `every_eval.sources.comparison.compare`."""


@dataclass(frozen=True)
class RecomputedStatistics:
    """The statistics that the metrics of single outputs determine."""

    places: Mapping[StatisticKey, int]
    """Row of each statistic."""
    rows: pa.Table
    """What `recompute_statistics` returns."""


def recompute(metrics: MetricIndex, context: RunContext) -> RecomputedStatistics:
    """Recompute the statistics of a run, without worst cases of perturbations where HELM computes none."""
    has_worst_cases = context.spec.adapter_spec.method != LANGUAGE_MODELING
    rows = metrics.recompute_statistics(has_worst_cases=has_worst_cases)
    return RecomputedStatistics(_places(rows), rows)


def run_statistics(
    reported: ReportedStatistics,
    recomputed: RecomputedStatistics,
    context: RunContext,
    panel: Panel,
    completeness: RunCompleteness,
) -> RunStatistics:
    """Return every statistic of the run: the reported ones in their order, then those that only we computed.

    A run without any statistic has one row, which says that no instance was measured: a run without rows would be
    missing from the table.
    """
    if not reported.places and not recomputed.places:
        empty = pa.Table.from_pylist([EMPTY_RUN], recomputed.rows.schema)
        recomputed = RecomputedStatistics(_places(empty), empty)
    keys = list(dict.fromkeys([*reported.places, *recomputed.places]))
    main = _main_metrics(context, {key[0] for key in keys})
    ours = _at(keys, recomputed.places, recomputed.rows)
    columns: dict[str, pa.Array | Sequence[Any]] = dict(zip(KEY, zip(*keys, strict=True), strict=True))
    for group, rows in (
        (REPORTED, _at(keys, reported.places, reported.rows)),
        (RECOMPUTED, ours),
    ):
        columns |= {column.name: rows[column.name] for column in group}
    columns["is_main_metric"] = [key[:2] in main and key[3] is None for key in keys]
    columns["unscored_reason"] = _unscored_reasons(ours, completeness)
    run = {
        "is_complete": completeness.is_complete,
        "n_rejected": completeness.n_rejected,
        "judges": context.judges(panel.judges),
        "n_unjudged": panel.n_unjudged,
    }
    stats = build_table(STATS, len(keys), columns, {**context.constants, **run})
    extra = (*OVER_TRIALS, *N_VALUES)
    compared = pa.table([*stats.columns, *(ours[name] for name in extra)], [*stats.column_names, *extra])
    # Of an incomplete run nothing is compared: what is missing is a reject already, and every statistic would disagree.
    return RunStatistics(stats, compare(compared if completeness.is_complete else compared.slice(0, 0)))


def _unscored_reasons(ours: pa.Table, completeness: RunCompleteness) -> list[str | None]:
    """Return for each statistic why it is no score of the run's outputs although outputs were read."""
    reasons: list[str | None] = []
    for n_finite, n_odd in zip(*(ours[name].to_pylist() for name in N_VALUES), strict=True):
        is_read = bool(n_finite or n_odd)
        odd = f"{n_odd} of {n_finite + n_odd} values are not finite" if n_odd else None
        reasons.append((completeness.loss if is_read else None) or odd)
    return reasons


def _places(statistics: pa.Table) -> Mapping[StatisticKey, int]:
    """Return the row of each statistic."""
    keys = zip(*(statistics[name].to_pylist() for name in KEY), strict=True)
    return {key: place for place, key in enumerate(keys)}


def _at(keys: Sequence[StatisticKey], places: Mapping[StatisticKey, int], rows: pa.Table) -> pa.Table:
    """Return the row of each key, with nulls where a key has no row."""
    return rows.take(pa.array(map(places.get, keys), pa.int64()))


def _main_metrics(context: RunContext, names: set[str]) -> set[tuple[str, str]]:
    """Return name and split of the run's main metrics, with HELM's fallback (`presentation/summarize.py`)."""
    return {(with_fallback(name, names), split) for name, split in context.main_metrics}

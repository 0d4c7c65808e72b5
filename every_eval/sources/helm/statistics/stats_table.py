"""The rows of `stats`: the statistics that HELM reported in stats.json, beside our recomputation of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from every_eval.contracts.rejects import Reason
from every_eval.contracts.stats import BOOTSTRAP, RECOMPUTED, REPORTED, STATISTIC_KEY, STATS
from every_eval.sources.columns import build_table
from every_eval.sources.decoding import Decoded, in_file_order
from every_eval.sources.helm.reading.metric_index import MetricIndex
from every_eval.sources.helm.reading.metrics import LANGUAGE_MODELING
from every_eval.sources.helm.reading.numbers import read_numbers
from every_eval.sources.helm.reading.perturbations import PerturbationReader
from every_eval.sources.helm.reading.records import ReportedStat
from every_eval.sources.helm.reading.run_context import RunContext, with_fallback
from every_eval.sources.helm.statistics.comparison import compare
from every_eval.sources.helm.statistics.recompute import OVER_TRIALS
from every_eval.sources.helm.statistics.replicates import metrics_behind, replicate_main_metrics
from every_eval.sources.source import Reject

FILE = "stats.json"

StatisticKey = tuple[Any, ...]
"""Values of the columns of STATISTIC_KEY, in their order."""

KEY: Final = tuple(column.name for column in STATISTIC_KEY)
EMPTY_RUN: Final = {"metric_name": "num_instances", "n_instances": 0, "n_scored": 0, "n_trials": 0}
"""The only statistic of a run without any: no instance was measured."""


@dataclass(frozen=True)
class ReportedStatistics:
    """The statistics in stats.json, in the file's order."""

    places: Mapping[StatisticKey, int]
    """Row of each statistic; if two have the same key, only the first one is here."""
    rows: pa.Table
    """The columns of `REPORTED`."""


def read_reported(
    stats: Decoded[ReportedStat], perturbations: PerturbationReader, rejects: list[Reject]
) -> ReportedStatistics:
    """Read the reported statistics, and add the ones that cannot be read to `rejects`."""
    found: dict[StatisticKey, tuple[int, ReportedStat]] = {}
    noted: list[Reject] = []
    for position, stat in zip(*stats, strict=True):
        treatment = perturbations.read(stat.name, FILE, f"$[{position}].name")
        if isinstance(treatment, Reject):
            noted.append(treatment)
            continue
        key = (stat.name.name, stat.name.split, stat.name.sub_split, *treatment)
        if key in found:
            noted.append(Reject(Reason.DOUBLED_STATISTIC, f"{key}: sum {stat.sum}", FILE, f"$[{position}]"))
        else:
            found[key] = position, stat
    rows = _reported_rows(list(found.values()), noted)
    rejects += in_file_order(noted)
    return ReportedStatistics({key: place for place, key in enumerate(found)}, rows)


def _reported_rows(stats: Sequence[tuple[int, ReportedStat]], rejects: list[Reject]) -> pa.Table:
    columns = [pa.array([position for position, _ in stats]), pa.array([stat.count for _, stat in stats])]
    for field in ("sum", "mean", "min", "max"):
        values = [getattr(stat, field) for _, stat in stats]
        numbers, is_odd = read_numbers(values)
        columns.append(pa.array(numbers, mask=np.isnan(numbers)))
        for place in np.flatnonzero(is_odd).tolist():
            rejects.append(Reject(Reason.NOT_FINITE, str(values[place]), FILE, f"$[{stats[place][0]}].{field}"))
    arrays = [array.cast(column.type) for array, column in zip(columns, REPORTED, strict=True)]
    return pa.table(arrays, [column.name for column in REPORTED])


@dataclass(frozen=True)
class RunStatistics:
    """A run's statistics."""

    stats: pa.Table
    """The rows of `stats`."""
    disagreements: pa.Table
    """Where HELM's number and ours differ: see `every_eval.sources.comparison.compare`."""


def run_statistics(reported: ReportedStatistics, metrics: MetricIndex, context: RunContext) -> RunStatistics:
    """Return every statistic of the run: the reported ones in their order, then those that only we computed.

    A run without any statistic has one row, which says that no instance was measured: a run without rows would be
    missing from the table.
    """
    # HELM computes no worst cases of perturbations in language modelling.
    has_worst_cases = context.spec.adapter_spec.method != LANGUAGE_MODELING
    recomputed = metrics.recompute_statistics(has_worst_cases=has_worst_cases)
    if not reported.places and not len(recomputed):
        recomputed = pa.Table.from_pylist([EMPTY_RUN], recomputed.schema)
    recomputed_places = _places(recomputed)
    keys = list(dict.fromkeys([*reported.places, *recomputed_places]))
    main = _main_metrics(context, {key[0] for key in keys})
    replicates = _replicates(metrics, main, context)
    ours = _at(keys, recomputed_places, recomputed)
    columns: dict[str, pa.Array | Sequence[Any]] = dict(zip(KEY, zip(*keys, strict=True), strict=True))
    for group, rows in (
        (REPORTED, _at(keys, reported.places, reported.rows)),
        (RECOMPUTED, ours),
        (BOOTSTRAP, _at(keys, _places(replicates), replicates)),
    ):
        columns |= {column.name: rows[column.name] for column in group}
    columns["is_main_metric"] = [key[:2] in main and key[3] is None for key in keys]
    stats = build_table(STATS, len(keys), columns, context.constants)
    compared = pa.table([*stats.columns, *(ours[name] for name in OVER_TRIALS)], [*stats.column_names, *OVER_TRIALS])
    # Without per_instance_stats.json nothing is compared: the missing file is a reject already, and every statistic
    # would disagree.
    return RunStatistics(stats, compare(compared if metrics.names else compared.slice(0, 0)))


def _replicates(metrics: MetricIndex, main: set[tuple[str, str]], context: RunContext) -> pa.Table:
    scenario = tuple(context.constants[name] for name in ("benchmark", "dataset_name", "task"))
    selected = metrics.select(metrics_behind({name for name, _ in main}))
    return replicate_main_metrics(selected, main, scenario)


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

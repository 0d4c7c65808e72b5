"""The rows of `stats`: what stats.json reports, beside what the metrics of single outputs give."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from every_eval.contracts.rejects import Reason
from every_eval.contracts.stats import BOOTSTRAP, RECOMPUTED, REPORTED, STATISTIC_KEY, STATS
from every_eval.sources.columns import build
from every_eval.sources.comparison import compare
from every_eval.sources.decoding import Decoded, in_file_order
from every_eval.sources.helm.reading.context import RunContext
from every_eval.sources.helm.reading.measured import Measured
from every_eval.sources.helm.reading.metrics import LANGUAGE_MODELING
from every_eval.sources.helm.reading.numbers import read_numbers
from every_eval.sources.helm.reading.perturbations import Treatments
from every_eval.sources.helm.reading.records import ReportedStat
from every_eval.sources.helm.statistics.instances import OVER_TRIALS
from every_eval.sources.helm.statistics.replicates import needed_metrics, replicate_main_metrics
from every_eval.sources.source import Reject

FILE = "stats.json"

StatisticKey = tuple[Any, ...]
"""Values of the columns of STATISTIC_KEY, in their order."""

KEY: Final = tuple(column.name for column in STATISTIC_KEY)
NOTHING_MEASURED: Final = {"metric_name": "num_instances", "n_instances": 0, "n_scored": 0, "n_trials": 0}


@dataclass(frozen=True)
class Reported:
    """What stats.json reports, in its order."""

    places: Mapping[StatisticKey, int]
    """Row of each statistic; of two under one key the first counts."""
    rows: pa.Table
    """The columns of `REPORTED`."""


def read_reported(stats: Decoded[ReportedStat], treatments: Treatments, rejects: list[Reject]) -> Reported:
    """The reported statistics; what cannot be read is added to `rejects`."""
    found: dict[StatisticKey, tuple[int, ReportedStat]] = {}
    noted: list[Reject] = []
    for position, stat in zip(*stats, strict=True):
        treatment = treatments.of(stat.name, FILE, f"$[{position}].name")
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
    return Reported({key: place for place, key in enumerate(found)}, rows)


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
    """A run's statistics: the rows of `stats`, and where the two sides disagree."""

    stats: pa.Table
    disagreements: pa.Table
    """As `every_eval.sources.comparison.compare` tells them."""


def run_statistics(reported: Reported, measured: Measured, context: RunContext) -> RunStatistics:
    """Every statistic of the run: the reported ones in their order, then those that only the outputs give.

    A run without any has one row, which says that it measured no instance; without it nobody would know of the run.
    """
    # HELM computes no worst cases of perturbations in language modelling.
    has_worst_cases = context.spec.adapter_spec.method != LANGUAGE_MODELING
    recomputed = measured.summarise(has_worst_cases=has_worst_cases)
    if not reported.places and not len(recomputed):
        recomputed = pa.Table.from_pylist([NOTHING_MEASURED], recomputed.schema)
    recomputed_places = _places(recomputed)
    keys = list(dict.fromkeys([*reported.places, *recomputed_places]))
    main = _main_metrics(context, {key[0] for key in keys})
    replicates = _replicates(measured, main, context)
    ours = _at(keys, recomputed_places, recomputed)
    columns: dict[str, pa.Array | Sequence[Any]] = dict(zip(KEY, zip(*keys, strict=True), strict=True))
    for group, rows in (
        (REPORTED, _at(keys, reported.places, reported.rows)),
        (RECOMPUTED, ours),
        (BOOTSTRAP, _at(keys, _places(replicates), replicates)),
    ):
        columns |= {column.name: rows[column.name] for column in group}
    columns["is_main_metric"] = [key[:2] in main and key[3] is None for key in keys]
    stats = build(STATS, len(keys), columns, context.shared)
    compared = pa.table([*stats.columns, *(ours[name] for name in OVER_TRIALS)], [*stats.column_names, *OVER_TRIALS])
    # Without any metric, what is missing is a reject already, not a disagreement about every statistic.
    return RunStatistics(stats, compare(compared if measured.names else compared.slice(0, 0)))


def _replicates(measured: Measured, main: set[tuple[str, str]], context: RunContext) -> pa.Table:
    scenario = tuple(context.shared[name] for name in ("benchmark", "dataset_name", "task"))
    needed = measured.run(needed_metrics({name for name, _ in main}))
    return replicate_main_metrics(needed, main, scenario)


def _places(statistics: pa.Table) -> Mapping[StatisticKey, int]:
    """Row of each statistic."""
    keys = zip(*(statistics[name].to_pylist() for name in KEY), strict=True)
    return {key: place for place, key in enumerate(keys)}


def _at(keys: Sequence[StatisticKey], places: Mapping[StatisticKey, int], rows: pa.Table) -> pa.Table:
    """Of each key the row at its place; nulls where there is none."""
    return rows.take(pa.array(map(places.get, keys), pa.int64()))


def _main_metrics(context: RunContext, names: set[str]) -> set[tuple[str, str]]:
    """(metric name, split) of the run's main metrics, by HELM's one fallback (`presentation/summarize.py`)."""
    return {
        ("exact_match" if name == "quasi_exact_match" and name not in names else name, split)
        for name, split in context.main_metrics
    }

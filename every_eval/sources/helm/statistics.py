"""The rows of `stats`: what stats.json reports, beside what the metrics of single outputs give."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pyarrow as pa

from every_eval.contracts.metrics import METRICS
from every_eval.contracts.rejects import Reason
from every_eval.contracts.stats import BOOTSTRAP, RECOMPUTED, REPORTED, STATISTIC_KEY, STATS
from every_eval.sources.columns import build
from every_eval.sources.decoding import Decoded
from every_eval.sources.helm.context import RunContext
from every_eval.sources.helm.measured import Measured
from every_eval.sources.helm.metrics import LANGUAGE_MODELING
from every_eval.sources.helm.perturbations import Treatments
from every_eval.sources.helm.records import ReportedStat
from every_eval.sources.source import Reject
from every_eval.statistics.comparison import compare
from every_eval.statistics.instances import OVER_TRIALS
from every_eval.statistics.replicates import needed_metrics, replicate_main_metrics

FILE = "stats.json"

StatisticKey = tuple[Any, ...]
"""Values of the columns of STATISTIC_KEY, in their order."""

Row = dict[str, Any]

KEY: Final = tuple(column.name for column in STATISTIC_KEY)
NOTHING_MEASURED: Final[Row] = {"metric_name": "num_instances", "n_instances": 0, "n_scored": 0, "n_trials": 0}


def read_reported(
    stats: Decoded[ReportedStat], treatments: Treatments, rejects: list[Reject]
) -> dict[StatisticKey, Row]:
    """The reported statistics by their key, in the file's order; of two under one key the first counts.

    What cannot be read is added to `rejects`.
    """
    rows: dict[StatisticKey, Row] = {}
    for position, stat in zip(*stats, strict=True):
        treatment = treatments.of(stat.name, FILE, f"$[{position}].name")
        if isinstance(treatment, Reject):
            rejects.append(treatment)
            continue
        key = (stat.name.name, stat.name.split, stat.name.sub_split, *treatment)
        if key in rows:
            rejects.append(Reject(Reason.DOUBLED_STATISTIC, f"{key}: sum {stat.sum}", FILE, f"$[{position}]"))
            continue
        rows[key] = _reported(stat, position, rejects)
    return rows


def _reported(stat: ReportedStat, position: int, rejects: list[Reject]) -> Row:
    row: Row = {"reported_index": position, "reported_count": stat.count}
    for field in ("sum", "mean", "min", "max"):
        value = getattr(stat, field)
        number = None if value is None else float(value)
        if number is not None and not math.isfinite(number):
            rejects.append(Reject(Reason.NOT_FINITE, str(value), FILE, f"$[{position}].{field}"))
            number = None
        row[f"reported_{field}"] = number
    return row


@dataclass(frozen=True)
class RunStatistics:
    """A run's statistics: the rows of `stats`, and where the two sides disagree."""

    stats: pa.Table
    disagreements: pa.Table
    """As `every_eval.statistics.comparison.compare` tells them."""


def run_statistics(reported: Mapping[StatisticKey, Row], measured: Measured, context: RunContext) -> RunStatistics:
    """Every statistic of the run: the reported ones in their order, then those that only the outputs give.

    A run without any has one row, which says that it measured no instance; without it nobody would know of the run.
    """
    # HELM computes no worst cases of perturbations in language modelling.
    has_worst_cases = context.spec.adapter_spec.method != LANGUAGE_MODELING
    recomputed = measured.summarise(has_worst_cases=has_worst_cases)
    if not reported and not len(recomputed):
        recomputed = pa.Table.from_pylist([NOTHING_MEASURED], recomputed.schema)
    keys = list(dict.fromkeys([*reported, *_keys(recomputed)]))
    main = _main_metrics(context, {key[0] for key in keys})
    shared = context.shared
    scenario = (shared["benchmark"], shared["dataset_name"], shared["task"])
    needed = measured.table(needed_metrics({name for name, _ in main}))
    ours = _at(keys, recomputed)
    columns: dict[str, pa.Array | Sequence[Any]] = dict(zip(KEY, zip(*keys, strict=True), strict=True))
    rows: Sequence[Row] = [reported.get(key, {}) for key in keys]
    columns |= {column.name: [row.get(column.name) for row in rows] for column in REPORTED}
    columns |= {column.name: ours[column.name] for column in RECOMPUTED}
    replicates = _at(keys, replicate_main_metrics(_plain(needed), main, scenario))
    columns |= {column.name: replicates[column.name] for column in BOOTSTRAP}
    columns["is_main_metric"] = [key[:2] in main and key[3] is None for key in keys]
    stats = build(STATS, len(keys), columns, shared)
    compared = pa.table([*stats.columns, *(ours[name] for name in OVER_TRIALS)], [*stats.column_names, *OVER_TRIALS])
    # Without any metric, what is missing is a reject already, not a disagreement about every statistic.
    return RunStatistics(stats, compare(compared if measured.names else compared.slice(0, 0)))


def _keys(statistics: pa.Table) -> Iterator[StatisticKey]:
    return zip(*(statistics[name].to_pylist() for name in KEY), strict=True)


def _at(keys: Sequence[StatisticKey], statistics: pa.Table) -> pa.Table:
    """Of each key the statistics' row; nulls where there is none."""
    places = {key: place for place, key in enumerate(_keys(statistics))}
    return statistics.take(pa.array([places.get(key) for key in keys], pa.int64()))


def _main_metrics(context: RunContext, names: set[str]) -> set[tuple[str, str]]:
    """(metric name, split) of the run's main metrics, by HELM's one fallback (`presentation/summarize.py`)."""
    return {
        ("exact_match" if name == "quasi_exact_match" and name not in names else name, split)
        for name, split in context.main_metrics
    }


def _plain(table: pa.Table) -> pa.Table:
    """The table with texts in place of codes."""
    return table.cast(pa.schema([METRICS.schema.field(name) for name in table.column_names]))

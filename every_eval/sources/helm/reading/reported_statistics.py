"""The statistics that HELM reported, from stats.json."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from every_eval.contracts.rejects import Reason
from every_eval.contracts.stats import REPORTED
from every_eval.sources.columns import without_nan
from every_eval.sources.decoding import Decoded, in_file_order
from every_eval.sources.helm.reading.numbers import read_numbers
from every_eval.sources.helm.reading.perturbations import PerturbationReader
from every_eval.sources.helm.reading.records import ReportedStat
from every_eval.sources.source import Reject

FILE: Final = "stats.json"

StatisticKey = tuple[Any, ...]
"""Values of the columns of STATISTIC_KEY, in their order."""


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
        columns.append(without_nan(numbers))
        for place in np.flatnonzero(is_odd).tolist():
            rejects.append(Reject(Reason.NOT_FINITE, str(values[place]), FILE, f"$[{stats[place][0]}].{field}"))
    arrays = [array.cast(column.type) for array, column in zip(columns, REPORTED, strict=True)]
    return pa.table(arrays, [column.name for column in REPORTED])

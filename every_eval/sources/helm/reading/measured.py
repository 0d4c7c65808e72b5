"""What a run's metrics are remembered by until its scores and statistics are made."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from every_eval.contracts.stats import STATISTIC_KEY
from every_eval.sources.columns import codes_of
from every_eval.sources.helm.statistics.cells import ORIGINAL, Metric, Run, Treatment, add_up
from every_eval.sources.helm.statistics.instances import summarise_run
from every_eval.sources.helm.statistics.perplexity import NUMERATOR, RATIOS, derive_perplexities

SampleKey = tuple[str, str | None, int]
"""(instance_id, perturbation as canonical JSON, train_trial_index): HELM's key, not always unique."""

RATIO_METRICS: Final = frozenset({NUMERATOR, *(name for ratio in RATIOS for name in (ratio.name, ratio.denominator))})
"""Metrics that ratios are made of, and the ratios themselves."""
MAX_ROWS: Final = 1 << 18
"""Of a run whose statistics are made all at once."""

Codes = npt.NDArray[np.int32]
Rows = Mapping[str, npt.NDArray[Any]]
"""Metrics as arrays of one length, by field."""
ROW: Final = {"key": np.int32, "name": np.int32, "count": np.int64, "sum": np.float64, "min": np.float64}
"""Fields of a metric: codes of its key and name, and its numbers, NaN for what is undefined."""


class Measured:
    """A run's metrics in their order, with the keys and names that they have."""

    def __init__(self) -> None:
        """Nothing is measured yet."""
        self.names: dict[tuple[str, str | None, str | None], int] = {}
        """Codes of (name, split, sub_split)."""
        self.keys: dict[SampleKey, int] = {}
        """Codes of keys, in whose order their parts are listed."""
        self._instances: dict[str, int] = {}
        self._treatments: dict[Treatment, int] = {ORIGINAL: 0}
        self._parts: list[tuple[int, int, int]] = []
        self._pieces: list[Rows] = []

    def key_code(self, instance_id: str, treatment: Treatment, trial: int) -> int:
        """Position of a key in `keys`, to which it is added if it is new."""
        key = (instance_id, treatment.perturbation, trial)
        code = self.keys.get(key)
        if code is None:
            code = self.keys[key] = len(self.keys)
            instance = self._instances.setdefault(instance_id, len(self._instances))
            self._parts.append((instance, self._treatments.setdefault(treatment, len(self._treatments)), trial))
        return code

    def add(self, columns: Rows) -> None:
        """Remember some metrics, given with the fields of `ROW` among others."""
        self._pieces.append({field: columns[field] for field in ROW})

    @property
    def metric_names(self) -> set[str]:
        """Names of all metrics."""
        return {name for name, _, _ in self.names}

    def scores(self, metric_name: str) -> Mapping[SampleKey, float]:
        """The metric's value by HELM's key; keys without a value are absent."""
        rows = self._rows({metric_name})
        has_value = (rows["count"] > 0) & np.isfinite(rows["sum"])
        values = rows["sum"][has_value] / rows["count"][has_value]
        keys = list(self.keys)
        return {keys[key]: value for key, value in zip(rows["key"][has_value].tolist(), values.tolist(), strict=True)}

    def summarise(self, *, has_worst_cases: bool) -> pa.Table:
        """Every statistic that the metrics determine; see `every_eval.sources.helm.statistics.instances.summarise`.

        Those of a large run are made some metrics at a time, so that memory stays bounded.
        """
        if not self._is_large:
            return summarise_run(self._whole, has_worst_cases=has_worst_cases)
        parts = (self.run({name}) for name in sorted(self.metric_names))
        tables = [summarise_run(part, has_worst_cases=has_worst_cases) for part in parts]
        measured = self.run(RATIO_METRICS)
        metrics, cells = derive_perplexities(measured)
        tables.append(summarise_run(replace(measured, metrics=metrics, cells=cells), has_worst_cases=False))
        return pa.concat_tables(tables).sort_by([(column.name, "ascending") for column in STATISTIC_KEY])

    def key_columns(self, codes: Codes) -> dict[str, pa.Array]:
        """The columns that a key stands for, in rows with these codes of keys."""
        instance, treatment, trial = (np.ascontiguousarray(part)[codes] for part in self._parts_by_key())
        treatments = list(self._treatments)
        return {
            "instance_id": pa.DictionaryArray.from_arrays(pa.array(instance), pa.array(self._instances, pa.string())),
            "perturbation": codes_of(treatment, [item.perturbation for item in treatments]),
            "perturbation_name": codes_of(treatment, [item.perturbation_name for item in treatments]),
            "train_trial_index": pa.array(trial),
        }

    def name_columns(self, codes: Codes) -> dict[str, pa.Array]:
        """The columns that a name stands for, in rows with these codes of names."""
        columns: Sequence[Sequence[str | None]] = list(zip(*self.names, strict=True)) or [(), (), ()]
        return {
            name: codes_of(codes, values)
            for name, values in zip(("metric_name", "split", "sub_split"), columns, strict=True)
        }

    def _parts_by_key(self) -> Codes:
        """Instances, treatments and trials of the keys, by their codes."""
        return np.array(self._parts, np.int32).reshape(-1, 3).T

    def _rows(self, metric_names: Collection[str]) -> Rows:
        codes = [code for (name, _, _), code in self.names.items() if name in metric_names]
        pieces = self._pieces
        if len(codes) < len(self.names):
            is_wanted = np.zeros(len(self.names), np.bool_)
            is_wanted[codes] = True
            chosen = [is_wanted[piece["name"]] for piece in pieces]
            pieces = [{field: piece[field][rows] for field in ROW} for piece, rows in zip(pieces, chosen, strict=True)]
        if len(pieces) == 1:
            return pieces[0]
        return {
            field: np.concatenate([np.zeros(0, kind), *(piece[field] for piece in pieces)])
            for field, kind in ROW.items()
        }

    def run(self, metric_names: Collection[str]) -> Run:
        """The metrics of these names, as statistics are made from them; all metrics of a run that is not large."""
        return self._run(metric_names) if self._is_large else self._whole

    @property
    def _is_large(self) -> bool:
        return sum(len(piece["key"]) for piece in self._pieces) > MAX_ROWS

    @cached_property
    def _whole(self) -> Run:
        return self._run(self.metric_names)

    def _run(self, metric_names: Collection[str]) -> Run:
        rows = self._rows(metric_names)
        names, instances = list(self.names), tuple(self._instances)
        instance, treatment, trial = self._parts_by_key().astype(np.int64)
        shape = (len(self._treatments), int(trial.max(initial=0)) + 1, len(instances))
        places = np.ravel_multi_index((treatment, trial, instance), shape)
        present = np.flatnonzero(np.bincount(rows["name"], minlength=len(names)))
        starts = np.zeros(len(names), np.int64)
        starts[present] = np.arange(len(present)) * math.prod(shape)
        codes = starts[rows["name"]] + places[rows["key"]]
        cells = add_up(codes, (len(present), *shape), rows["count"], rows["sum"], rows["min"])
        metrics = tuple(Metric(*names[code]) for code in present.tolist())
        return Run(metrics, tuple(self._treatments), instances, shape[1], cells)

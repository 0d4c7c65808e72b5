"""In-memory index of one run's metric values, by metric, perturbation, trial and instance."""

import math
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from every_eval.contracts.stats import STATISTIC_KEY
from every_eval.sources.columns import dictionary_array
from every_eval.sources.helm.statistics.calibration_errors import N_BINS, PARTS
from every_eval.sources.helm.statistics.metric_values import ORIGINAL, Metric, RunMetrics, Treatment, add_trials, add_up
from every_eval.sources.helm.statistics.perplexity import NUMERATOR, RATIOS
from every_eval.sources.helm.statistics.recompute import derive_joint_metrics, recompute_statistics
from every_eval.statistics.composite_keys import compose

SampleKey = tuple[str, str | None, int]
"""HELM's key of an output: instance id, perturbation as canonical JSON, train trial index. It is not always unique."""

JOINT_METRICS: Final = frozenset(
    {NUMERATOR, *(name for ratio in RATIOS for name in (ratio.name, ratio.denominator)), *PARTS, *N_BINS}
)
"""The metrics that are made of several others, and these others."""
MAX_ROWS: Final = 1 << 18
"""Metric values of a run up to which its statistics are computed all at once."""

Codes = npt.NDArray[np.int32]
Rows = Mapping[str, npt.NDArray[Any]]
"""Metric values as arrays of one length, by field."""
ROW: Final = {"key": np.int32, "name": np.int32, "count": np.int64, "sum": np.float64, "min": np.float64}
"""The fields of a metric value: codes of its key and its name, and its numbers, NaN where undefined."""


class MetricIndex:
    """A run's metric values in the file's order, and the keys and names that occur."""

    def __init__(self) -> None:
        """Start without any metric."""
        self.names: dict[tuple[str, str | None, str | None], int] = {}
        """Code of each (name, split, sub_split)."""
        self.keys: dict[SampleKey, int] = {}
        """Code of each key."""
        self._instances: dict[str, int] = {}
        self._treatments: dict[Treatment, int] = {ORIGINAL: 0}
        self._parts: list[tuple[int, int, int]] = []
        """Instance, treatment and trial of each key, by the key's code."""
        self._pieces: list[Rows] = []

    def key_code(self, instance_id: str, treatment: Treatment, trial: int) -> int:
        """Return the code of a key; a new key gets the next code."""
        key = (instance_id, treatment.perturbation, trial)
        code = self.keys.get(key)
        if code is None:
            code = self.keys[key] = len(self.keys)
            instance = self._instances.setdefault(instance_id, len(self._instances))
            self._parts.append((instance, self._treatments.setdefault(treatment, len(self._treatments)), trial))
        return code

    def add(self, rows: Rows) -> None:
        """Add metric values, which have the fields of `ROW` and perhaps others."""
        self._pieces.append({field: rows[field] for field in ROW})

    @property
    def metric_names(self) -> set[str]:
        """Names of all metrics."""
        return {name for name, _, _ in self.names}

    def count_instances(self) -> Mapping[str | None, int]:
        """Return the number of instances with each perturbation."""
        instance, treatment, _ = self._parts_by_key().astype(np.int64)
        pairs = np.unique(compose((instance, treatment), (len(self._instances), len(self._treatments))))
        counts = np.bincount(pairs % len(self._treatments), minlength=len(self._treatments)).tolist()
        return {each.perturbation: n_times for each, n_times in zip(self._treatments, counts, strict=True)}

    def scores(self, metric_name: str) -> Mapping[SampleKey, float]:
        """Return the metric's value for each key that has a value."""
        rows = self._rows({metric_name})
        has_value = (rows["count"] > 0) & np.isfinite(rows["sum"])
        values = rows["sum"][has_value] / rows["count"][has_value]
        keys = list(self.keys)
        return {keys[key]: value for key, value in zip(rows["key"][has_value].tolist(), values.tolist(), strict=True)}

    def recompute_statistics(self, *, has_worst_cases: bool) -> pa.Table:
        """Return what the function `recompute_statistics` returns for all metrics.

        The statistics of a large run are computed a few metrics at a time, so that memory stays bounded.
        """
        if not self._is_large:
            return recompute_statistics(self._whole, has_worst_cases=has_worst_cases)
        parts = (self.select({name}) for name in sorted(self.metric_names))
        tables = [recompute_statistics(part, has_worst_cases=has_worst_cases) for part in parts]
        tables.append(recompute_statistics(derive_joint_metrics(self.select(JOINT_METRICS)), has_worst_cases=False))
        return pa.concat_tables(tables).sort_by([(column.name, "ascending") for column in STATISTIC_KEY])

    def select(self, metric_names: Collection[str]) -> RunMetrics:
        """Return the metrics of these names; of a run that is not large, all metrics."""
        return self._select(metric_names) if self._is_large else self._whole

    def key_columns(self, codes: Codes) -> dict[str, pa.Array]:
        """Return the columns of the table `metrics` that a key stands for, for rows with these codes of keys."""
        instance, treatment, trial = (np.ascontiguousarray(part)[codes] for part in self._parts_by_key())
        treatments = list(self._treatments)
        return {
            "instance_id": pa.DictionaryArray.from_arrays(pa.array(instance), pa.array(self._instances, pa.string())),
            "perturbation": dictionary_array(treatment, [item.perturbation for item in treatments]),
            "perturbation_name": dictionary_array(treatment, [item.perturbation_name for item in treatments]),
            "train_trial_index": pa.array(trial),
        }

    def name_columns(self, codes: Codes) -> dict[str, pa.Array]:
        """Return the columns of the table `metrics` that a name stands for, for rows with these codes of names."""
        columns: Sequence[Sequence[str | None]] = list(zip(*self.names, strict=True)) or [(), (), ()]
        return {
            name: dictionary_array(codes, values)
            for name, values in zip(("metric_name", "split", "sub_split"), columns, strict=True)
        }

    def _parts_by_key(self) -> Codes:
        """Return instances, treatments and trials of the keys as three arrays."""
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

    @property
    def _is_large(self) -> bool:
        return sum(len(piece["key"]) for piece in self._pieces) > MAX_ROWS

    @cached_property
    def _whole(self) -> RunMetrics:
        return self._select(self.metric_names)

    def _select(self, metric_names: Collection[str]) -> RunMetrics:
        rows = self._rows(metric_names)
        names, instances = list(self.names), tuple(self._instances)
        instance, treatment, trial = self._parts_by_key().astype(np.int64)
        n_trials = int(trial.max(initial=0)) + 1
        present = np.flatnonzero(np.bincount(rows["name"], minlength=len(names)))
        metric = np.zeros(len(names), np.int64)
        metric[present] = np.arange(len(present))
        sizes = (len(self._treatments), n_trials, len(instances))
        places = compose((treatment, trial, instance), sizes)
        keys = compose((metric[rows["name"]], places[rows["key"]]), (len(present), math.prod(sizes)))
        of_all = (len(present), *sizes)
        values = add_up(keys, of_all, rows["count"], rows["sum"], rows["min"])
        trials = add_trials(keys, of_all, rows["count"], rows["sum"])
        metrics = tuple(Metric(*names[code]) for code in present.tolist())
        return RunMetrics(metrics, tuple(self._treatments), instances, n_trials, values, trials)

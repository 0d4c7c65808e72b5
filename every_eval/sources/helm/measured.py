"""What a run's metrics are remembered by until its scores and statistics are made."""

from collections.abc import Collection, Iterator, Mapping
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from every_eval.sources.helm.columns import codes_of
from every_eval.statistics.cells import Treatment
from every_eval.statistics.perplexity import NUMERATOR, RATIOS

SampleKey = tuple[str, str | None, int]
"""(instance_id, perturbation as canonical JSON, train_trial_index): HELM's key, not always unique."""

BOUND_TOGETHER: Final = frozenset({NUMERATOR, *(name for ratio in RATIOS for name in (ratio.name, ratio.denominator))})
"""Metrics whose statistics are made of each other."""
MAX_ROWS: Final = 1 << 19
"""Of the metrics that statistics are made from at a time, as far as one may go without another."""

Rows = npt.NDArray[np.void]
ROW: Final = np.dtype([("key", "i4"), ("name", "i4"), ("count", "i8"), ("sum", "f8"), ("min", "f8")])
"""A metric: codes of its key and name, and its numbers, NaN for what is undefined."""


class Measured:
    """A run's metrics in their order, with the keys and names that they have."""

    def __init__(self) -> None:
        """Nothing is measured yet."""
        self.names: dict[tuple[str, str | None, str | None], int] = {}
        """Codes of (name, split, sub_split)."""
        self.keys: list[tuple[SampleKey, Treatment]] = []
        self._key_codes: dict[SampleKey, int] = {}
        self._pieces: list[Rows] = []

    def key_code(self, instance_id: str, treatment: Treatment, trial: int) -> int:
        """Position of a key in `keys`, to which it is added if it is new."""
        key = (instance_id, treatment.perturbation, trial)
        code = self._key_codes.get(key)
        if code is None:
            code = self._key_codes[key] = len(self.keys)
            self.keys.append((key, treatment))
        return code

    def add(self, rows: Rows) -> None:
        """Remember a piece of the file."""
        self._pieces.append(rows)

    @property
    def metric_names(self) -> set[str]:
        """Names of all metrics."""
        return {name for name, _, _ in self.names}

    def scores(self, metric_name: str) -> Mapping[SampleKey, float]:
        """The metric's value by HELM's key; keys without a value are absent."""
        wanted = self._codes({metric_name})
        scores = {}
        for piece in self._pieces:
            rows = piece[np.isin(piece["name"], wanted) & (piece["count"] > 0) & np.isfinite(piece["sum"])]
            values = rows["sum"] / rows["count"]
            scores |= {self.keys[key][0]: value for key, value in zip(rows["key"].tolist(), values.tolist(), strict=True)}
        return scores

    def tables(self) -> Iterator[pa.Table]:
        """The metrics with the columns of the contract `metrics` that statistics are made from.

        A large run's come in several tables, each with all rows of some metrics, so that memory stays bounded.
        """
        sizes = dict.fromkeys(sorted(self.metric_names), 0)
        for (name, _, _), code in self.names.items():
            sizes[name] += sum(int(np.count_nonzero(piece["name"] == code)) for piece in self._pieces)
        for names in _pack(sizes):
            yield self.table(names)

    def table(self, metric_names: Collection[str]) -> pa.Table:
        """The metrics of these names, as `tables` has them."""
        codes = self._codes(metric_names)
        is_whole = len(codes) == len(self.names)
        rows = np.concatenate(
            [np.zeros(0, ROW), *(piece if is_whole else piece[np.isin(piece["name"], codes)] for piece in self._pieces)]
        )
        numbers = {name: pa.array(np.ascontiguousarray(rows[name])) for name in ("count", "sum", "min")}
        return pa.table({**self.key_columns(rows["key"]), **self.name_columns(rows["name"]), **numbers})

    def key_columns(self, codes: npt.NDArray[np.int32]) -> dict[str, pa.Array]:
        """The columns that a key stands for, in rows with these codes of keys."""
        first = int(codes.min(initial=len(self.keys)))
        keys = self.keys[first : int(codes.max(initial=first)) + 1]
        codes = codes - first
        return {
            "instance_id": codes_of(codes, [key[0] for key, _ in keys]),
            "perturbation": codes_of(codes, [key[1] for key, _ in keys]),
            "perturbation_name": codes_of(codes, [treatment.perturbation_name for _, treatment in keys]),
            "train_trial_index": pa.array(np.array([key[2] for key, _ in keys], np.int32)[codes]),
        }

    def name_columns(self, codes: npt.NDArray[np.int32]) -> dict[str, pa.Array]:
        """The columns that a name stands for, in rows with these codes of names."""
        columns = zip(*self.names, strict=True) if self.names else [(), (), ()]
        return {
            name: codes_of(codes, values)
            for name, values in zip(("metric_name", "split", "sub_split"), columns, strict=True)
        }

    def _codes(self, metric_names: Collection[str]) -> list[int]:
        return [code for (name, _, _), code in self.names.items() if name in metric_names]


def _pack(sizes: Mapping[str, int]) -> list[set[str]]:
    """Names in parts of up to `MAX_ROWS` rows, where no name by itself has more; what is bound together stays so."""
    parts = [{name for name in sizes if name in BOUND_TOGETHER}]
    filled = sum(sizes[name] for name in parts[0])
    for name in (name for name in sizes if name not in BOUND_TOGETHER):
        if parts[-1] and filled + sizes[name] > MAX_ROWS:
            parts.append(set())
            filled = 0
        parts[-1].add(name)
        filled += sizes[name]
    return [part for part in parts if part]

"""Make the rows of the tables `samples`, `metrics` and `judgements` of some samples of a log."""

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.judgements import JUDGEMENTS
from every_eval.contracts.metrics import METRICS
from every_eval.contracts.samples import SAMPLES
from every_eval.sources.columns import build_table, dictionary_array
from every_eval.sources.inspect.evaluation import Evaluation
from every_eval.sources.inspect.records import Sample
from every_eval.sources.inspect.sample_row import Row
from every_eval.sources.inspect.sample_values import SampleValue
from every_eval.sources.judgement import Judgement
from every_eval.sources.source import Run

_KEY: Final = ("instance_id", "train_trial_index", "occurrence")


@dataclass(frozen=True, slots=True)
class ReadSample:
    """A sample with all that its rows are made of."""

    sample: Sample
    occurrence: int
    """Number, from 0, of the sample among samples of the same identifier and epoch."""
    row: Row
    """Columns of the texts."""
    values: Sequence[SampleValue]
    judgements: Sequence[Judgement]

    @property
    def key(self) -> tuple[str, int, int]:
        """Identifier of the sample, epoch from 0, and occurrence."""
        return (self.sample.instance_id, self.sample.epoch - 1, self.occurrence)


class RowMaker:
    """Makes the rows of one run."""

    def __init__(self, run: Run, evaluation: Evaluation) -> None:
        """Make the rows of `run`."""
        main = evaluation.main_score
        self._method = None if main is None else evaluation.value_name(main.scorer, main.key)
        self._shared = {**evaluation.shared(run), "split": None, "sub_split": None}
        self._identity = canonical_json([run.source, run.benchmark, run.suite, run.name])[:-1]

    def samples(self, read: Sequence[ReadSample], judges: Sequence[str] | None) -> pa.Table:
        """Return the rows of the table `samples`, of at least one sample."""
        columns: dict[str, list[Any]] = {name: [item.row[name] for item in read] for name in read[0].row}
        columns |= _keys([item.key for item in read])
        columns["evaluation_id"] = [self._evaluation_id(*item.key) for item in read]
        columns["evaluation_score"] = [self._score(item) for item in read]
        shared = {**self._shared, "evaluation_method_name": self._method, "judges": list(judges) if judges else None}
        return build_table(SAMPLES, len(read), columns, shared)

    def metrics(self, read: Sequence[ReadSample]) -> pa.Table:
        """Return the rows of the table `metrics`: one row per number of a sample."""
        values = [value for item in read for value in item.values]
        samples = np.repeat(np.arange(len(read)), [len(item.values) for item in read])
        numbers = pa.array([_finite(value.number) for value in values], pa.float64())
        columns: dict[str, Any] = {
            "instance_id": dictionary_array(samples, [item.sample.instance_id for item in read]),
            "train_trial_index": np.array([item.sample.epoch - 1 for item in read])[samples],
            "occurrence": np.array([item.occurrence for item in read])[samples],
            "metric_name": pa.array([value.metric_name for value in values]).dictionary_encode(),
            "count": [int(value.number is not None) for value in values],
            **dict.fromkeys(("sum", "min", "max", "value"), numbers),
        }
        return build_table(METRICS, len(values), columns, self._shared)

    def judgements(self, read: Sequence[ReadSample]) -> pa.Table:
        """Return the rows of the table `judgements`."""
        keys = [item.key for item in read for _ in item.judgements]
        found = [judgement for item in read for judgement in item.judgements]
        columns = {**_keys(keys), **{name: [getattr(one, name) for one in found] for name in Judgement._fields}}
        return build_table(JUDGEMENTS, len(keys), columns, self._shared)

    def _score(self, item: ReadSample) -> float | None:
        return next((_finite(value.number) for value in item.values if value.metric_name == self._method), None)

    def _evaluation_id(self, instance_id: str, trial: int, occurrence: int) -> str:
        """Return the SHA-256 digest of the sample's key, as the documentation of the column states."""
        text = f"{self._identity},{canonical_json(instance_id)},null,{trial},null,{occurrence}]"
        return hashlib.sha256(text.encode()).hexdigest()


def _keys(keys: Sequence[tuple[str, int, int]]) -> Mapping[str, list[Any]]:
    return {name: [key[at] for key in keys] for at, name in enumerate(_KEY)}


def _finite(number: float | None) -> float | None:
    return number if number is not None and math.isfinite(number) else None

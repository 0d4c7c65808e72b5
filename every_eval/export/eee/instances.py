"""The instance file of a record: one row for each value of a metric.

A row repeats no other row's key: the metadata holds the split, perturbation, trial, reference and occurrence.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.metric_ranges import ACCURACY_METRICS, METRIC_SUFFIX
from every_eval.export.eee.conversation import count_tool_calls
from every_eval.export.eee.counts import Counts
from every_eval.export.eee.json_text import encode, text_map
from every_eval.export.eee.sample_texts import SAMPLE_COLUMNS, sample_metadata, sample_texts
from every_eval.export.eee.usage import USAGE_METRICS, Usage
from every_eval.sources.distinct import to_list

SCHEMA_VERSION: Final = "0.3.0"
_INSTANCE_PARTS: Final = 3
"""Number of the columns of a key that identify an instance, whichever reference or occurrence it is."""
_VERDICTS: Final = {*ACCURACY_METRICS, "accuracy"}
"""Metrics that are 1 for a right answer and 0 for a wrong one; `accuracy` is Inspect's."""

_NO_VERDICT: Final = ',"is_correct_defined":"false"'

Row = Mapping[str, Any]
Key = tuple[Any, ...]


class Value(NamedTuple):
    """A row of the table `metrics`, without what all rows of the run share."""

    instance_id: str
    perturbation: str | None
    train_trial_index: int
    reference_index: int | None
    occurrence: int
    metric_name: str
    split: str | None
    sub_split: str | None
    perturbation_name: str | None
    count: int  # type: ignore[assignment]  # The column's name; nobody counts the elements of the tuple.
    sum: float | None
    min: float | None
    max: float | None
    value: float | None

    @property
    def key(self) -> Key:
        """Columns that identify the sample within its run."""
        return self[: len(_KEY)]


_KEY: Final = Value._fields[:5]


@dataclass(frozen=True)
class Statistic:
    """What the rows of one statistic share."""

    is_verdict: bool
    """Whether the metric says right or wrong."""
    has_result: bool
    metadata: bytes
    """Members of the metadata, as JSON."""
    end: bytes
    """End of the rows: the identifier of the result."""


@dataclass(frozen=True)
class Sample:
    """What the rows of one sample share."""

    head: bytes
    """Beginning of the rows, up to the members of the metadata that belong to the sample."""
    evaluation: bytes
    """Further members of the evaluation, as JSON."""
    is_published: bool


@dataclass(frozen=True)
class Instances:
    """The rows of a run's instance file."""

    evaluation_id: str
    model_id: str
    evaluation_name: str
    result_ids: Mapping[Key, str]
    """Identifier of each result, by metric, split, sub-split, perturbation and computed_on."""
    metric_names: AbstractSet[str] | None
    """Metrics whose values become rows; null for all."""
    counts: Counts = field(default_factory=Counts)

    def lines(self, samples: pa.Table, metrics: pa.Table) -> Iterator[bytes]:
        """Yield the rows as lines of JSON, from rows of the tables `samples` and `metrics` of the run."""
        rows = self._needed(metrics)
        values = [Value(*row) for row in zip(*(to_list(rows[name]) for name in Value._fields), strict=True)]
        made = _Samples(samples, values, self._sample)
        statistics: dict[Key, Statistic] = {}
        for value in values:
            if value.value is not None and self._takes(value.metric_name):
                key = (value.metric_name, value.split, value.sub_split, value.perturbation)
                if key not in statistics:
                    statistics[key] = self._statistic(value)
                yield self._line(value, value.value, statistics[key], made.of(value.key))

    def _takes(self, metric_name: str) -> bool:
        return self.metric_names is None or metric_name in self.metric_names

    def _needed(self, metrics: pa.Table) -> pa.Table:
        """Return the values that become rows or tell the usage, and count those that become no rows."""
        self.counts.values_missing += metrics["value"].null_count
        if self.metric_names is None:
            return metrics
        n_values = len(metrics) - metrics["value"].null_count
        is_row = pc.is_in(metrics["metric_name"], pa.array(sorted(self.metric_names), pa.string()))
        self.counts.values_of_other_metrics += n_values - len(metrics["value"].filter(is_row).drop_null())
        return metrics.filter(pc.or_(is_row, pc.is_in(metrics["metric_name"], pa.array(USAGE_METRICS))))

    def _statistic(self, value: Value) -> Statistic:
        # The value of a perturbed instance belongs to the statistic that is computed on perturbed texts.
        computed_on = None if value.perturbation is None else "perturbed"
        key = (value.metric_name, value.split, value.sub_split, value.perturbation, computed_on)
        result_id = self.result_ids.get(key)
        names = ("metric_name", "split", "sub_split", "perturbation", "perturbation_name")
        unsaid = {"has_result": None if result_id else False}
        return Statistic(
            is_verdict=re.sub(METRIC_SUFFIX, "", value.metric_name) in _VERDICTS,
            has_result=result_id is not None,
            metadata=_members(text_map({name: getattr(value, name) for name in names} | unsaid)),
            end=b"}" + (_members({"evaluation_result_id": result_id}) if result_id else b"") + b"}\n",
        )

    def _line(self, value: Value, score: float, statistic: Statistic, sample: Sample) -> bytes:
        """Return a row, put together from parts that many rows share: texts are far longer than the rest."""
        # A part of a point, or the mean of several values, is no verdict either.
        is_verdict = statistic.is_verdict and value.count == 1 and score in (0.0, 1.0)
        self.counts.rows += 1
        self.counts.rows_without_result += not statistic.has_result
        self.counts.rows_without_verdict += not is_verdict
        self.counts.rows_without_sample += not sample.is_published
        own = (
            f',"count":"{value.count}"{_number("sum", value.sum)}{_number("min", value.min)}{_number("max", value.max)}'
            f'{"" if is_verdict else _NO_VERDICT}}},"evaluation":{{"score":{score!r},'
            f'"is_correct":{"true" if is_verdict and score == 1.0 else "false"}'
        )
        return b"".join((sample.head, statistic.metadata, own.encode(), sample.evaluation, statistic.end))

    def _sample(self, key: Key, samples: Sequence[Row], usage: Usage) -> Sample:
        texts = sample_texts(samples, usage.n_turns)
        head = {
            "schema_version": SCHEMA_VERSION,
            "evaluation_id": self.evaluation_id,
            "model_id": self.model_id,
            "evaluation_name": self.evaluation_name,
            "sample_id": key[0],
            **texts,
            **({"token_usage": usage.tokens} if usage.tokens else {}),
            **({"performance": usage.performance} if usage.performance else {}),
            "metadata": sample_metadata(samples) | text_map(dict(zip(_KEY[2:], key[2:], strict=True))),
        }
        calls = {} if texts["messages"] is None else {"tool_calls_count": count_tool_calls(texts["messages"])}
        evaluation = ({"num_turns": usage.n_turns} if usage.n_turns else {}) | calls
        return Sample(encode(head).removesuffix(b"}}"), _members(evaluation), is_published=bool(samples))


class _Samples:
    """Builds the sample of each row when the row is written, and keeps only the last sample in memory."""

    def __init__(
        self, samples: pa.Table, values: Sequence[Value], make: Callable[[Key, Sequence[Row], Usage], Sample]
    ) -> None:
        self._make = make
        self._of_key: dict[Key, list[Row]] = {}
        self._of_instance: dict[Key, list[Row]] = {}
        for sample in samples.select(SAMPLE_COLUMNS).to_pylist():
            key = tuple(sample[name] for name in _KEY)
            self._of_key.setdefault(key, []).append(sample)
            self._of_instance.setdefault(key[:_INSTANCE_PARTS], []).append(sample)
        self._values: dict[Key, dict[str, float]] = {}
        for value in values:
            of_key = self._values.setdefault(value.key, {})
            if value.value is not None:
                of_key[value.metric_name] = value.value
        self._made: tuple[Key, Sample] | None = None

    def of(self, key: Key) -> Sample:
        """Return the sample with a key. A metric over all references of an instance has the samples of all of them."""
        if self._made is None or self._made[0] != key:
            found = self._of_key.get(key) or self._of_instance.get(key[:_INSTANCE_PARTS]) or []
            self._made = key, self._make(key, found, Usage(self._values[key]))
        return self._made[1]


def _members(values: Mapping[str, Any]) -> bytes:
    """Return the members of an object as JSON, each after a comma."""
    return b"," + encode(values)[1:-1] if values else b""


def _number(name: str, value: float | None) -> str:
    return "" if value is None else f',"{name}":"{value!r}"'

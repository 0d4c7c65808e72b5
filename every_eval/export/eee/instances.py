"""The instance file of a record: one row for each value of a metric.

A row repeats no other row's key: the metadata holds the split, perturbation, trial, reference and occurrence.

Texts are far longer than the rest of a row, and many values are equal. So JSON is written once for each sample and once
for each distinct value, and the rows are put together from both.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.metric_ranges import ACCURACY_METRICS, METRIC_SUFFIX
from every_eval.contracts.shared_columns import IDENTITY_IN_RUN
from every_eval.export.eee.conversation import count_tool_calls
from every_eval.export.eee.counts import Counts
from every_eval.export.eee.json_text import encode, text_map
from every_eval.export.eee.record_files import RowBlock
from every_eval.export.eee.sample_index import Key, Row, SampleIndex
from every_eval.export.eee.sample_texts import sample_metadata, sample_texts
from every_eval.export.eee.usage import USAGE_METRICS, Usage
from every_eval.sources.distinct import distinct

SCHEMA_VERSION: Final = "0.3.0"
_VERDICTS: Final = {*ACCURACY_METRICS, "accuracy"}
"""Metrics that are 1 for a right answer and 0 for a wrong one; `accuracy` is Inspect's."""

_NO_VERDICT: Final = ',"is_correct_defined":"false"'


class Value(NamedTuple):
    """A value of a metric, without what it belongs to: columns of the table `metrics`."""

    metric_name: str
    split: str | None
    sub_split: str | None
    perturbation: str | None
    perturbation_name: str | None
    count: int  # type: ignore[assignment]  # The column's name; nobody counts the elements of the tuple.
    sum: float | None
    min: float | None
    max: float | None
    value: float

    @property
    def result_key(self) -> Key:
        """Metric, split, sub-split, perturbation and computed_on of the value's statistic."""
        # The value of a perturbed instance belongs to the statistic that is computed on perturbed texts.
        computed_on = None if self.perturbation is None else "perturbed"
        return (self.metric_name, self.split, self.sub_split, self.perturbation, computed_on)

    @property
    def is_verdict(self) -> bool:
        """Whether the value says right or wrong; a part of a point, and the mean of several values, do not."""
        is_verdict = re.sub(METRIC_SUFFIX, "", self.metric_name) in _VERDICTS
        return is_verdict and self.count == 1 and self.value in (0.0, 1.0)


VALUE_COLUMNS: Final = tuple(dict.fromkeys((*IDENTITY_IN_RUN, *Value._fields)))
"""Columns of the table `metrics` that the rows are made from."""


class _ValueParts(NamedTuple):
    """The parts of a row that follow from the value. Members of the sample's evaluation stand between them."""

    metadata_and_score: bytes
    end: bytes


class _SampleParts(NamedTuple):
    """The parts of a row that follow from the sample."""

    head: bytes
    """Beginning of the row, up to the members of the metadata that belong to the sample."""
    evaluation: bytes
    """Further members of the evaluation."""


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

    def blocks(self, samples: pa.Table, metrics: pa.Table) -> Iterator[RowBlock]:
        """Yield the rows of the file in blocks, one for each sample.

        Args:
            samples: Rows of the table `samples`, of one run.
            metrics: Rows of the table `metrics`, of the same run.
        """
        values = self._values(metrics)
        if not values.num_rows:
            return
        parts = self._value_parts(values)
        position, keys = distinct(values, IDENTITY_IN_RUN)
        index = SampleIndex(samples, metrics.filter(pc.is_in(metrics["metric_name"], pa.array(USAGE_METRICS))))
        starts = [0, *(np.flatnonzero(np.diff(position)) + 1).tolist()]
        for start, stop in zip(starts, [*starts[1:], len(parts)], strict=True):
            key = keys[position[start]]
            found = index.samples(key)
            self.counts.rows_without_sample += 0 if found else stop - start
            sample = self._sample_parts(key, found, index.usage(key))
            # The text before each element but the first: the head of each row.
            lines = sample.head.join([b"", *map(sample.evaluation.join, parts[start:stop])])
            yield RowBlock(lines, stop - start)

    def _values(self, metrics: pa.Table) -> pa.Table:
        """Return the values that become rows, and count the others."""
        values = metrics.select(VALUE_COLUMNS).filter(pc.is_valid(metrics["value"]))
        self.counts.values_missing += metrics.num_rows - values.num_rows
        if self.metric_names is None:
            return values
        taken = values.filter(pc.is_in(values["metric_name"], pa.array(sorted(self.metric_names), pa.string())))
        self.counts.values_of_other_metrics += values.num_rows - taken.num_rows
        return taken

    def _value_parts(self, rows: pa.Table) -> list[_ValueParts]:
        """Return the parts of each row that follow from its value, and count the rows."""
        position, found = distinct(rows, Value._fields)
        values = [Value(*each) for each in found]
        n_rows = np.bincount(position, minlength=len(values))
        has_result = np.array([value.result_key in self.result_ids for value in values])
        self.counts.rows += len(position)
        self.counts.rows_without_result += int(n_rows[~has_result].sum())
        self.counts.rows_without_verdict += int(n_rows[[not value.is_verdict for value in values]].sum())
        parts = [self._parts(value) for value in values]
        return [parts[place] for place in position.tolist()]

    def _parts(self, value: Value) -> _ValueParts:
        result_id = self.result_ids.get(value.result_key)
        is_verdict = value.is_verdict
        names = ("metric_name", "split", "sub_split", "perturbation", "perturbation_name")
        unsaid = {"has_result": None if result_id else False}
        numbers = (
            f',"count":"{value.count}"{_number("sum", value.sum)}{_number("min", value.min)}{_number("max", value.max)}'
            f'{"" if is_verdict else _NO_VERDICT}}},"evaluation":{{"score":{value.value!r},'
            f'"is_correct":{"true" if is_verdict and value.value == 1.0 else "false"}'
        )
        return _ValueParts(
            _members(text_map({name: getattr(value, name) for name in names} | unsaid)) + numbers.encode(),
            b"}" + (_members({"evaluation_result_id": result_id}) if result_id else b"") + b"}\n",
        )

    def _sample_parts(self, key: Key, samples: Sequence[Row], usage: Usage) -> _SampleParts:
        texts, tokens, performance = sample_texts(samples, usage.n_turns), usage.tokens, usage.performance
        head = {
            "schema_version": SCHEMA_VERSION,
            "evaluation_id": self.evaluation_id,
            "model_id": self.model_id,
            "evaluation_name": self.evaluation_name,
            "sample_id": key[0],
            **texts,
            **({"token_usage": tokens} if tokens else {}),
            **({"performance": performance} if performance else {}),
            "metadata": sample_metadata(samples) | text_map(dict(zip(IDENTITY_IN_RUN[2:], key[2:], strict=True))),
        }
        calls = {} if texts["messages"] is None else {"tool_calls_count": count_tool_calls(texts["messages"])}
        evaluation = ({"num_turns": usage.n_turns} if usage.n_turns else {}) | calls
        return _SampleParts(encode(head).removesuffix(b"}}"), _members(evaluation))


def _members(values: Mapping[str, Any]) -> bytes:
    """Return the members of an object as JSON, each after a comma."""
    return b"," + encode(values)[1:-1] if values else b""


def _number(name: str, value: float | None) -> str:
    return "" if value is None else f',"{name}":"{value!r}"'

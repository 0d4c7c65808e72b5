"""The instance file of a record: one row for each value of a metric.

A row repeats no other row's key: the metadata holds the split, perturbation, trial, reference and occurrence.
"""

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec
import pyarrow as pa

from every_eval.contracts.metric_ranges import ACCURACY_METRICS, METRIC_SUFFIX
from every_eval.export.eee.counts import Counts
from every_eval.export.eee.json_text import encode_line, text_map
from every_eval.export.eee.sample_texts import SAMPLE_COLUMNS, SampleTexts, sample_texts
from every_eval.export.eee.usage import Usage

SCHEMA_VERSION: Final = "0.3.0"
_INSTANCE: Final = ("instance_id", "perturbation", "train_trial_index")
_KEY: Final = (*_INSTANCE, "reference_index", "occurrence")
_METRIC: Final = ("metric_name", "split", "sub_split", "perturbation_name", "count", "sum", "min", "max", "value")
_VERDICTS: Final = {*ACCURACY_METRICS, "accuracy"}
"""Metrics that are 1 for a right answer and 0 for a wrong one; `accuracy` is Inspect's."""

Row = Mapping[str, Any]
Key = tuple[Any, ...]


class InstanceRow(msgspec.Struct, omit_defaults=True):
    """A row, with its fields in the schema's order."""

    schema_version: str
    evaluation_id: str
    model_id: str
    evaluation_name: str
    sample_id: str
    sample_hash: str
    interaction_type: str
    input: msgspec.Raw
    output: msgspec.Raw
    messages: msgspec.Raw
    answer_attribution: msgspec.Raw
    evaluation: dict[str, Any]
    metadata: dict[str, str]
    evaluation_result_id: str | None = None
    token_usage: dict[str, int] | None = None
    performance: dict[str, float] | None = None
    error: str | None = None


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
        texts = _Texts(samples)
        of_instances = _values(metrics)
        usages = {key: Usage(values) for key, values in of_instances.items()}
        for row in metrics.select([*_KEY, *_METRIC]).to_pylist():
            if row["value"] is None:
                self.counts.values_missing += 1
            elif self.metric_names is not None and row["metric_name"] not in self.metric_names:
                self.counts.values_of_other_metrics += 1
            else:
                key = tuple(row[name] for name in _KEY)
                yield encode_line(self._row(row, texts.of(key, usages[key].n_turns), usages[key]))

    def _row(self, row: Row, texts: SampleTexts, usage: Usage) -> InstanceRow:
        # The value of a perturbed instance belongs to the statistic that is computed on perturbed texts.
        computed_on = None if row["perturbation"] is None else "perturbed"
        statistic = (*(row[name] for name in ("metric_name", "split", "sub_split", "perturbation")), computed_on)
        result_id = self.result_ids.get(statistic)
        verdict = _verdict(row)
        self.counts.rows += 1
        self.counts.rows_without_result += result_id is None
        self.counts.rows_without_verdict += verdict is None
        self.counts.rows_without_sample += texts.metadata.get("is_sample_published") == "false"
        return InstanceRow(
            schema_version=SCHEMA_VERSION,
            evaluation_id=self.evaluation_id,
            model_id=self.model_id,
            evaluation_name=self.evaluation_name,
            evaluation_result_id=result_id,
            sample_id=row["instance_id"],
            sample_hash=texts.sample_hash,
            interaction_type=texts.interaction_type,
            input=texts.input,
            output=texts.output,
            messages=texts.messages,
            answer_attribution=texts.answer_attribution,
            evaluation=_evaluation(row["value"], verdict, texts, usage),
            token_usage=usage.tokens,
            performance=usage.performance,
            error=texts.error,
            metadata={**texts.metadata, **_metadata(row, verdict, has_result=result_id is not None)},
        )


class _Texts:
    """The texts of each instance of a run, made when a row needs them and kept until another instance comes."""

    def __init__(self, samples: pa.Table) -> None:
        self._of_key: dict[Key, list[Row]] = {}
        self._of_instance: dict[Key, list[Row]] = {}
        for sample in samples.select(SAMPLE_COLUMNS).to_pylist():
            self._of_key.setdefault(tuple(sample[name] for name in _KEY), []).append(sample)
            self._of_instance.setdefault(tuple(sample[name] for name in _INSTANCE), []).append(sample)
        self._made: tuple[Key, SampleTexts] | None = None

    def of(self, key: Key, n_turns: int | None) -> SampleTexts:
        """Return the texts of the sample with a key; where a metric is of all references, those of all samples."""
        if self._made is None or self._made[0] != key:
            found = self._of_key.get(key) or self._of_instance.get(key[: len(_INSTANCE)]) or []
            self._made = key, sample_texts(found, n_turns)
        return self._made[1]


def _values(metrics: pa.Table) -> Mapping[Key, dict[str, float]]:
    """Return the values of all metrics of each key, by name."""
    found: dict[Key, dict[str, float]] = {}
    for row in metrics.select([*_KEY, "metric_name", "value"]).to_pylist():
        values = found.setdefault(tuple(row[name] for name in _KEY), {})
        if row["value"] is not None:
            values[row["metric_name"]] = row["value"]
    return found


def _verdict(row: Row) -> bool | None:
    """Return whether the answer is right; null if the metric does not say right or wrong, or gives part of a point."""
    is_verdict = re.sub(METRIC_SUFFIX, "", row["metric_name"]) in _VERDICTS
    says = is_verdict and row["count"] == 1 and row["value"] in (0.0, 1.0)
    return row["value"] == 1.0 if says else None


def _evaluation(score: float, verdict: bool | None, texts: SampleTexts, usage: Usage) -> dict[str, Any]:
    found: dict[str, Any] = {"score": score, "is_correct": bool(verdict)}
    if usage.n_turns is not None and usage.n_turns >= 1:
        found["num_turns"] = usage.n_turns
    if texts.tool_calls_count is not None:
        found["tool_calls_count"] = texts.tool_calls_count
    return found


def _metadata(row: Row, verdict: bool | None, *, has_result: bool) -> dict[str, str]:
    names = ("metric_name", "split", "sub_split", "perturbation", "perturbation_name")
    numbers = ("train_trial_index", "reference_index", "occurrence", "count", "sum", "min", "max")
    unsaid = {
        "is_correct_defined": None if verdict is not None else False,
        "has_result": None if has_result else False,
    }
    return text_map({name: row[name] for name in (*names, *numbers)} | unsaid)

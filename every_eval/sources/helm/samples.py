"""The rows of `samples`: outputs with their instances, requests and scores."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from json.encoder import encode_basestring as quoted
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.identity import TEXTS
from every_eval.contracts.samples import REFERENCES, SAMPLES
from every_eval.sources.columns import build
from every_eval.sources.helm.context import RunContext
from every_eval.sources.helm.measured import Measured, SampleKey
from every_eval.sources.helm.records import Instance, Prediction, RequestBody, Text
from every_eval.sources.source import Run
from every_eval.statistics.cells import Treatment


@dataclass(frozen=True, slots=True)
class Outputs:
    """Predictions with what belongs to them: lists of one length, but for `instances`, which several may share."""

    instances: Sequence[Instance]
    places: Sequence[int | None]
    """Position of each one's instance in `instances`; null where there is none, and then there is no row."""
    keys: Sequence[SampleKey]
    predictions: Sequence[Prediction]
    treatments: Sequence[Treatment]
    requests: Sequence[RequestBody | None]

    def take(self, numbers: Sequence[int]) -> "Outputs":
        """Some of them."""
        lists = (self.places, self.keys, self.predictions, self.treatments, self.requests)
        return Outputs(self.instances, *([items[number] for number in numbers] for items in lists))  # type: ignore[arg-type]


class SamplesTable:
    """Turns a run's outputs into rows of `samples`, one piece after the other."""

    def __init__(self, context: RunContext, measured: Measured, n_outputs: Mapping[SampleKey, int]) -> None:
        """`n_outputs` is how many outputs of the whole run share each of HELM's keys."""
        self._context = context
        self._main_metric = context.main_metric_name(measured.metric_names)
        self._scores = measured.scores(self._main_metric) if self._main_metric else {}
        self._n_outputs = n_outputs
        self._is_shared = max(n_outputs.values(), default=0) > 1
        self._n_before: Counter[tuple[SampleKey, int | None]] = Counter()

    def rows(self, outputs: Outputs) -> pa.Table:
        """The outputs as rows, in their order."""
        predictions, treatments = outputs.predictions, outputs.treatments
        occurrences = self._occurrences(outputs)
        columns: dict[str, pa.Array | Sequence[Any]] = {
            "evaluation_id": evaluation_ids(self._context.run, outputs, occurrences),
            "output": [prediction.predicted_text for prediction in predictions],
            "evaluation_score": self._scored(outputs.keys),
            "instance_id": [prediction.instance_id for prediction in predictions],
            "perturbation": _encode([treatment.perturbation for treatment in treatments]),
            "perturbation_name": _encode([treatment.perturbation_name for treatment in treatments]),
            "train_trial_index": [prediction.train_trial_index for prediction in predictions],
            "reference_index": [prediction.reference_index for prediction in predictions],
            "occurrence": occurrences,
            "prompt": [
                request and (prompt_of(request) if request.messages else request.prompt) for request in outputs.requests
            ],
            "truncated_output": [prediction.truncated_predicted_text for prediction in predictions],
            "mapped_output": [prediction.mapped_output for prediction in predictions],
            **_instance_columns(outputs.instances, outputs.places),
        }
        shared = {**self._context.shared, "evaluation_method_name": self._main_metric}
        return build(SAMPLES, len(predictions), columns, shared)

    def _occurrences(self, outputs: Outputs) -> list[int]:
        """How many outputs before each agree with it in the rest of the key."""
        if not self._is_shared:
            return [0] * len(outputs.keys)
        numbers = []
        for key, prediction in zip(outputs.keys, outputs.predictions, strict=True):
            numbers.append(self._n_before[key, prediction.reference_index])
            self._n_before[key, prediction.reference_index] += 1
        return numbers

    def _scored(self, keys: Sequence[SampleKey]) -> list[float | None]:
        """Scores are kept by HELM's key; where several outputs share one, it is none of theirs alone."""
        if not self._is_shared:
            return list(map(self._scores.get, keys))
        return [self._scores.get(key) if self._n_outputs[key] == 1 else None for key in keys]


def evaluation_ids(run: Run, outputs: Outputs, occurrences: Iterable[int]) -> list[str]:
    """SHA-256 over each sample's key, as the contract states it: in hexadecimal, of the canonical JSON."""
    prefix = canonical_json([run.source, run.benchmark, run.suite, run.name]).removesuffix("]")
    indices = [prediction.reference_index for prediction in outputs.predictions]
    references = ["null" if index is None else index for index in indices]
    return [
        sha256(f"{prefix},{quoted(name)},{perturbation or 'null'},{trial},{reference},{number}]".encode()).hexdigest()
        for (name, perturbation, trial), reference, number in zip(outputs.keys, references, occurrences, strict=True)
    ]


def text_of(value: Text | str) -> str:
    """The text of an input or output, of either shape."""
    return value if isinstance(value, str) else value.text


def prompt_of(request: RequestBody) -> str:
    """The prompt as sent; a chat's messages as JSON."""
    return canonical_json(request.messages) if request.messages and not request.prompt else request.prompt


def _texts(values: Sequence[Text | str]) -> pa.Array:
    try:
        texts = [value.text for value in values]  # type: ignore[union-attr] # in all files but the oldest
    except AttributeError:
        texts = [text_of(value) for value in values]
    return pa.array(texts, pa.string())


def _encode(texts: Sequence[str | None]) -> pa.DictionaryArray:
    return pa.array(texts, pa.string()).dictionary_encode()


def _instance_columns(instances: Sequence[Instance], places: Sequence[int | None]) -> dict[str, pa.Array]:
    """What is known of the instances, at each of the places."""
    lists = [instance.references for instance in instances]
    references = [reference for some in lists for reference in some]
    texts = _texts([reference.output for reference in references])
    tags = [reference.tags for reference in references]
    is_correct = np.array(["correct" in some for some in tags], np.bool_)
    offsets = _offsets(lists)
    n_correct = np.concatenate([[0], np.cumsum(is_correct)])[offsets]
    described = pa.StructArray.from_arrays(
        [texts, _lists(_offsets(tags), pa.array([tag for some in tags for tag in some], pa.string()), TEXTS)],
        fields=list(REFERENCES.value_type),
    )
    columns = {
        "raw_input": _texts([instance.input for instance in instances]),
        "ground_truth": _lists(n_correct, texts.filter(pa.array(is_correct)), TEXTS),
        "split": _encode([instance.split for instance in instances]),
        "sub_split": _encode([instance.sub_split for instance in instances]),
        "references": _lists(offsets, described, REFERENCES),
    }
    if len(places) == len(instances) and list(places) == list(range(len(places))):
        return columns
    return {name: column.take(pa.array(places, pa.int32())) for name, column in columns.items()}


def _offsets(lists: Sequence[Sequence[Any]]) -> npt.NDArray[np.int64]:
    """Where each of the lists begins if one follows the other, and where the last one ends."""
    return np.cumsum([0, *map(len, lists)])


def _lists(offsets: npt.NDArray[np.int64], values: pa.Array, kind: pa.DataType) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values, type=kind)

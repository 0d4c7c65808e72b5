"""The rows of `samples`: outputs with their instances, requests and scores."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from json.encoder import encode_basestring
from typing import Any

import numpy as np
import pyarrow as pa

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.identity import TEXTS
from every_eval.contracts.samples import REFERENCES, SAMPLES
from every_eval.sources.helm.columns import build, codes_of
from every_eval.sources.helm.context import RunContext
from every_eval.sources.helm.measured import Measured, SampleKey
from every_eval.sources.helm.records import Instance, Prediction, Reference, RequestBody, Text
from every_eval.sources.source import Run
from every_eval.statistics.cells import Treatment


@dataclass
class Outputs:
    """Predictions with what belongs to them: lists of one length, but for `instances`, which several may share."""

    instances: list[Instance]
    places: list[int] = field(default_factory=list)
    """Position of each one's instance in `instances`."""
    keys: list[SampleKey] = field(default_factory=list)
    predictions: list[Prediction] = field(default_factory=list)
    treatments: list[Treatment] = field(default_factory=list)
    requests: list[RequestBody | None] = field(default_factory=list)

    def add(
        self, key: SampleKey, prediction: Prediction, treatment: Treatment, place: int, request: RequestBody | None
    ) -> None:
        """Append one."""
        self.keys.append(key)
        self.predictions.append(prediction)
        self.treatments.append(treatment)
        self.places.append(place)
        self.requests.append(request)


class Occurrences:
    """Numbers outputs that agree in the rest of their key."""

    def __init__(self) -> None:
        """Nothing is numbered yet."""
        self._counts: Counter[tuple[SampleKey, int | None]] = Counter()

    def number(self, outputs: Outputs) -> list[int]:
        """How many outputs with the same key came before each, from 0."""
        numbers = []
        for key, prediction in zip(outputs.keys, outputs.predictions, strict=True):
            whole = (key, prediction.reference_index)
            numbers.append(self._counts[whole])
            self._counts[whole] += 1
        return numbers


class SamplesTable:
    """Turns a run's outputs into rows of `samples`, one piece after the other."""

    def __init__(self, context: RunContext, measured: Measured, n_outputs: Mapping[SampleKey, int]) -> None:
        """`n_outputs` is how many outputs of the whole run share each of HELM's keys."""
        self._context = context
        self._main_metric = context.main_metric_name(measured.metric_names)
        self._scores = measured.scores(self._main_metric) if self._main_metric else {}
        self._n_outputs = n_outputs
        self._occurrences = Occurrences()

    def rows(self, outputs: Outputs) -> pa.Table:
        """The outputs as rows, in their order."""
        predictions, treatments = outputs.predictions, outputs.treatments
        occurrences = self._occurrences.number(outputs)
        columns: dict[str, pa.Array | Sequence[Any]] = {
            "evaluation_id": evaluation_ids(self._context.run, outputs, occurrences),
            "output": [prediction.predicted_text for prediction in predictions],
            "evaluation_score": list(map(self._score, outputs.keys)),
            "instance_id": [prediction.instance_id for prediction in predictions],
            "perturbation": _encode([treatment.perturbation for treatment in treatments]),
            "perturbation_name": _encode([treatment.perturbation_name for treatment in treatments]),
            "train_trial_index": [prediction.train_trial_index for prediction in predictions],
            "reference_index": [prediction.reference_index for prediction in predictions],
            "occurrence": occurrences,
            "prompt": [None if request is None else _prompt(request) for request in outputs.requests],
            "truncated_output": [prediction.truncated_predicted_text for prediction in predictions],
            "mapped_output": [prediction.mapped_output for prediction in predictions],
            **_instance_columns(outputs.instances, outputs.places),
        }
        shared = {**self._context.shared, "evaluation_method_name": self._main_metric}
        return build(SAMPLES, len(predictions), columns, shared)

    def _score(self, key: SampleKey) -> float | None:
        """A score is kept by HELM's key; where several outputs share one, it is none of theirs alone."""
        return self._scores.get(key) if self._n_outputs[key] == 1 else None


def evaluation_ids(run: Run, outputs: Outputs, occurrences: Iterable[int]) -> list[str]:
    """SHA-256 over each sample's key, as the contract states it: in hexadecimal, of the canonical JSON."""
    prefix = canonical_json([run.source, run.benchmark, run.suite, run.name]).removesuffix("]")
    ids = []
    for (instance_id, perturbation, trial), prediction, number in zip(
        outputs.keys, outputs.predictions, occurrences, strict=True
    ):
        reference = "null" if prediction.reference_index is None else prediction.reference_index
        key = f"{encode_basestring(instance_id)},{perturbation or 'null'},{trial},{reference},{number}"
        ids.append(hashlib.sha256(f"{prefix},{key}]".encode()).hexdigest())
    return ids


def text_of(value: Text | str) -> str:
    """The text of an input or output, of either shape."""
    return value if isinstance(value, str) else value.text


def _encode(texts: Sequence[str | None]) -> pa.DictionaryArray:
    return codes_of(np.arange(len(texts)), texts)


def _instance_columns(instances: Sequence[Instance], places: Sequence[int]) -> dict[str, pa.Array]:
    """What is known of the instances, at each of the places."""
    references = [reference for instance in instances for reference in instance.references]
    correct = [[text_of(reference.output) for reference in instance.references if "correct" in reference.tags] for instance in instances]
    columns = {
        "raw_input": pa.array([text_of(instance.input) for instance in instances], pa.string()),
        "ground_truth": _lists(correct, pa.array([text for texts in correct for text in texts], pa.string()), TEXTS),
        "split": _encode([instance.split for instance in instances]),
        "sub_split": _encode([instance.sub_split for instance in instances]),
        "references": _lists([instance.references for instance in instances], _references(references), REFERENCES),
    }
    if list(places) == list(range(len(instances))):
        return columns
    return {name: column.take(pa.array(places, pa.int32())) for name, column in columns.items()}


def _references(references: Sequence[Reference]) -> pa.StructArray:
    tags = [reference.tags for reference in references]
    return pa.StructArray.from_arrays(
        [
            pa.array([text_of(reference.output) for reference in references], pa.string()),
            _lists(tags, pa.array([tag for some in tags for tag in some], pa.string()), TEXTS),
        ],
        fields=list(REFERENCES.value_type),
    )


def _lists(lists: Sequence[Sequence[Any]], values: pa.Array, kind: pa.DataType) -> pa.ListArray:
    """`values`, which are those of all the lists, cut into such lists."""
    offsets = np.cumsum([0, *map(len, lists)])
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values, type=kind)


def _prompt(request: RequestBody) -> str:
    """The prompt as sent; a chat's messages as JSON."""
    return canonical_json(request.messages) if request.messages and not request.prompt else request.prompt

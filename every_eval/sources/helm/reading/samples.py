"""The rows of `samples`: outputs with their instances, requests and scores."""

from collections import Counter
from collections.abc import Collection, Sequence
from hashlib import sha256
from json.encoder import encode_basestring as quoted
from typing import Any

import pyarrow as pa

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.samples import SAMPLES
from every_eval.sources.columns import build
from every_eval.sources.helm.reading.context import RunContext
from every_eval.sources.helm.reading.keys import Keys, is_constant
from every_eval.sources.helm.reading.measured import Measured, SampleKey
from every_eval.sources.helm.reading.outputs import Outputs
from every_eval.sources.source import Run


class SamplesTable:
    """Turns a run's outputs into rows of `samples`, one piece after the other."""

    def __init__(self, context: RunContext, measured: Measured, shared: Collection[SampleKey]) -> None:
        """`shared` are those of HELM's keys that several outputs of the whole run have."""
        self._context = context
        self._main_metric = context.main_metric_name(measured.metric_names)
        self._scores = measured.scores(self._main_metric) if self._main_metric else {}
        self._shared = shared
        self._n_before: Counter[tuple[SampleKey, int | None]] = Counter()

    def rows(self, outputs: Outputs) -> pa.Table:
        """The outputs as rows, in their order."""
        keys, occurrences = outputs.keys, self._occurrences(outputs)
        parts: dict[str, Sequence[Any]] = {
            "perturbation": keys.perturbations,
            "perturbation_name": keys.perturbation_names,
            "train_trial_index": keys.trials,
            "reference_index": outputs.reference_indices,
            "occurrence": occurrences,
        }
        same = {name: values[0] for name, values in parts.items() if is_constant(values)}
        columns: dict[str, pa.Array | Sequence[Any]] = {
            **outputs.texts,
            **{name: values for name, values in parts.items() if name not in same},
            "evaluation_id": evaluation_ids(self._context.run, outputs, occurrences),
            "evaluation_score": self._scored(keys),
            "instance_id": keys.ids,
        }
        shared = {**self._context.shared, **same, "evaluation_method_name": self._main_metric}
        return build(SAMPLES, len(keys.ids), columns, shared)

    def _occurrences(self, outputs: Outputs) -> list[int]:
        """How many outputs before each agree with it in the rest of the key."""
        if not self._shared:
            return [0] * len(outputs.keys.ids)
        numbers = []
        for key in zip(outputs.keys.of_samples(), outputs.reference_indices, strict=True):
            numbers.append(self._n_before[key])
            self._n_before[key] += 1
        return numbers

    def _scored(self, keys: Keys) -> list[float | None]:
        """Scores are kept by HELM's key; where several outputs share one, it is none of theirs alone."""
        if not self._scores:
            return [None] * len(keys.ids)
        if not self._shared:
            return list(map(self._scores.get, keys.of_samples()))
        return [None if key in self._shared else self._scores.get(key) for key in keys.of_samples()]


def evaluation_ids(run: Run, outputs: Outputs, occurrences: Sequence[int]) -> list[str]:
    """SHA-256 over each sample's key, as the contract states it: in hexadecimal, of the canonical JSON."""
    prefix = canonical_json([run.source, run.benchmark, run.suite, run.name]).removesuffix("]")
    return [
        sha256(f"{prefix},{quoted(name)},{tail}]".encode()).hexdigest()
        for name, tail in zip(outputs.keys.ids, _tails(outputs, occurrences), strict=True)
    ]


def _tails(outputs: Outputs, occurrences: Sequence[int]) -> Sequence[str]:
    """What follows the instance's id in each sample's key; of most runs it is the same in all."""
    parts = (outputs.keys.perturbations, outputs.keys.trials, outputs.reference_indices, occurrences)
    is_one = all(map(is_constant, parts))
    tails = [
        f"{perturbation or 'null'},{trial},{'null' if reference is None else reference},{number}"
        for perturbation, trial, reference, number in zip(
            *(part[:1] if is_one else part for part in parts), strict=True
        )
    ]
    return tails * len(occurrences) if is_one else tails

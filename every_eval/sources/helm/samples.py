"""The rows of `samples`: outputs with their instances, requests and scores."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from json.encoder import encode_basestring as quoted
from typing import Any

import pyarrow as pa

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.samples import SAMPLES
from every_eval.sources.columns import build
from every_eval.sources.helm.context import RunContext
from every_eval.sources.helm.measured import Measured, SampleKey
from every_eval.sources.helm.outputs import Outputs, encode
from every_eval.sources.source import Run


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
        occurrences = self._occurrences(outputs)
        columns: dict[str, pa.Array | Sequence[Any]] = {
            **outputs.texts,
            "evaluation_id": evaluation_ids(self._context.run, outputs, occurrences),
            "evaluation_score": self._scored(outputs.keys),
            "instance_id": [name for name, _, _ in outputs.keys],
            "perturbation": encode([perturbation for _, perturbation, _ in outputs.keys]),
            "perturbation_name": encode([treatment.perturbation_name for treatment in outputs.treatments]),
            "train_trial_index": [trial for _, _, trial in outputs.keys],
            "reference_index": outputs.reference_indices,
            "occurrence": occurrences,
        }
        shared = {**self._context.shared, "evaluation_method_name": self._main_metric}
        return build(SAMPLES, len(outputs.keys), columns, shared)

    def _occurrences(self, outputs: Outputs) -> list[int]:
        """How many outputs before each agree with it in the rest of the key."""
        if not self._is_shared:
            return [0] * len(outputs.keys)
        numbers = []
        for key in zip(outputs.keys, outputs.reference_indices, strict=True):
            numbers.append(self._n_before[key])
            self._n_before[key] += 1
        return numbers

    def _scored(self, keys: Sequence[SampleKey]) -> list[float | None]:
        """Scores are kept by HELM's key; where several outputs share one, it is none of theirs alone."""
        if not self._is_shared:
            return list(map(self._scores.get, keys))
        return [self._scores.get(key) if self._n_outputs[key] == 1 else None for key in keys]


def evaluation_ids(run: Run, outputs: Outputs, occurrences: Iterable[int]) -> list[str]:
    """SHA-256 over each sample's key, as the contract states it: in hexadecimal, of the canonical JSON."""
    prefix = canonical_json([run.source, run.benchmark, run.suite, run.name]).removesuffix("]")
    references = ["null" if index is None else index for index in outputs.reference_indices]
    return [
        sha256(f"{prefix},{quoted(name)},{perturbation or 'null'},{trial},{reference},{number}]".encode()).hexdigest()
        for (name, perturbation, trial), reference, number in zip(outputs.keys, references, occurrences, strict=True)
    ]

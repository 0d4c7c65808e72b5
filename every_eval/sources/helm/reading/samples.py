"""The rows of `samples`: outputs with their instances, requests and scores."""

from collections import Counter
from collections.abc import Collection, Sequence
from functools import reduce
from hashlib import sha256
from json.encoder import encode_basestring as quoted
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.samples import SAMPLES
from every_eval.sources.columns import build_table
from every_eval.sources.helm.reading.contents import PLACEHOLDER
from every_eval.sources.helm.reading.judgements import judgement_rows
from every_eval.sources.helm.reading.keys import InstanceKey, Keys, is_constant
from every_eval.sources.helm.reading.metric_index import MetricIndex, SampleKey
from every_eval.sources.helm.reading.outputs import ITEM, Columns, Outputs
from every_eval.sources.helm.reading.run_context import RunContext
from every_eval.sources.source import Run


class SamplesTable:
    """Turns a run's outputs into rows of `samples`, one piece after the other."""

    def __init__(
        self, context: RunContext, metrics: MetricIndex, repeated: Collection[SampleKey], judges: Collection[str]
    ) -> None:
        """`repeated` holds those of HELM's keys that several outputs of the whole run have."""
        self._judges = context.judges(judges)
        self._context = context
        self._main_metric = context.main_metric_name(metrics.metric_names)
        self._scores = metrics.scores(self._main_metric) if self._main_metric else {}
        self._repeated = repeated
        self.items: dict[InstanceKey, str] = {}
        """The question of each instance whose outputs were turned into rows, if it is known."""
        self._n_before: Counter[tuple[SampleKey, int | None]] = Counter()

    def rows(self, outputs: Outputs) -> tuple[pa.Table, pa.Table]:
        """Return the outputs as rows in their order, and the rows of `judgements` of the outputs."""
        keys = outputs.keys
        occurrences = self._occurrences(keys)
        self._note_items(keys, outputs.texts[ITEM])
        parts: dict[str, Sequence[Any]] = {
            "perturbation": keys.perturbations,
            "perturbation_name": keys.perturbation_names,
            "train_trial_index": keys.trials,
            "reference_index": keys.reference_indices,
            "occurrence": occurrences,
        }
        constant = {name: values[0] for name, values in parts.items() if is_constant(values)}
        columns: dict[str, pa.Array | Sequence[Any]] = {
            **outputs.texts,
            **{name: values for name, values in parts.items() if name not in constant},
            "evaluation_id": evaluation_ids(self._context.run, keys, occurrences),
            "evaluation_score": self._scored(keys),
            "instance_id": keys.ids,
            "is_encrypted": are_encrypted(outputs.texts),
        }
        constants = {
            **self._context.constants,
            **constant,
            "evaluation_method_name": self._main_metric,
            "judges": self._judges,
        }
        samples = build_table(SAMPLES, len(keys.ids), columns, constants)
        return samples, judgement_rows(self._context, keys, occurrences, outputs.texts["annotations"])

    def _note_items(self, keys: Keys, items: pa.Array | pa.ChunkedArray) -> None:
        named = zip(keys.of_instances(), items.to_pylist(), strict=True)
        self.items.update((key, item) for key, item in named if item is not None)

    def _occurrences(self, keys: Keys) -> list[int]:
        """Return for each output how many outputs before it have the same key and reference."""
        if not self._repeated:
            return [0] * len(keys.ids)
        numbers = []
        for key in zip(keys.of_samples(), keys.reference_indices, strict=True):
            numbers.append(self._n_before[key])
            self._n_before[key] += 1
        return numbers

    def _scored(self, keys: Keys) -> list[float | None]:
        """Return the score of each output; null if several outputs share the key that HELM keeps the score by."""
        if not self._scores:
            return [None] * len(keys.ids)
        if not self._repeated:
            return list(map(self._scores.get, keys.of_samples()))
        return [None if key in self._repeated else self._scores.get(key) for key in keys.of_samples()]


def are_encrypted(texts: Columns) -> pa.Array:
    """Tell for each output whether one of its texts is a placeholder that HELM wrote in place of an encrypted text."""
    parts = [
        pc.fill_null(pc.starts_with(texts[name], PLACEHOLDER), False)
        for name in ("raw_input", "output", "prompt", "thinking_text")
    ]
    return reduce(pc.or_, [part.combine_chunks() if isinstance(part, pa.ChunkedArray) else part for part in parts])


def evaluation_ids(run: Run, keys: Keys, occurrences: Sequence[int]) -> list[str]:
    """Return the SHA-256 of each sample's key in hexadecimal, over the canonical JSON that the contract states."""
    prefix = canonical_json([run.source, run.benchmark, run.suite, run.name]).removesuffix("]")
    return [
        sha256(f"{prefix},{quoted(name)},{tail}]".encode()).hexdigest()
        for name, tail in zip(keys.ids, _tails(keys, occurrences), strict=True)
    ]


def _tails(keys: Keys, occurrences: Sequence[int]) -> Sequence[str]:
    """Return what follows the instance id in each sample's key; in most runs all samples have the same tail."""
    parts = (keys.perturbations, keys.trials, keys.reference_indices, occurrences)
    is_one = all(map(is_constant, parts))
    tails = [
        f"{perturbation or 'null'},{trial},{'null' if reference is None else reference},{number}"
        for perturbation, trial, reference, number in zip(
            *(part[:1] if is_one else part for part in parts), strict=True
        )
    ]
    return tails * len(occurrences) if is_one else tails

"""Give each item one 64-bit number, the same in every run, benchmark and source.

An item is known by its digest, the column `item` of the table `item_scores`. Where the digest is null, because the
question is encrypted or empty, the item is known by (dataset, task, instance_id). Two of 10^7 items share a number with
a probability of 3e-6.
"""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.canonical import canonical_json
from every_eval.statistics.groups import IntArray

Scenario = tuple[str | None, str | None]
"""Name of a run's dataset, and the task."""
N_DIGITS = 16
"""Hexadecimal digits of a digest that make up the number."""


def digest_numbers(items: pa.ChunkedArray) -> pa.Array:
    """Return the number of each digest: its first 8 bytes, big-endian; null where the digest is null."""
    coded = items.unify_dictionaries().combine_chunks()
    coded = coded if pa.types.is_dictionary(coded.type) else coded.dictionary_encode()
    heads = pc.utf8_slice_codeunits(coded.dictionary, 0, N_DIGITS).to_pylist()
    numbers = np.frombuffer(bytes.fromhex("".join(heads)), ">i8").astype(np.int64)
    return pa.array(numbers).take(coded.indices)


class InstanceNumbers:
    """Numbers of instances by (dataset, task, instance_id), remembered from one piece of rows to the next."""

    def __init__(self) -> None:
        """Start without any instance."""
        self._of_ids: dict[str, int] = {}
        self._of_scenarios: dict[Scenario, int] = {}

    def of(self, scenarios: Sequence[Scenario], scenario: IntArray, instance_ids: pa.ChunkedArray) -> IntArray:
        """Return the number of each instance.

        Args:
            scenarios: Scenarios, in any order.
            scenario: Position in `scenarios` of each row's scenario.
            instance_ids: Each row's instance_id.
        """
        coded = instance_ids.unify_dictionaries().combine_chunks()
        coded = coded if pa.types.is_dictionary(coded.type) else coded.dictionary_encode()
        of_ids = [self._of_id(text) for text in coded.dictionary.to_pylist()]
        of_scenarios = [self._of_scenario(one) for one in scenarios]
        return _mix(np.array(of_scenarios, np.int64)[scenario], np.array(of_ids, np.int64)[coded.indices.to_numpy()])

    def _of_id(self, instance_id: str) -> int:
        if instance_id not in self._of_ids:
            self._of_ids[instance_id] = _hash(instance_id)
        return self._of_ids[instance_id]

    def _of_scenario(self, scenario: Scenario) -> int:
        if scenario not in self._of_scenarios:
            self._of_scenarios[scenario] = _hash(canonical_json(list(scenario)))
        return self._of_scenarios[scenario]


def _hash(text: str) -> int:
    return int.from_bytes(sha256(text.encode()).digest()[:8], "big", signed=True)


def _mix(a: IntArray, b: IntArray) -> IntArray:
    """Return a hash of two hashes: the finalizer of SplitMix64 (Steele, Lea and Flood, OOPSLA 2014) of a + 3 b."""
    mixed = a.view(np.uint64) + np.uint64(3) * b.view(np.uint64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    return mixed.view(np.int64)

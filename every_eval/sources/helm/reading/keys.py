"""HELM's keys of many records, one list for each part of the key.

Python builds and compares such lists in a fraction of the time that a tuple for each record takes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, Self, cast

from every_eval.sources.decoding import T
from every_eval.sources.helm.reading.metric_index import SampleKey
from every_eval.sources.helm.reading.records import InstanceId
from every_eval.sources.helm.statistics.metric_values import Treatment


def id_text(instance_id: InstanceId) -> str:
    """Return an instance's id as a text: of a number, its JSON text."""
    return instance_id if isinstance(instance_id, str) else str(instance_id)


def id_texts(ids: list[InstanceId]) -> list[str]:
    """Return the ids of a file's records as texts."""
    return list(map(id_text, ids)) if int in set(map(type, ids)) else cast(list[str], ids)


InstanceKey = tuple[str, str | None]
"""(instance id, perturbation as canonical JSON)."""


class Keys(NamedTuple):
    """The parts of many keys; parts that a file does not have are empty, and the others have one length."""

    ids: Sequence[str]
    """Instance ids."""
    treatments: Sequence[Treatment]
    """Equal where the perturbations are equal."""
    trials: Sequence[int] = ()
    """HELM's `train_trial_index`."""
    reference_indices: Sequence[int | None] = ()
    """The reference that an output is about; HELM's own key lacks it."""

    @classmethod
    def chain(cls, parts: Sequence[Self]) -> Self:
        """Return the keys of all parts, one part after the other."""
        return cls(*map(together, zip(*parts, strict=True))) if parts else cls([], [])

    def take(self, rows: Sequence[int]) -> Self:
        """Return the keys of these rows. The file must have all parts of a key."""
        return type(self)(
            [self.ids[row] for row in rows],
            [self.treatments[row] for row in rows],
            [self.trials[row] for row in rows],
            [self.reference_indices[row] for row in rows],
        )

    def slice(self, rows: slice) -> Self:
        """Return the keys of successive rows. The file must have all parts of a key."""
        return type(self)(self.ids[rows], self.treatments[rows], self.trials[rows], self.reference_indices[rows])

    @property
    def perturbations(self) -> Sequence[str | None]:
        """Canonical JSON of each perturbation; null for an original text."""
        return self._of_treatments("perturbation")

    @property
    def perturbation_names(self) -> Sequence[str | None]:
        """Name of each perturbation; null for an original text."""
        return self._of_treatments("perturbation_name")

    def of_instances(self) -> Iterator[InstanceKey]:
        """Yield the key of the instance that each record belongs to."""
        return zip(self.ids, self.perturbations, strict=True)

    def of_samples(self) -> Iterator[SampleKey]:
        """Yield HELM's key of each record."""
        return zip(self.ids, self.perturbations, self.trials, strict=True)

    def repeated(self) -> set[SampleKey]:
        """Return HELM's keys that occur more than once."""
        if are_distinct(self.ids):
            return set()
        return {key for key, n_times in Counter(self.of_samples()).items() if n_times > 1}

    def _of_treatments(self, field: str) -> Sequence[str | None]:
        if is_constant(self.treatments):
            return [getattr(self.treatments[0], field)] * len(self.treatments)
        return [getattr(treatment, field) for treatment in self.treatments]


def is_constant(values: Sequence[object]) -> bool:
    """Tell whether there are values and all of them are equal."""
    return bool(values) and values.count(values[0]) == len(values)


def are_distinct(ids: Sequence[str]) -> bool:
    """Tell whether no two ids are equal."""
    return len(set(ids)) == len(ids)


def together(lists: Iterable[Iterable[T]]) -> list[T]:
    """Return the elements of all lists, one list after the other."""
    return list(chain.from_iterable(lists))

"""HELM's keys of many records, part by part.

Lists of each part are made and compared in a fraction of the time that a tuple for each record takes.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple, Self

from every_eval.sources.decoding import T
from every_eval.sources.helm.reading.measured import SampleKey
from every_eval.sources.helm.reading.records import DisplayRequest, Prediction
from every_eval.sources.helm.statistics.cells import Treatment

InstanceKey = tuple[str, str | None]
"""(instance_id, perturbation as canonical JSON)."""


class Keys(NamedTuple):
    """Parts of keys, all of one length; treatments are equal where their perturbations are."""

    ids: Sequence[str]
    treatments: Sequence[Treatment]
    trials: Sequence[int]

    @classmethod
    def of(cls, records: Sequence[Prediction] | Sequence[DisplayRequest], treatments: Sequence[Treatment]) -> Self:
        """The key of each record."""
        return cls([record.instance_id for record in records], treatments, [one.train_trial_index for one in records])

    @classmethod
    def chain(cls, parts: Sequence[Self]) -> Self:
        """The keys of one after the other."""
        return cls(*map(together, zip(*parts, strict=True))) if parts else cls([], [], [])

    def take(self, numbers: Sequence[int]) -> Self:
        """Some of them."""
        return type(self)(pick(self.ids, numbers), pick(self.treatments, numbers), pick(self.trials, numbers))

    @property
    def perturbations(self) -> Sequence[str | None]:
        """Canonical JSON of each; null for an original text."""
        return self._of_treatments("perturbation")

    @property
    def perturbation_names(self) -> Sequence[str | None]:
        """Name of each; null for an original text."""
        return self._of_treatments("perturbation_name")

    def of_instances(self) -> Iterator[InstanceKey]:
        """The key of the instance that each belongs to."""
        return zip(self.ids, self.perturbations, strict=True)

    def of_samples(self) -> Iterator[SampleKey]:
        """Each key whole."""
        return zip(self.ids, self.perturbations, self.trials, strict=True)

    def repeated(self) -> set[SampleKey]:
        """Those that come more than once."""
        if are_distinct(self.ids):
            return set()
        return {key for key, n_times in Counter(self.of_samples()).items() if n_times > 1}

    def _of_treatments(self, field: str) -> Sequence[str | None]:
        if is_constant(self.treatments):
            return [getattr(self.treatments[0], field)] * len(self.treatments)
        return [getattr(treatment, field) for treatment in self.treatments]


def is_constant(values: Sequence[object]) -> bool:
    """Whether there are values, and all are equal."""
    return bool(values) and values.count(values[0]) == len(values)


def are_distinct(ids: Sequence[str]) -> bool:
    """Whether no two are equal."""
    return len(set(ids)) == len(ids)


def pick(values: Sequence[T], numbers: Iterable[int]) -> list[T]:
    """The values at these places."""
    return [values[number] for number in numbers]


def together(lists: Iterable[Iterable[T]]) -> list[T]:
    """The elements of one after the other."""
    return list(chain.from_iterable(lists))

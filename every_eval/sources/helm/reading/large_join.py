"""Predictions joined with instances and requests that are too many to be held in memory.

Each of the three files is gone through once for its keys, which are held. Then the predictions are gone through again,
and what belongs to a piece of them is looked up in the other files, of each of which a piece is held at a time: HELM
writes them in one order, so that the pieces follow each other.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Final, Generic, TypeVar

from every_eval.contracts.rejects import Reason
from every_eval.sources.decoding import Decoded, T
from every_eval.sources.helm.reading.joining import INSTANCES, PREDICTIONS, REQUESTS, match, missing
from every_eval.sources.helm.reading.keys import InstanceKey, Keys
from every_eval.sources.helm.reading.measured import SampleKey
from every_eval.sources.helm.reading.outputs import (
    Columns,
    Outputs,
    instance_columns,
    prediction_columns,
    request_columns,
    take,
)
from every_eval.sources.helm.reading.perturbations import P, Treatments
from every_eval.sources.helm.reading.records import DisplayRequest, Instance, Prediction
from every_eval.sources.helm.reading.run_files import ListFile, RunFiles
from every_eval.sources.helm.statistics.cells import Treatment
from every_eval.sources.source import Reject

R = TypeVar("R", Prediction, DisplayRequest)

SHARE: Final = 8
"""How many pieces the predictions are cut into in place of one: what belongs to them is several times as long."""


class LargeJoin:
    """What `read_displayed` gives, in pieces."""

    def __init__(self, files: RunFiles, treatments: Treatments, stack: ExitStack) -> None:
        """Go through the files for their keys; they stay open until `stack` closes them."""
        self._treatments = treatments
        self._rejects = files.rejects
        instances = _cut(stack.enter_context(files.open_list(INSTANCES, Instance)))
        self._instances = _Pages(instances)
        self._places = self._index(instances)
        self._predictions = _cut(stack.enter_context(files.open_list(PREDICTIONS, Prediction)), SHARE)
        keys, _ = self._look_through(self._predictions, PREDICTIONS)
        requests = _cut(stack.enter_context(files.open_list(REQUESTS, DisplayRequest)))
        self._requests = _Pages(requests)
        request_keys, positions = self._look_through(requests, REQUESTS)
        self._request_places: Sequence[int | None] = positions
        self._counts: tuple[Mapping[SampleKey, int], Mapping[SampleKey, int]] = {}, {}
        if keys != request_keys:
            numbers = match(list(keys.of_samples()), request_keys.of_samples())
            self._request_places = [None if number is None else positions[number] for number in numbers]
            self._counts = Counter(keys.of_samples()), Counter(request_keys.of_samples())
        self.shared = {key for key in keys.repeated() if key[:2] in self._places}
        """HELM's keys that several outputs share."""

    def outputs(self) -> Iterator[Outputs]:
        """Predictions with what belongs to them; what is missing is added to the rejects."""
        n_before = 0
        for (positions, records), treatments in self._pieces(self._predictions, PREDICTIONS, []):
            indices = [record.reference_index for record in records]
            outputs = Outputs(Keys.of(records, treatments), indices, prediction_columns(records))
            places: Sequence[int | None] = list(map(self._places.get, outputs.keys.of_instances()))
            numbers: Sequence[int | None] = self._request_places[n_before : n_before + len(records)]
            n_before += len(records)
            if None in places or None in numbers:
                self._rejects += missing(outputs, positions, places, numbers, self._counts)
                kept = [row for row, place in enumerate(places) if place is not None]
                outputs, places, numbers = (
                    outputs.take(kept),
                    [places[row] for row in kept],
                    [numbers[row] for row in kept],
                )
            prompts = self._requests.columns(numbers, lambda found: request_columns([item.request for item in found]))
            yield outputs.add(prompts).add(self._instances.columns(places, instance_columns))

    def _pieces(
        self, file: ListFile[P] | None, name: str, rejects: list[Reject]
    ) -> Iterator[tuple[Decoded[P], Sequence[Treatment]]]:
        unreadable: list[Reject] = []
        for piece in file.pieces(rejects) if file else ():
            yield self._treatments.readable(piece, name, unreadable)
        rejects += unreadable

    def _index(self, file: ListFile[Instance] | None) -> dict[InstanceKey, int]:
        """Where each instance stands; of two equal ones, the first."""
        places: dict[InstanceKey, int] = {}
        doubled: list[Reject] = []
        for piece, treatments in self._pieces(file, INSTANCES, self._rejects):
            for position, instance, treatment in zip(*piece, treatments, strict=True):
                key = (instance.id, treatment.perturbation)
                if places.setdefault(key, position) != position:
                    doubled.append(Reject(Reason.DOUBLED_INSTANCE, f"instance {key}", INSTANCES, f"$[{position}]"))
        self._rejects += doubled
        return places

    def _look_through(self, file: ListFile[R] | None, name: str) -> tuple[Keys, Sequence[int]]:
        """Every element's key, and where it stands."""
        parts: list[Keys] = []
        positions = array("q")
        for piece, treatments in self._pieces(file, name, self._rejects):
            parts.append(Keys.of(piece.records, treatments))
            positions.extend(piece.positions)
        return Keys.chain(parts), positions


def _cut(file: ListFile[T] | None, share: int = 1) -> ListFile[T] | None:
    """The file, gone through in pieces however small it is."""
    return file and replace(file, is_large=True, piece_bytes=file.piece_bytes // share)


class _Pages(Generic[T]):
    """Elements of a list file by their positions; the piece that held the last one is kept."""

    def __init__(self, file: ListFile[T] | None) -> None:
        self._file = file
        self._elements: dict[int, T] = {}

    def columns(self, positions: Sequence[int | None], make: Callable[[list[T]], Columns]) -> Columns:
        """What `make` makes of the elements at these positions; nulls where there is none."""
        distinct = sorted({position for position in positions if position is not None})
        columns = make([self._at(position) for position in distinct])
        if list(positions) == distinct:
            return columns
        numbers = {position: number for number, position in enumerate(distinct)}
        return take(columns, [None if position is None else numbers[position] for position in positions])

    def _at(self, position: int) -> T:
        if position not in self._elements:
            assert self._file is not None
            self._elements.clear()  # before the next piece is read
            self._elements.update(zip(*self._file.piece_around(position), strict=True))
        return self._elements[position]

"""Join predictions with their instances and requests, which HELM writes to three files for its display.

First, each file is read once for its keys, which stay in memory. Then the predictions are joined with the columns of
the other two files. The columns of small files stay in memory from the first reading. Large files are read a second
time, of each file one piece at a time: HELM writes the three files in the same order, so that the pieces follow each
other.
"""

from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Generic

import numpy as np

from every_eval.contracts.rejects import Reason
from every_eval.sources.decoding import Decoded
from every_eval.sources.helm.reading.contents import json_texts
from every_eval.sources.helm.reading.judgements import Panel
from every_eval.sources.helm.reading.keys import InstanceKey, Keys, are_distinct, id_texts, together
from every_eval.sources.helm.reading.metric_index import SampleKey
from every_eval.sources.helm.reading.missing_rows import Missing
from every_eval.sources.helm.reading.outputs import (
    Columns,
    Outputs,
    chain,
    instance_columns,
    prediction_columns,
    request_columns,
    take,
)
from every_eval.sources.helm.reading.perturbations import P, PerturbationReader
from every_eval.sources.helm.reading.records import DisplayRequest, Instance, Prediction
from every_eval.sources.helm.reading.run_files import RunFiles
from every_eval.sources.helm.statistics.metric_values import Treatment
from every_eval.sources.source import Reject
from every_eval.statistics.groups import IntArray

NO_ROW: Final = -1
"""Row of an element that is not in the file."""


@dataclass(frozen=True)
class _Format(Generic[P]):
    """A kind of display file, and how its records become keys and columns."""

    name: str
    record: type[P]
    keys: Callable[[Sequence[P], Sequence[Treatment]], Keys]
    columns: Callable[[Sequence[P]], Columns]
    panel: Callable[[Sequence[P]], Panel] = lambda _: Panel()
    """Returns the judges of the records."""
    n_splits: int = 1
    """Number by which the size of a large file's pieces is divided."""


INSTANCES: Final = _Format(
    "instances.json",
    Instance,
    lambda records, treatments: Keys(id_texts([record.id for record in records]), treatments),
    instance_columns,
)
PREDICTIONS: Final = _Format(
    "display_predictions.json",
    Prediction,
    lambda records, treatments: Keys(
        id_texts([record.instance_id for record in records]),
        treatments,
        [record.train_trial_index for record in records],
        [record.reference_index for record in records],
    ),
    prediction_columns,
    lambda records: Panel.of(json_texts([record.annotations for record in records])),
    n_splits=8,  # The instances and requests of a piece of predictions are several times as long as the predictions.
)
REQUESTS: Final = _Format(
    "display_requests.json",
    DisplayRequest,
    lambda records, treatments: Keys(
        id_texts([record.instance_id for record in records]),
        treatments,
        [record.train_trial_index for record in records],
    ),
    lambda records: request_columns([record.request for record in records]),
)


@dataclass(frozen=True)
class _Piece:
    """Successive elements of a display file."""

    positions: Sequence[int]
    """Positions of the elements in the file's list, which also counts elements that cannot be read."""
    keys: Keys
    columns: Columns
    """Empty for a large file."""
    panel: Panel
    """Judges of the elements, of predictions."""


class _DisplayFile(Generic[P]):
    """The readable elements of a display file, numbered as rows: keys in memory, columns in memory or read again."""

    def __init__(
        self,
        kind: _Format[P],
        files: RunFiles,
        perturbations: PerturbationReader,
        stack: ExitStack,
        *,
        is_large: bool,
    ) -> None:
        """Read the file for its keys; a large file stays open until `stack` closes it."""
        self._kind = kind
        self._perturbations = perturbations
        self._is_large = is_large
        file = stack.enter_context(files.open_list(kind.name, kind.record))
        self._file = file and replace(file, is_large=is_large, piece_bytes=file.piece_bytes // kind.n_splits)
        pieces = self._file.each(self._read, files.rejects) if self._file else []
        self._positions = [piece.positions for piece in pieces]
        self.keys = Keys.chain([piece.keys for piece in pieces])
        self.panel = Panel.join([piece.panel for piece in pieces])
        """Judges of all elements."""
        if is_large:
            self._starts = np.cumsum([0, *map(len, self._positions)])
            self._loaded: tuple[int, Columns] = (NO_ROW, {})
        else:
            self._starts = np.array([0, len(self.keys.ids)])
            self._loaded = (0, chain(piece.columns for piece in pieces) or kind.columns([]))
            if file:
                file.stream.close()

    @property
    def positions(self) -> Sequence[int]:
        """Position of each row in the file's list."""
        return together(self._positions)

    def pieces(self) -> Iterator[tuple[slice, Columns]]:
        """Yield the rows of each piece, and their columns; a small file is one piece."""
        for number, (start, end) in enumerate(zip(self._starts[:-1].tolist(), self._starts[1:].tolist(), strict=True)):
            yield slice(start, end), self._load(number)

    def columns(self, rows: IntArray) -> Columns:
        """Return the columns of these rows, with nulls where a row is `NO_ROW`."""
        wanted = rows if (rows[:1] >= 0).all() and (rows[1:] > rows[:-1]).all() else np.unique(rows[rows >= 0])
        parts = []
        for number in np.unique(np.searchsorted(self._starts, wanted, side="right") - 1).tolist():
            start, end = self._starts[number : number + 2]
            of_piece = wanted[np.searchsorted(wanted, start) : np.searchsorted(wanted, end)] - start
            columns = self._load(number)
            parts.append(columns if len(of_piece) == end - start else take(columns, of_piece))
        found = chain(parts) or self._kind.columns([])
        if wanted is rows:
            return found
        return take(found, np.where(rows >= 0, np.searchsorted(wanted, rows), NO_ROW))

    def _read(self, piece: Decoded[P], rejects: list[Reject]) -> _Piece:
        (positions, records), treatments = self._perturbations.read_all(piece, self._kind.name, rejects)
        columns = {} if self._is_large else self._kind.columns(records)
        if not isinstance(positions, range):
            positions = array("q", positions)
        return _Piece(positions, self._kind.keys(records, treatments), columns, self._kind.panel(records))

    def _load(self, number: int) -> Columns:
        if self._loaded[0] != number:
            assert self._file is not None
            self._loaded = (NO_ROW, {})  # The previous piece is freed before the next one is read.
            piece = self._file.piece(number, [])
            (_, records), _ = self._perturbations.read_all(piece, self._kind.name, [])
            self._loaded = (number, self._kind.columns(records))
        return self._loaded[1]


class DisplayJoin:
    """A run's predictions, each with its instance, and with the request at the same place among those of its key.

    If a key has another number of predictions than of requests, nothing says which belong together: the predictions
    of the key then have no request. If a key has several instances, the first one counts.
    """

    def __init__(self, files: RunFiles, perturbations: PerturbationReader, stack: ExitStack) -> None:
        """Read the keys of the three files; large files stay open until `stack` closes them."""
        names = {INSTANCES.name, PREDICTIONS.name, REQUESTS.name} & files.inputs.keys()
        is_large = any(map(files.is_large, names))
        self._rejects = files.rejects
        self._instances = _DisplayFile(INSTANCES, files, perturbations, stack, is_large=is_large)
        places = self._find_instances()
        self._predictions = _DisplayFile(PREDICTIONS, files, perturbations, stack, is_large=is_large)
        self._requests = _DisplayFile(REQUESTS, files, perturbations, stack, is_large=is_large)
        keys = self._predictions.keys
        self._instance_rows = self._match_instances(places)
        self._request_rows = self._match_requests()
        known = np.flatnonzero(self._instance_rows != NO_ROW)
        self.repeated = (keys if len(known) == len(keys.ids) else keys.take(known.tolist())).repeated()
        """HELM's keys that several of the predictions with an instance have."""
        self.keys = keys
        """Keys of all predictions."""
        n_instances = len(self._instances.keys.ids) if places is None else len(places)
        n_without = n_instances - len(np.unique(self._instance_rows[self._instance_rows != NO_ROW]))
        self.missing_predictions = Missing(
            PREDICTIONS.name, n_without, f"{n_instances} instances that {INSTANCES.name} has"
        )
        """Instances without a prediction."""
        self.panel = self._predictions.panel
        """Judges of the predictions."""

    def outputs(self) -> Iterator[Outputs]:
        """Yield the predictions with their instances and requests, piece by piece; what is missing is a reject."""
        for rows, columns in self._predictions.pieces():
            outputs = Outputs(self._predictions.keys.slice(rows), columns)
            instances, requests = self._instance_rows[rows], self._request_rows[rows]
            if NO_ROW in instances or NO_ROW in requests:
                self._rejects += self._missing(outputs, rows.start)
                known = np.flatnonzero(instances != NO_ROW)
                outputs, instances, requests = outputs.take(known), instances[known], requests[known]
            yield outputs.add(self._requests.columns(requests)).add(self._instances.columns(instances))

    def _find_instances(self) -> dict[InstanceKey, int] | None:
        """Return the row of each instance's key, null if no two ids are equal; further rows of a key are rejects."""
        keys = self._instances.keys
        if are_distinct(keys.ids):
            return None
        places: dict[InstanceKey, int] = {}
        repeated = [row for row, key in enumerate(keys.of_instances()) if places.setdefault(key, row) != row]
        if repeated:
            known, positions = list(keys.of_instances()), self._instances.positions
            self._rejects += [
                Reject(Reason.DOUBLED_INSTANCE, f"instance {known[row]}", INSTANCES.name, f"$[{positions[row]}]")
                for row in repeated
            ]
        return places

    def _match_instances(self, places: dict[InstanceKey, int] | None) -> IntArray:
        """Return the row of each prediction's instance."""
        keys, of_instances = self._predictions.keys, self._instances.keys
        is_unique = places is None or len(places) == len(of_instances.ids)
        if is_unique and keys[:2] == of_instances[:2]:
            return np.arange(len(keys.ids))
        if places is None:
            places = {key: row for row, key in enumerate(of_instances.of_instances())}
        found = (places.get(key, NO_ROW) for key in keys.of_instances())
        return np.fromiter(found, np.int64, len(keys.ids))

    def _match_requests(self) -> IntArray:
        """Return the row of each prediction's request."""
        keys, of_requests = self._predictions.keys, self._requests.keys
        if keys[:3] == of_requests[:3]:
            self._requests.keys = keys  # Equal keys are held in memory only once.
            return np.arange(len(keys.ids))
        return match(list(keys.of_samples()), list(of_requests.of_samples()))

    @cached_property
    def _counts(self) -> tuple[Counter[SampleKey], Counter[SampleKey]]:
        """Number of predictions and number of requests of each key."""
        return Counter(self._predictions.keys.of_samples()), Counter(self._requests.keys.of_samples())

    def _missing(self, outputs: Outputs, start: int) -> Iterator[Reject]:
        """Yield a reject for each prediction without an instance, or else without a request."""
        texts, positions = outputs.texts["output"], self._predictions.positions
        for row, key in enumerate(outputs.keys.of_samples()):
            place = f"$[{positions[start + row]}]"
            if self._instance_rows[start + row] == NO_ROW:
                detail = f"prediction of instance {key}: {(texts[row].as_py() or '')[:200]}"
                yield Reject(Reason.INSTANCE_MISSING, detail, PREDICTIONS.name, place)
            elif self._request_rows[start + row] == NO_ROW:
                n_predictions, n_requests = (counts[key] for counts in self._counts)
                detail = f"{n_requests} requests for {n_predictions} predictions of {key}"
                yield Reject(Reason.REQUEST_MISSING, detail, PREDICTIONS.name, place)


def match(wanted: Sequence[SampleKey], keys: Sequence[SampleKey]) -> IntArray:
    """Return for each wanted key the row at the same place among the rows of the key, if there are as many of both."""
    by_key: dict[SampleKey, list[int]] = {}
    for row, key in enumerate(keys):
        by_key.setdefault(key, []).append(row)
    n_wanted = Counter(wanted)
    n_before: Counter[SampleKey] = Counter()
    matched = np.full(len(wanted), NO_ROW)
    for place, key in enumerate(wanted):
        rows = by_key.get(key, [])
        if len(rows) == n_wanted[key]:
            matched[place] = rows[n_before[key]]
        n_before[key] += 1
    return matched

"""Predictions joined with their instances and requests, as HELM's display files hold them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Final

from every_eval.contracts.rejects import Reason
from every_eval.sources.decoding import Decoded
from every_eval.sources.helm.reading.keys import InstanceKey, Keys, are_distinct, together
from every_eval.sources.helm.reading.measured import SampleKey
from every_eval.sources.helm.reading.outputs import (
    Columns,
    Outputs,
    chain,
    instance_columns,
    prediction_columns,
    request_columns,
    take,
)
from every_eval.sources.helm.reading.perturbations import Treatments
from every_eval.sources.helm.reading.records import DisplayRequest, Instance, Prediction
from every_eval.sources.helm.reading.run_files import RunFiles
from every_eval.sources.helm.statistics.cells import Treatment
from every_eval.sources.source import Reject

INSTANCES: Final = "instances.json"
PREDICTIONS: Final = "display_predictions.json"
REQUESTS: Final = "display_requests.json"


@dataclass(frozen=True)
class _Instances:
    positions: Sequence[int]
    ids: Sequence[str]
    treatments: Sequence[Treatment]
    columns: Columns


@dataclass(frozen=True)
class _Predictions:
    positions: Sequence[int]
    outputs: Outputs


@dataclass(frozen=True)
class _Requests:
    keys: Keys
    columns: Columns


def read_displayed(files: RunFiles, treatments: Treatments) -> Outputs:
    """Each prediction with its instance, and with the request that stands at the same place under its key.

    Where a key has more predictions than requests, or fewer, nothing tells which belong together. What cannot be read,
    or is missing, is added to the rejects of `files`.
    """
    index = _Index(files.each(INSTANCES, Instance, partial(_read_instances, treatments)))
    files.rejects += index.doubled()
    predictions = files.each(PREDICTIONS, Prediction, partial(_read_predictions, treatments))
    requests = files.each(REQUESTS, DisplayRequest, partial(_read_requests, treatments))
    return _join(
        _Predictions(
            together(part.positions for part in predictions), Outputs.chain([part.outputs for part in predictions])
        ),
        index,
        _Requests(Keys.chain([part.keys for part in requests]), chain(part.columns for part in requests)),
        files.rejects,
    )


def _read_instances(known: Treatments, piece: Decoded[Instance], rejects: list[Reject]) -> _Instances:
    (positions, records), treatments = known.readable(piece, INSTANCES, rejects)
    return _Instances(positions, [record.id for record in records], treatments, instance_columns(records))


def _read_predictions(known: Treatments, piece: Decoded[Prediction], rejects: list[Reject]) -> _Predictions:
    (positions, records), treatments = known.readable(piece, PREDICTIONS, rejects)
    indices = [record.reference_index for record in records]
    return _Predictions(positions, Outputs(Keys.of(records, treatments), indices, prediction_columns(records)))


def _read_requests(known: Treatments, piece: Decoded[DisplayRequest], rejects: list[Reject]) -> _Requests:
    (_, records), treatments = known.readable(piece, REQUESTS, rejects)
    return _Requests(Keys.of(records, treatments), request_columns([record.request for record in records]))


class _Index:
    """A run's instances, and their places by key; of several under one key the first counts."""

    def __init__(self, parts: Sequence[_Instances]) -> None:
        self._columns = chain(part.columns for part in parts)
        self._positions = together(part.positions for part in parts)
        self._ids = together(part.ids for part in parts)
        self._treatments = together(part.treatments for part in parts)
        self._is_unique = are_distinct(self._ids) or len(self._places) == len(self._ids)

    @cached_property
    def _keys(self) -> Sequence[InstanceKey]:
        return list(Keys(self._ids, self._treatments, ()).of_instances())

    @cached_property
    def _places(self) -> Mapping[InstanceKey, int]:
        last = len(self._keys) - 1
        return {key: last - number for number, key in enumerate(reversed(self._keys))}

    def doubled(self) -> list[Reject]:
        """The instances that do not count."""
        if self._is_unique:
            return []
        return [
            Reject(Reason.DOUBLED_INSTANCE, f"instance {key}", INSTANCES, f"$[{position}]")
            for place, (key, position) in enumerate(zip(self._keys, self._positions, strict=True))
            if self._places[key] != place
        ]

    def find(self, keys: Keys) -> Sequence[int | None]:
        """Where the instances with these keys are; null for those that there are not."""
        if self._is_unique and keys.ids == self._ids and keys.treatments == self._treatments:
            return range(len(self._ids))
        return list(map(self._places.get, keys.of_instances()))

    def at(self, places: Sequence[int | None]) -> Columns:
        """What is known of the instances at these places."""
        return self._columns if places == range(len(self._ids)) else take(self._columns, places)


def _join(predictions: _Predictions, index: _Index, requests: _Requests, rejects: list[Reject]) -> Outputs:
    outputs, prompts = predictions.outputs, requests.columns or request_columns([])
    numbers: Sequence[int | None] = range(len(outputs.keys.ids))
    if outputs.keys != requests.keys:
        numbers = match(list(outputs.keys.of_samples()), requests.keys.of_samples())
        prompts = take(prompts, numbers)
    outputs = outputs.add(prompts)
    places = index.find(outputs.keys)
    if None in places or None in numbers:
        counts = Counter(outputs.keys.of_samples()), Counter(requests.keys.of_samples())
        rejects += missing(outputs, predictions.positions, places, numbers, counts)
        kept = [number for number, place in enumerate(places) if place is not None]
        outputs, places = outputs.take(kept), [places[number] for number in kept]
    return outputs.add(index.at(places))


def missing(
    outputs: Outputs,
    positions: Sequence[int],
    places: Sequence[int | None],
    numbers: Sequence[int | None],
    counts: tuple[Mapping[SampleKey, int], Mapping[SampleKey, int]],
) -> Iterator[Reject]:
    """Predictions without instance, which is null in `places`, or without request, which is null in `numbers`.

    `positions` are those of the predictions in their file; `counts` says how many predictions there are of each key in
    the whole run, and how many requests.
    """
    n_predictions, n_requests = counts
    texts = outputs.texts["output"]
    for row, (position, key) in enumerate(zip(positions, outputs.keys.of_samples(), strict=True)):
        if places[row] is None:
            detail = f"prediction of instance {key}: {(texts[row].as_py() or '')[:200]}"
            yield Reject(Reason.INSTANCE_MISSING, detail, PREDICTIONS, f"$[{position}]")
        elif numbers[row] is None:
            detail = f"{n_requests[key]} requests for {n_predictions[key]} predictions of {key}"
            yield Reject(Reason.REQUEST_MISSING, detail, PREDICTIONS, f"$[{position}]")


def match(wanted: Sequence[SampleKey], keys: Iterable[SampleKey]) -> list[int | None]:
    """For each key wanted, the number of the one at the same place under it, if there are as many of both."""
    by_key: dict[SampleKey, list[int]] = {}
    for number, key in enumerate(keys):
        by_key.setdefault(key, []).append(number)
    n_wanted = Counter(wanted)
    n_before: Counter[SampleKey] = Counter()
    matched: list[int | None] = []
    for key in wanted:
        candidates = by_key.get(key, [])
        matched.append(candidates[n_before[key]] if len(candidates) == n_wanted[key] else None)
        n_before[key] += 1
    return matched

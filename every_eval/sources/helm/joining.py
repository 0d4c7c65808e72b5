"""Predictions joined with their instances and requests, as HELM's display files hold them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain as chain_lists
from typing import Final

from every_eval.contracts.rejects import Reason
from every_eval.sources.decoding import Decoded, T
from every_eval.sources.helm.measured import SampleKey
from every_eval.sources.helm.outputs import (
    Columns,
    Outputs,
    chain,
    instance_columns,
    prediction_columns,
    request_columns,
    take,
)
from every_eval.sources.helm.perturbations import Treatments
from every_eval.sources.helm.records import DisplayRequest, Instance, Prediction
from every_eval.sources.helm.run_files import RunFiles
from every_eval.sources.source import Reject
from every_eval.statistics.cells import Treatment

INSTANCES: Final = "instances.json"
PREDICTIONS: Final = "display_predictions.json"
REQUESTS: Final = "display_requests.json"

InstanceKey = tuple[str, str | None]
"""(instance_id, perturbation as canonical JSON)."""


@dataclass(frozen=True)
class _Instances:
    positions: Sequence[int]
    keys: Sequence[InstanceKey]
    columns: Columns


@dataclass(frozen=True)
class _Predictions:
    positions: Sequence[int]
    outputs: Outputs


@dataclass(frozen=True)
class _Requests:
    keys: Sequence[SampleKey]
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
            _together(part.positions for part in predictions), Outputs.chain([part.outputs for part in predictions])
        ),
        index,
        _Requests(_together(part.keys for part in requests), chain(part.columns for part in requests)),
        files.rejects,
    )


def _together(lists: Iterable[Sequence[T]]) -> list[T]:
    return list(chain_lists.from_iterable(lists))


def _read_instances(known: Treatments, piece: Decoded[Instance], rejects: list[Reject]) -> _Instances:
    (positions, records), treatments = known.readable(piece, INSTANCES, rejects)
    keys = list(zip([record.id for record in records], _perturbations(treatments), strict=True))
    return _Instances(positions, keys, instance_columns(records))


def _read_predictions(known: Treatments, piece: Decoded[Prediction], rejects: list[Reject]) -> _Predictions:
    (positions, records), treatments = known.readable(piece, PREDICTIONS, rejects)
    indices = [record.reference_index for record in records]
    return _Predictions(
        positions, Outputs(keys_of(records, treatments), treatments, indices, prediction_columns(records))
    )


def _read_requests(known: Treatments, piece: Decoded[DisplayRequest], rejects: list[Reject]) -> _Requests:
    (_, records), treatments = known.readable(piece, REQUESTS, rejects)
    return _Requests(keys_of(records, treatments), request_columns([record.request for record in records]))


def _perturbations(treatments: Sequence[Treatment]) -> list[str | None]:
    return [treatment.perturbation for treatment in treatments]


class _Index:
    """A run's instances, and their places by key; of several under one key the first counts."""

    def __init__(self, parts: Sequence[_Instances]) -> None:
        self._columns = chain(part.columns for part in parts)
        self._positions = _together(part.positions for part in parts)
        self._keys = _together(part.keys for part in parts)
        last = len(self._keys) - 1
        self._places = {key: last - number for number, key in enumerate(reversed(self._keys))}

    def doubled(self) -> list[Reject]:
        """The instances that do not count."""
        if len(self._places) == len(self._keys):
            return []
        return [
            Reject(Reason.DOUBLED_INSTANCE, f"instance {key}", INSTANCES, f"$[{position}]")
            for place, (key, position) in enumerate(zip(self._keys, self._positions, strict=True))
            if self._places[key] != place
        ]

    def find(self, keys: Sequence[InstanceKey]) -> Sequence[int | None]:
        """Where the instances with these keys are; null for those that there are not."""
        if len(self._places) == len(keys) and keys == self._keys:
            return range(len(keys))
        return list(map(self._places.get, keys))

    def at(self, places: Sequence[int | None]) -> Columns:
        """What is known of the instances at these places."""
        return self._columns if places == range(len(self._keys)) else take(self._columns, places)


def _join(predictions: _Predictions, index: _Index, requests: _Requests, rejects: list[Reject]) -> Outputs:
    outputs, prompts = predictions.outputs, requests.columns or request_columns([])
    numbers: Sequence[int | None] = range(len(outputs.keys))
    if outputs.keys != requests.keys:
        numbers = match(outputs.keys, requests.keys)
        prompts = take(prompts, numbers)
    outputs = outputs.add(prompts)
    places = index.find([key[:2] for key in outputs.keys])
    if None in places or None in numbers:
        counts = Counter(outputs.keys), Counter(requests.keys)
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
    for row, (position, key) in enumerate(zip(positions, outputs.keys, strict=True)):
        if places[row] is None:
            detail = f"prediction of instance {key}: {(texts[row].as_py() or '')[:200]}"
            yield Reject(Reason.INSTANCE_MISSING, detail, PREDICTIONS, f"$[{position}]")
        elif numbers[row] is None:
            detail = f"{n_requests[key]} requests for {n_predictions[key]} predictions of {key}"
            yield Reject(Reason.REQUEST_MISSING, detail, PREDICTIONS, f"$[{position}]")


def keys_of(
    records: Sequence[Prediction] | Sequence[DisplayRequest], treatments: Sequence[Treatment]
) -> list[SampleKey]:
    """HELM's key of each record."""
    ids, trials = [record.instance_id for record in records], [record.train_trial_index for record in records]
    return list(zip(ids, _perturbations(treatments), trials, strict=True))


def match(wanted: Sequence[SampleKey], keys: Sequence[SampleKey]) -> list[int | None]:
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

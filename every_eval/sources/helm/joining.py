"""Predictions joined with their instances and requests, as HELM's display files hold them."""

from collections import Counter
from collections.abc import Sequence

from every_eval.contracts.rejects import Reason
from every_eval.sources.decoding import Decoded, T
from every_eval.sources.helm.measured import SampleKey
from every_eval.sources.helm.records import DisplayRequest, Instance, Prediction, RequestBody
from every_eval.sources.helm.samples import Outputs
from every_eval.sources.source import Reject
from every_eval.statistics.cells import Treatment

INSTANCES = "instances.json"
PREDICTIONS = "display_predictions.json"
REQUESTS = "display_requests.json"


class InstanceIndex:
    """A run's instances, and their positions by (id, perturbation)."""

    def __init__(self, decoded: Decoded[Instance], treatments: Sequence[Treatment]) -> None:
        """Index instances with their treatments; the first of two equal ones counts."""
        self.rejects: list[Reject] = []
        self.instances = decoded.records
        self.places: dict[tuple[str, str | None], int] = {}
        for place, (position, instance, treatment) in enumerate(zip(*decoded, treatments, strict=True)):
            key = (instance.id, treatment.perturbation)
            if self.places.setdefault(key, place) != place:
                self.rejects.append(Reject(Reason.DOUBLED_INSTANCE, f"instance {key}", INSTANCES, f"$[{position}]"))


def join(
    predictions: Decoded[Prediction],
    treatments: Sequence[Treatment],
    index: InstanceIndex,
    requests: Decoded[DisplayRequest],
    request_treatments: Sequence[Treatment],
    rejects: list[Reject],
) -> Outputs:
    """Each prediction with its instance, and with the request that stands at the same place under its key.

    Both come with their treatments. Where a key has more predictions than requests, or fewer, nothing tells which
    belong together. What is missing is added to `rejects`.
    """
    keys = _keys(predictions.records, treatments)
    request_keys = _keys(requests.records, request_treatments)
    bodies: Sequence[RequestBody | None] = [record.request for record in requests.records]
    if keys != request_keys:
        bodies = _match(keys, request_keys, bodies)
    places = [index.places.get(key[:2]) for key in keys]
    outputs = Outputs(index.instances, places, keys, predictions.records, treatments, bodies)
    if None not in places and None not in bodies:
        return outputs
    n_requests, n_predictions = Counter(request_keys), Counter(keys)
    for position, place, body, key, prediction in zip(
        predictions.positions, places, bodies, keys, predictions.records, strict=True
    ):
        if place is None:
            detail = f"prediction of instance {key}: {(prediction.predicted_text or '')[:200]}"
            rejects.append(Reject(Reason.INSTANCE_MISSING, detail, PREDICTIONS, f"$[{position}]"))
        elif body is None:
            detail = f"{n_requests[key]} requests for {n_predictions[key]} predictions of {key}"
            rejects.append(Reject(Reason.REQUEST_MISSING, detail, PREDICTIONS, f"$[{position}]"))
    return outputs.take([number for number, place in enumerate(places) if place is not None])


def _keys(records: Sequence[Prediction] | Sequence[DisplayRequest], treatments: Sequence[Treatment]) -> list[SampleKey]:
    ids = [record.instance_id for record in records]
    perturbations = [treatment.perturbation for treatment in treatments]
    return list(zip(ids, perturbations, [record.train_trial_index for record in records], strict=True))


def _match(wanted: Sequence[SampleKey], keys: Sequence[SampleKey], bodies: Sequence[T]) -> list[T | None]:
    """For each key wanted, the body that stands at the same place under it, if there are as many of both."""
    by_key: dict[SampleKey, list[T]] = {}
    for key, body in zip(keys, bodies, strict=True):
        by_key.setdefault(key, []).append(body)
    n_wanted = Counter(wanted)
    numbers: Counter[SampleKey] = Counter()
    matched = []
    for key in wanted:
        candidates = by_key.get(key, [])
        matched.append(candidates[numbers[key]] if len(candidates) == n_wanted[key] else None)
        numbers[key] += 1
    return matched

"""Predictions joined with their instances and requests, as HELM's display files hold them."""

from collections import Counter
from collections.abc import Iterable, Sequence

from every_eval.contracts.rejects import Reason
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

    def __init__(self, instances: Iterable[tuple[int, Instance, Treatment]]) -> None:
        """Index `instances`, given with their positions in the file; the first of two equal ones counts."""
        self.rejects: list[Reject] = []
        self.instances: list[Instance] = []
        self.positions: dict[tuple[str, str | None], int] = {}
        for position, instance, treatment in instances:
            key = (instance.id, treatment.perturbation)
            if key in self.positions:
                self.rejects.append(
                    Reject(Reason.DOUBLED_INSTANCE, f"instance {key}", INSTANCES, f"$[{position}]")
                )
            else:
                self.positions[key] = len(self.instances)
                self.instances.append(instance)


def join(
    predictions: Sequence[tuple[int, Prediction, Treatment]],
    index: InstanceIndex,
    requests: Sequence[tuple[int, DisplayRequest, Treatment]],
    rejects: list[Reject],
) -> Outputs:
    """Each prediction with its instance, and with the request that stands at the same place under its key.

    Where a key has more predictions than requests, or fewer, nothing tells which belong together. What is missing is
    added to `rejects`.
    """
    outputs = Outputs(index.instances)
    keys = _keys(predictions)
    bodies = _match(keys, _keys(requests), [request.request for _, request, _ in requests])
    for key, candidate, (position, prediction, treatment) in zip(keys, bodies, predictions, strict=True):
        place = index.positions.get(key[:2])
        if place is None:
            detail = f"prediction of instance {key}: {(prediction.predicted_text or '')[:200]}"
            rejects.append(Reject(Reason.INSTANCE_MISSING, detail, PREDICTIONS, f"$[{position}]"))
            continue
        if not isinstance(candidate, RequestBody):
            rejects.append(Reject(Reason.REQUEST_MISSING, candidate, PREDICTIONS, f"$[{position}]"))
        outputs.add(key, prediction, treatment, place, candidate if isinstance(candidate, RequestBody) else None)
    return outputs


def _keys(records: Sequence[tuple[int, Prediction | DisplayRequest, Treatment]]) -> list[SampleKey]:
    return [
        (record.instance_id, treatment.perturbation, record.train_trial_index) for _, record, treatment in records
    ]


def _match(
    wanted: Sequence[SampleKey], keys: Sequence[SampleKey], bodies: Sequence[RequestBody]
) -> Sequence[RequestBody | str]:
    """For each key wanted, the body that stands at the same place under it, or why there is none."""
    if wanted == keys:
        return bodies
    by_key: dict[SampleKey, list[RequestBody]] = {}
    for key, body in zip(keys, bodies, strict=True):
        by_key.setdefault(key, []).append(body)
    n_wanted = Counter(wanted)
    numbers: Counter[SampleKey] = Counter()
    matched: list[RequestBody | str] = []
    for key in wanted:
        candidates = by_key.get(key, [])
        is_sure = len(candidates) == n_wanted[key]
        lack = f"{len(candidates)} requests for {n_wanted[key]} predictions of {key}"
        matched.append(candidates[numbers[key]] if is_sure else lack)
        numbers[key] += 1
    return matched

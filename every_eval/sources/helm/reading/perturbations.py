"""How perturbations are spelled in keys."""

from collections.abc import Sequence
from typing import Any, TypeVar, cast

from every_eval.contracts.rejects import Reason
from every_eval.sources.decoding import Decoded, decode_object
from every_eval.sources.helm.reading.records import ABSENT, Perturbed
from every_eval.sources.helm.statistics.cells import ORIGINAL, Treatment
from every_eval.sources.source import Reject

P = TypeVar("P", bound=Perturbed)


class Treatments:
    """Treatments by the JSON of their perturbations, of which a run's files repeat a few many times."""

    def __init__(self) -> None:
        """Only the original text is known."""
        self._known: dict[bytes, Treatment] = {b"": ORIGINAL, b"null": ORIGINAL}

    def of(self, record: Perturbed, file: str, place: str) -> Treatment | Reject:
        """What was done to the text of a record, which is at `place` in its file, or why that cannot be read."""
        raw = bytes(record.perturbation)
        known = self._known.get(raw)
        if known is not None:
            return known
        perturbation = decode_object(raw, dict[str, Any], file, f"{place}.perturbation")
        if isinstance(perturbation, Reject):
            return perturbation
        if not isinstance(perturbation.get("name"), str):
            return Reject(Reason.UNEXPECTED_SHAPE, "Expected a perturbation with a name", file, place)
        return self._known.setdefault(raw, Treatment.of(perturbation))

    def readable(self, decoded: Decoded[P], file: str, rejects: list[Reject]) -> tuple[Decoded[P], Sequence[Treatment]]:
        """The records of a file's list and their treatments, without those that are added to `rejects`."""
        given = [record.perturbation for record in decoded.records]
        if given.count(ABSENT) == len(given):
            return decoded, [ORIGINAL] * len(given)
        known = [self._known.get(bytes(perturbation)) for perturbation in given]
        if None not in known:
            return decoded, cast(list[Treatment], known)
        positions: list[int] = []
        records: list[P] = []
        treatments: list[Treatment] = []
        for position, record in zip(*decoded, strict=True):
            treatment = self.of(record, file, f"$[{position}]")
            if isinstance(treatment, Reject):
                rejects.append(treatment)
            else:
                positions.append(position)
                records.append(record)
                treatments.append(treatment)
        return Decoded(positions, records), treatments

"""Reading the perturbations of records."""

from collections.abc import Sequence
from typing import Any, TypeVar, cast

from every_eval.contracts.rejects import Reason
from every_eval.sources.decoding import Decoded, decode_object
from every_eval.sources.helm.reading.records import ABSENT, Perturbed
from every_eval.sources.helm.statistics.metric_values import ORIGINAL, Treatment
from every_eval.sources.source import Reject

P = TypeVar("P", bound=Perturbed)


class PerturbationReader:
    """Decodes the perturbations of a run's files, each distinct JSON text once: files repeat a few of them often."""

    def __init__(self) -> None:
        """Start with the original text alone."""
        self._known: dict[bytes, Treatment] = {b"": ORIGINAL, b"null": ORIGINAL}

    def read(self, record: Perturbed, file: str, place: str) -> Treatment | Reject:
        """Return the treatment of a record, which is at `place` in `file`, or why it cannot be read."""
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

    def read_all(self, decoded: Decoded[P], file: str, rejects: list[Reject]) -> tuple[Decoded[P], Sequence[Treatment]]:
        """Return the records of a file's list with their treatments; records without a readable one are rejects."""
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
            treatment = self.read(record, file, f"$[{position}]")
            if isinstance(treatment, Reject):
                rejects.append(treatment)
            else:
                positions.append(position)
                records.append(record)
                treatments.append(treatment)
        return Decoded(positions, records), treatments

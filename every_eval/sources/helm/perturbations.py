"""How perturbations are spelled in keys."""

from collections.abc import Iterable
from typing import Any, TypeVar

from every_eval.contracts.rejects import Reason
from every_eval.sources.helm.decoding import decode_object
from every_eval.sources.helm.records import Perturbed
from every_eval.sources.source import Reject
from every_eval.statistics.cells import ORIGINAL, Treatment

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

    def readable(
        self, records: Iterable[tuple[int, P]], file: str, rejects: list[Reject], root: str = "$"
    ) -> list[tuple[int, P, Treatment]]:
        """The records of a file's list, given with their positions, with their treatments; adds what is left out."""
        readable = []
        for position, record in records:
            treatment = self._known.get(bytes(record.perturbation))
            if treatment is None:
                found = self.of(record, file, f"{root}[{position}]")
                if isinstance(found, Reject):
                    rejects.append(found)
                    continue
                treatment = found
            readable.append((position, record, treatment))
        return readable

"""Strata of a board whose values lie on disk, so that only one stratum at a time is in memory."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

import numpy as np

from every_eval.statistics.strata import Stratum

StoredStratum = tuple[Path, Stratum]
"""File of the values of a stratum, and the stratum without its values."""


@dataclass(frozen=True)
class StrataOnDisk:
    """Strata whose values are read from files, one stratum at a time, each time that one iterates over them."""

    parts: Sequence[StoredStratum]

    @classmethod
    def write(cls, strata: Iterable[Stratum], folder: Path) -> Self:
        """Write the values of strata into a folder, which is made; the caller deletes it."""
        folder.mkdir()
        parts = []
        for number, stratum in enumerate(strata):
            path = folder / f"{number}.npy"
            np.save(path, stratum.units.numbers)
            parts.append((path, stratum.without_values()))
        return cls(parts)

    def __iter__(self) -> Iterator[Stratum]:
        """Yield the strata with their values, in their order."""
        for path, stratum in self.parts:
            yield replace(stratum, units=stratum.units._replace(numbers=np.load(path)))

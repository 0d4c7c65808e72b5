"""A benchmark's releases: which one is scored, which runs it shows, and its published cells."""

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import pyarrow as pa

from every_eval.contracts.releases import RELEASES
from every_eval.contracts.scanning import scan_table
from every_eval.sources.distinct import distinct
from every_eval.sources.source import Source
from every_eval.sources.statistics_files import RunKey

CELLS = "cells"


@dataclass(frozen=True)
class ShownRelease:
    """The release whose runs are scored."""

    name: str
    runs: Set[RunKey]
    """The runs that the release shows."""
    lower_is_better: Mapping[str, bool]
    """Direction of each metric; a metric without a direction is absent."""

    @classmethod
    def of(cls, release: Mapping[str, Any], source: Source) -> Self:
        """Return the release that a row of the contract `releases` describes."""
        runs = frozenset((run["suite"], run["run"]) for run in release["runs"])
        return cls(release["release"], runs, source.directions(release))

    def directions(self, stats: pa.Table) -> pa.Array:
        """Return for each row whether lower is better, by its `metric_name`; null where the metric has no direction."""
        position, metrics = distinct(stats, ["metric_name"])
        return pa.array([self.lower_is_better.get(name) for (name,) in metrics], pa.bool_()).take(pa.array(position))


class Releases:
    """Rows of the contract `releases`; the cells are read one release at a time, as there can be 100,000s of them."""

    def __init__(self, file: Path | None) -> None:
        """Read all columns but the cells; without a file there is no release."""
        self._file = file
        names = [column.name for column in RELEASES.columns if column.name != CELLS]
        pieces = scan_table(RELEASES, file, names) if file else ()
        self._rows: list[dict[str, Any]] = [row for piece in pieces for row in piece.to_pylist()]

    @property
    def newest(self) -> Mapping[str, Any] | None:
        """The newest release, without its cells; null if there is none."""
        return next((row for row in self._rows if row["is_newest"]), None)

    @property
    def in_order(self) -> Sequence[Mapping[str, Any]]:
        """The releases without their cells, the oldest first; the suites, if nothing was released."""
        released = [row for row in self._rows if row["is_release"]]
        return released or self._rows

    @property
    def names(self) -> Set[str]:
        """Names of all releases."""
        return {row["release"] for row in self._rows}

    def with_cells(self, *, older: bool) -> Iterator[Mapping[str, Any]]:
        """Yield the newest release, or with `older` all releases, each with its cells as an array."""
        if self._file:
            pieces = scan_table(RELEASES, self._file, [CELLS], n_rows=1)
            for row, piece in zip(self._rows, pieces, strict=True):
                if older or row["is_newest"]:
                    cells: pa.ListArray = piece[CELLS].combine_chunks()
                    yield row | {CELLS: cells.flatten()}

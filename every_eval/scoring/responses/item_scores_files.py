"""Read the item scores of a benchmark's runs from the files of the state, in pieces."""

from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from every_eval.contracts.scanning import scan_table
from every_eval.contracts.state import STATE_ITEM_SCORES
from every_eval.sources.distinct import distinct
from every_eval.sources.statistics_files import RUN_COLUMNS, RunKey

PIECE_ROWS: Final = 1 << 18
"""Largest number of rows in a piece."""


@dataclass(frozen=True)
class ItemScoresFiles:
    """Rows of the table `state_item_scores`, ordered by shard: the item scores of a benchmark's runs."""

    files: Sequence[Path]
    runs: Set[RunKey] | None = None
    """Runs whose rows are read; null for all runs."""

    def of(self, runs: Set[RunKey]) -> "ItemScoresFiles":
        """Return the same files, restricted to the rows of some runs."""
        return replace(self, runs=runs)

    def pieces(self, names: Sequence[str]) -> Iterator[pa.Table]:
        """Read columns of the rows in pieces, with dictionary-encoded texts; runs and shards are in no fixed order."""
        for file in self.files:
            for piece in scan_table(STATE_ITEM_SCORES, file, {*names, *RUN_COLUMNS}, n_rows=PIECE_ROWS):
                rows = piece if self.runs is None else piece.filter(_is_of_runs(piece, self.runs))
                if rows.num_rows:
                    yield rows.select(names)


def _is_of_runs(rows: pa.Table, runs: Set[RunKey]) -> pa.Array:
    position, found = distinct(rows, RUN_COLUMNS)
    return pa.array(np.array([run in runs for run in found], np.bool_)[position])

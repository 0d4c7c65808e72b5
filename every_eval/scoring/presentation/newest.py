"""What the newest files of a source say, without more of them in memory, or fetched, than that takes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.distinct import distinct
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.pairs import PAIRS
from every_eval.contracts.parquet import read_table
from every_eval.contracts.repo_layout import folder_name, latest_path
from every_eval.contracts.scanning import scan_table
from every_eval.contracts.table import Table
from every_eval.errors import HubUnavailable
from every_eval.hub.hub import Snapshot
from every_eval.scoring.presentation.report import NEWS_COLUMNS, NEWS_SCHEMA, newsworthy

N_PREVIEW: Final = 10
SHOWN: Final = (COMPREHENSIVE_STATS, LEADERBOARD)
"""Tables whose rows, bytes and first rows people are shown."""


@dataclass
class Shown:
    """What people are shown of a table's newest file."""

    n_rows: int
    n_bytes: int
    preview: list[dict[str, Any]]


class Previous:
    """What was published last, read when it is asked for; null where nothing was."""

    def __init__(self, head: Snapshot, source: str) -> None:
        """Read nothing."""
        self._head, self._source = head, source

    @cached_property
    def leaderboard(self) -> pa.Table | None:
        """The leaderboard."""
        file = self._fetch(LEADERBOARD)
        return file and read_table(LEADERBOARD, [file])

    @cached_property
    def newsworthy(self) -> pa.Table | None:
        """Rows of the comprehensive statistics that news can be made of."""
        file = self._fetch(COMPREHENSIVE_STATS)
        if file is None:
            return None
        pieces = map(newsworthy, scan_table(COMPREHENSIVE_STATS, file, NEWS_COLUMNS))
        return pa.concat_tables([NEWS_SCHEMA.empty_table(), *pieces])

    def pairs(self, folder: str) -> Iterator[pa.Table] | None:
        """The pairs of the benchmark of a folder, in pieces."""
        file = self._fetch(PAIRS)
        if file is None or folder not in self._ranges:
            return None
        return scan_table(PAIRS, file, PAIRS.schema.names, *self._ranges[folder])

    @cached_property
    def _ranges(self) -> Mapping[str, tuple[int, int]]:
        """Where the pairs of each benchmark begin and end: they were written one benchmark after the other."""
        ranges: dict[str, tuple[int, int]] = {}
        start = 0
        for piece in scan_table(PAIRS, self._head.fetch(latest_path(PAIRS, self._source)), ["benchmark"]):
            position, benchmarks = distinct(piece, ["benchmark"])
            places, first, counts = np.unique(position, return_index=True, return_counts=True)
            for place, begin, count in zip(places.tolist(), first.tolist(), counts.tolist(), strict=True):
                folder = folder_name(self._source, benchmarks[place][0])
                ranges[folder] = (ranges.get(folder, (start + begin,))[0], start + begin + count)
            start += piece.num_rows
        return ranges

    def _fetch(self, table: Table) -> Path | None:
        path = latest_path(table, self._source)
        return self._head.fetch(path) if path in self._head.files else None


def show(file: Path) -> Shown:
    """What is shown of a file that is here."""
    parquet = pq.ParquetFile(file)
    return Shown(parquet.metadata.num_rows, file.stat().st_size, _first_rows(parquet))


def show_published(head: Snapshot, path: str) -> Shown:
    """What is shown of a file that is published, of which only the end and the first rows are fetched.

    Raises:
        HubUnavailable: it did not arrive unchanged.
    """
    try:
        with head.open(path) as file:
            parquet = pq.ParquetFile(file, pre_buffer=True, page_checksum_verification=True)
            return Shown(parquet.metadata.num_rows, head.files[path].size, _first_rows(parquet))
    except (pa.ArrowException, OSError) as error:
        raise HubUnavailable(f"{path} arrived damaged: {error}") from error


def _first_rows(parquet: pq.ParquetFile) -> list[dict[str, Any]]:
    batch = next(parquet.iter_batches(N_PREVIEW), None)
    rows: list[dict[str, Any]] = [] if batch is None else batch.to_pylist()
    return rows


def read_coded(contract: Table, file: Path) -> pa.Table:
    """All rows of a file, texts as codes of a dictionary."""
    pieces = list(scan_table(contract, file, contract.schema.names))
    return pa.concat_tables(pieces).unify_dictionaries() if pieces else contract.schema.empty_table()

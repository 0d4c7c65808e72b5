"""Read the scores published last: whole tables, the rows of one benchmark, and the rows that the news is made from."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
import pyarrow as pa

from every_eval.contracts.checks import CHECKS
from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.parquet import read_table
from every_eval.contracts.repo_layout import folder_name, latest_path
from every_eval.contracts.scanning import scan_table
from every_eval.contracts.table import Table
from every_eval.hub.hub import Snapshot
from every_eval.scoring.presentation.news import NEWS_COLUMNS, NEWS_SCHEMA, select_news_rows
from every_eval.sources.distinct import distinct
from every_eval.sources.source import Source


class PreviousScores:
    """A source's scores as of one commit of the scores repo; each table is fetched when it is first used."""

    def __init__(self, scores: Snapshot, source: Source) -> None:
        """Take the commit; nothing is fetched yet."""
        self._scores, self._source = scores, source
        self._known_ranges: dict[str, Mapping[str, tuple[int, int]]] = {}

    @cached_property
    def leaderboard(self) -> pa.Table | None:
        """The leaderboard; null if none is published."""
        file = self._fetch(LEADERBOARD)
        return file and read_table(LEADERBOARD, [file])

    @cached_property
    def news_rows(self) -> pa.Table | None:
        """Rows of comprehensive_stats that the news is made from; null if none are published."""
        file = self._fetch(COMPREHENSIVE_STATS)
        if file is None:
            return None
        pieces = map(select_news_rows, scan_table(COMPREHENSIVE_STATS, file, NEWS_COLUMNS))
        return pa.concat_tables([NEWS_SCHEMA.empty_table(), *pieces])

    @cached_property
    def checks(self) -> pa.Table:
        """Rows of the contract `checks`; no rows if none are published."""
        file = self._fetch(CHECKS)
        return CHECKS.empty if file is None else read_table(CHECKS, [file])

    @cached_property
    def disagreements(self) -> pa.Table | None:
        """Cells of the source's own tables that differ from ours; null if the source publishes no such tables."""
        found = []
        for table in self._source.published_contracts:
            if (file := self._fetch(table)) is not None:
                pieces = list(scan_table(table, file, table.schema.names))
                rows = pa.concat_tables(pieces).unify_dictionaries() if pieces else table.schema.empty_table()
                found.append(table.decode(self._source.disagreements(rows)))
        return pa.concat_tables(found) if found else None

    def has(self, table: Table) -> bool:
        """Tell whether a table is published, with or without rows."""
        return latest_path(table, self._source.name) in self._scores.files

    def rows(self, table: Table, folder: str) -> Iterator[pa.Table] | None:
        """Return the rows of a benchmark in pieces, by its folder; null if none are published."""
        file = self._fetch(table)
        if file is None or folder not in self._ranges(table, file):
            return None
        return scan_table(table, file, table.schema.names, *self._ranges(table, file)[folder])

    def leaderboard_of(self, folder: str) -> pa.Table:
        """Return the rows of a benchmark's leaderboard, by its folder; no rows if none are published."""
        pieces = self.rows(LEADERBOARD, folder)
        return LEADERBOARD.empty if pieces is None else pa.concat_tables(map(LEADERBOARD.decode, pieces))

    @property
    def folders(self) -> list[str]:
        """Folders of the benchmarks that have a published leaderboard."""
        file = self._fetch(LEADERBOARD)
        return [] if file is None else list(self._ranges(LEADERBOARD, file))

    def _ranges(self, table: Table, file: Path) -> Mapping[str, tuple[int, int]]:
        """Return the first row of each benchmark's rows, and the row after the last one: they stand together."""
        if table.name not in self._known_ranges:
            self._known_ranges[table.name] = _row_ranges(self._source.name, table, file)
        return self._known_ranges[table.name]

    def _fetch(self, table: Table) -> Path | None:
        path = latest_path(table, self._source.name)
        return self._scores.fetch(path) if path in self._scores.files else None


def _row_ranges(source: str, table: Table, file: Path) -> Mapping[str, tuple[int, int]]:
    ranges: dict[str, tuple[int, int]] = {}
    start = 0
    for piece in scan_table(table, file, ["benchmark"]):
        position, benchmarks = distinct(piece, ["benchmark"])
        found, first, counts = np.unique(position, return_index=True, return_counts=True)
        for benchmark, begin, count in zip(found.tolist(), first.tolist(), counts.tolist(), strict=True):
            folder = folder_name(source, benchmarks[benchmark][0])
            ranges[folder] = (ranges.get(folder, (start + begin,))[0], start + begin + count)
        start += piece.num_rows
    return ranges

"""Compare the models of a release item by item, in the same way for the newest release and for older ones."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from every_eval.contracts.leaderboard import MIN_COVERAGE
from every_eval.scoring.responses.item_scores_files import ItemScoresFiles
from every_eval.scoring.responses.response_store import ResponseStore, opened_store
from every_eval.scoring.tables.clock import Clock
from every_eval.scoring.tables.compared_table import ComparedTable
from every_eval.scoring.tables.leaderboard import leaderboard, rejected_of_models
from every_eval.sources.source import Source
from every_eval.sources.statistics_files import StatisticsFiles


@dataclass(frozen=True)
class ComparedRelease:
    """A release whose models are compared."""

    place: Mapping[str, str]
    """Values of the columns source, benchmark and release."""
    stats: StatisticsFiles
    """Statistics of the runs that the release shows."""
    store: ResponseStore
    """Responses of these runs."""
    table: ComparedTable | None
    """The main table and the comparisons of its models; null for a release without a main table."""

    def leaderboard(self, clock: Clock) -> pa.Table | None:
        """Return the leaderboard; null without a main table."""
        if self.table is None:
            return None
        return leaderboard(self.place, self.table, clock, rejected_of_models(self.stats))


@contextmanager
def compared_release(
    source: Source,
    row: Mapping[str, Any],
    stats: StatisticsFiles,
    item_scores: ItemScoresFiles,
    min_coverage: float = MIN_COVERAGE,
) -> Iterator[ComparedRelease]:
    """Compare the models of a release; the responses are there while the body runs.

    Args:
        source: The source.
        row: The release, a row of the contract `releases`.
        stats: Statistics of the runs that the release shows.
        item_scores: Item scores of the benchmark's runs.
        min_coverage: Least share of the columns with scores in which a model needs a score to be ranked.
    """
    place = {"source": source.name, "benchmark": row["benchmark"], "release": row["release"]}
    table = source.main_table(row, stats)
    with opened_store(item_scores, stats, source.pooled_statistics(stats)) as store:
        compared = None if table is None else ComparedTable.of(table, stats, store, row["suites"], min_coverage)
        yield ComparedRelease(place, stats, store, compared)

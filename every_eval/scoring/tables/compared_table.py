"""A benchmark's main table with the comparisons of its models, and the errors of its scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from every_eval.contracts.leaderboard import MIN_COVERAGE
from every_eval.scoring.comparisons.board import BoardComparison, compare_board
from every_eval.scoring.comparisons.decisions import Decisions
from every_eval.scoring.responses.response_store import ResponseStore
from every_eval.scoring.tables.cell_intervals import CellIntervals, cell_intervals
from every_eval.sources.main_table import MainTable
from every_eval.sources.statistics_files import StatisticsFiles


@dataclass(frozen=True)
class ComparedTable:
    """A main table with all that is known of its scores."""

    table: MainTable
    board: BoardComparison
    """Comparisons of the rows of the table, item by item."""
    cells: CellIntervals
    """Errors and intervals of the scores."""
    suites: Sequence[str] = ()
    """Suites of the release, the latest last."""
    min_coverage: float = MIN_COVERAGE
    """Least share of the columns with scores in which a model needs a score to be ranked."""

    @classmethod
    def of(
        cls,
        table: MainTable,
        stats: StatisticsFiles,
        store: ResponseStore,
        suites: Sequence[str],
        min_coverage: float = MIN_COVERAGE,
    ) -> Self:
        """Compare the models of a table.

        Args:
            table: The main table.
            stats: Statistics of the runs that the table is made of.
            store: Responses of these runs.
            suites: Suites of the release, the latest last.
            min_coverage: Least share of the columns with scores in which a model needs a score to be ranked.
        """
        return cls(table, compare_board(table, store), cell_intervals(table, stats), suites, min_coverage)

    @cached_property
    def decisions(self) -> Decisions:
        """Which models are decidedly better in which columns."""
        return Decisions.of(self.table, self.board)

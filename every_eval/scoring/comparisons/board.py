"""Compare all pairs of models of a main table: in each column, and over all columns."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from every_eval.hub.work_folders import work_folder
from every_eval.scoring.comparisons.cell_strata import cell_strata
from every_eval.scoring.comparisons.strata_on_disk import StoredStratum, StrataOnDisk
from every_eval.scoring.responses.response_store import ResponseStore
from every_eval.sources.main_table import MainTable
from every_eval.statistics.groups import FloatArray, IntArray
from every_eval.statistics.paired_comparison import Comparison, all_pairs, compare

_NAMES: Final = ("model_name", "model_deployment")


@dataclass(frozen=True)
class BoardComparison:
    """Comparisons of the rows of a main table; each unordered pair of rows is there once.

    Model a comes first by name and deployment, and the pairs are sorted by those of a, then of b.
    """

    n_models: int
    a: IntArray
    """Row of the first model of each pair."""
    b: IntArray
    """Row of the second model of each pair."""
    columns: Sequence[Comparison]
    """Comparison of all pairs in each column of the main table: of values as they are, whatever their direction."""
    means: Comparison
    """Comparison of all pairs over the columns that both have: of plain means of the columns."""

    def matrix(self, of_pairs: FloatArray, sign: int = -1) -> FloatArray:
        """Return values of the pairs as a matrix of shape (models, models), NaN on the diagonal.

        The entry of a pair in the other order is its value times `sign`: -1 for differences, 1 for p-values.
        """
        matrix = np.full((self.n_models, self.n_models), np.nan)
        matrix[self.a, self.b] = of_pairs
        matrix[self.b, self.a] = sign * of_pairs
        return matrix

    @property
    def n_columns(self) -> IntArray:
        """Number of columns in which both models of each pair have items in common."""
        return sum(((column.n > 0).astype(np.int64) for column in self.columns), np.zeros(len(self.a), np.int64))


def compare_board(table: MainTable, store: ResponseStore) -> BoardComparison:
    """Compare all pairs of models of a main table, with one stratum in memory at a time.

    Args:
        table: The main table.
        store: Responses of the statistics that its scores pool.
    """
    names = [[standing.facts.get(name) or "" for name in _NAMES] for standing in table.standings]
    order = np.array(sorted(range(len(names)), key=names.__getitem__), np.int64)
    a, b = (order[rows] for rows in all_pairs(len(order)))
    parts: list[StoredStratum] = []
    columns: list[Comparison] = []
    with work_folder() as folder:
        for at in range(len(table.lower_is_better)):
            cells = [standing.scores[at].statistics for standing in table.standings]
            strata = StrataOnDisk.write(cell_strata(store, at, cells), folder / str(at))
            columns.append(compare(strata, a, b))
            parts += strata.parts
        means = compare(StrataOnDisk(parts), a, b)
    return BoardComparison(len(order), a, b, columns, means)

"""The rules by which a version of HELM made its tables, recognised by the tables: no file states HELM's version."""

from collections.abc import Iterable
from dataclasses import dataclass

from every_eval.sources.helm.published_cells import PublishedCell
from every_eval.sources.helm.tables.group_tables import MEAN, WIN_RATE

WIN_RATE_LABEL = "Mean win rate"


@dataclass(frozen=True)
class Rules:
    """The rules of one version of HELM; the defaults are those of 0.5.16."""

    ties_by_row: bool = False
    """Whether equal values are ranked by their rows, as before HELM 0.5.4."""
    mean_label: str = "Mean score"
    """Header of the column with mean scores; HELM 0.5.4 wrote "Mean performance"."""
    strong: frozenset[tuple[str, int, int, int]] = frozenset()
    """Strongly contaminated cells (group, table, row, column), which `ties_by_row` leaves out of the ranking."""
    drops_bare_tables: bool = True
    """Whether a table with neither columns nor aggregates is left out, as since HELM 0.5.10."""

    def label(self, strategy: str) -> str:
        """Return the header of an aggregate column."""
        return {WIN_RATE: WIN_RATE_LABEL, MEAN: self.mean_label}.get(strategy, strategy)


def rules_of(cells: Iterable[PublishedCell]) -> Rules:
    """Return the rules by which the published tables were made; the newest rules if the tables do not tell.

    Until HELM 0.5.3 the description of win rates says "outperform", since then "outperforms". Until 0.5.4 the first
    column is called "Model/adapter", since then "Model".
    """
    widths: dict[tuple[str, int], int] = {}
    strong = set()
    ties_by_row = named_by_adapter = False
    for cell in cells:
        key = (cell.group, cell.table_index)
        widths[key] = max(widths.get(key, 0), cell.column_index + 1)
        named_by_adapter = named_by_adapter or (cell.column_index == 0 and cell.column == "Model/adapter")
        ties_by_row = ties_by_row or (cell.column == WIN_RATE_LABEL and "outperform on" in (cell.column_title or ""))
        if cell.contamination_level == "strong":
            strong.add((*key, cell.row_index, cell.column_index))
    return Rules(
        ties_by_row=ties_by_row,
        strong=frozenset(strong) if ties_by_row else frozenset(),
        mean_label="Mean performance" if named_by_adapter else "Mean score",
        drops_bare_tables=not named_by_adapter and 1 not in widths.values(),
    )

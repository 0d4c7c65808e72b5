"""What changed in how HELM makes its tables, read off the tables themselves: no file names HELM's version."""

from collections.abc import Iterable
from dataclasses import dataclass

from every_eval.sources.helm.published import PublishedCell
from every_eval.sources.helm.tables.layout import MEAN, WIN_RATE

WIN_RATE_LABEL = "Mean win rate"


@dataclass(frozen=True)
class Rules:
    """The rules of one version of HELM; by default of 0.5.16."""

    ties_by_row: bool = False
    """Before 0.5.4: equal values are ranked by their rows."""
    mean_label: str = "Mean score"
    """0.5.4 wrote "Mean performance"."""
    strong: frozenset[tuple[str, int, int, int]] = frozenset()
    """Strongly contaminated cells (group, table, row, column), which `ties_by_row` leaves out of the ranking."""
    drops_bare_tables: bool = True
    """Since 0.5.10: a table that has neither columns nor aggregates is left out."""

    def label(self, strategy: str) -> str:
        """The header of an aggregate column."""
        return {WIN_RATE: WIN_RATE_LABEL, MEAN: self.mean_label}.get(strategy, strategy)


def rules_of(cells: Iterable[PublishedCell]) -> Rules:
    """The rules that the published tables were made by; the newest where they do not tell.

    Until 0.5.3 the description of win rates says "outperform", then "outperforms"; until 0.5.4 the first column is
    called "Model/adapter", then "Model".
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

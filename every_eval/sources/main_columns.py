"""The columns of a benchmark's main table: their names, and which statistics each of them shows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class MainColumn:
    """A column of the main table."""

    name: str
    metric: str
    split: str | None = None
    """The only split whose scores the column shows; null if it shows all splits."""
    run_group: str | None = None
    """Group of the runs that the column shows; null if `variant` says which runs."""
    variant: str | None = None

    def shows(self, row: Mapping[str, Any]) -> bool:
        """Tell whether the column shows a row of the contract `comprehensive_stats`."""
        if row["metric_name"] != self.metric or self.split not in (None, row["split"]):
            return False
        return row["variant"] == self.variant if self.run_group is None else self.run_group in row["groups"]


@dataclass(frozen=True)
class MainColumns:
    """The columns of the table that ranks the models of a release; none if the release has no such table."""

    columns: Sequence[MainColumn] = ()
    group: str | None = None
    """Group in the source's own tables whose first table has these columns; null if the source publishes no tables."""

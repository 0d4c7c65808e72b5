"""The moment of a scores file, and how fresh its data is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa


@dataclass(frozen=True)
class Clock:
    """The two moments that all rows of a file share."""

    generated_at: datetime
    """Time when the scores were made, in UTC."""
    processed_at: datetime
    """Time of the newest commit of the data repo, in UTC."""

    @property
    def columns(self) -> Mapping[str, Any]:
        """Values of the clock columns."""
        hours = (self.generated_at - self.processed_at).total_seconds() / 3600
        return {
            "comprehensive_stats_generated_at": self.generated_at,
            "processed_at": self.processed_at,
            "data_freshness_hours": hours,
        }

    def renew(self, rows: pa.Table) -> pa.Table:
        """Return rows of an earlier file, in which the clock columns say the moment of this file."""
        for name, value in self.columns.items():
            field = rows.schema.field(name)
            column = pa.repeat(pa.scalar(value, field.type), rows.num_rows)
            rows = rows.set_column(rows.schema.get_field_index(name), field, column)
        return rows

"""The meanings of tables and columns, as the contracts declare them: the page shows them as tooltips."""

from collections.abc import Mapping
from typing import Any

from every_eval.contracts.scenario_scores import SCENARIO_SCORES
from every_eval.readers.published_tables import TABLES


def column_docs() -> Mapping[str, Any]:
    """Return for each table its meaning, and the meaning of each of its columns."""
    return {
        table.name: {"doc": table.doc, "columns": {column.name: column.meaning for column in table.columns}}
        for table in (*TABLES.values(), SCENARIO_SCORES)
    }

"""The columns of the first table of a benchmark's main run group."""

from collections.abc import Mapping
from typing import Any

from every_eval.sources.helm.tables.main_group import find_main_group
from every_eval.sources.helm.tables.standings import release_schema
from every_eval.sources.main_columns import MainColumn, MainColumns


def main_columns(release: Mapping[str, Any]) -> MainColumns:
    """Return the columns; none if the release has no schema or no such table.

    Args:
        release: A row of the contract `releases`.
    """
    schema = release_schema(release)
    main = find_main_group(schema) if schema else None
    if main is None:
        return MainColumns()
    columns = [
        MainColumn(column.label, column.matcher.metric_name, _split(column.matcher.split), column.run_group)
        for column in main.columns
        if column.matcher.perturbation_name is None
    ]
    return MainColumns(columns, main.group.name)


def _split(split: str) -> str | None:
    return None if split == "__all__" else split

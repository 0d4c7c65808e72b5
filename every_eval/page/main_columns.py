"""The columns of a benchmark's main table, and which runs belong to each of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from every_eval.sources.helm.tables.main_group import find_main_group
from every_eval.sources.helm.tables.standings import release_schema
from every_eval.sources.latest_release import read_facts


@dataclass(frozen=True)
class MainColumn:
    """A column of the main table."""

    name: str
    metric: str
    split: str | None
    """Split that the column shows; null for every split."""
    run_group: str | None = None
    """Group of the runs that the column shows; null if `variant` says which runs."""
    variant: str | None = None

    def shows(self, row: Mapping[str, Any]) -> bool:
        """Tell whether the column shows a row of the contract `comprehensive_stats`."""
        if row["metric_name"] != self.metric or self.split not in (None, row["split"]):
            return False
        return row["variant"] == self.variant if self.run_group is None else self.run_group in row["groups"]


def main_columns(release: Mapping[str, Any]) -> tuple[str | None, Sequence[MainColumn]]:
    """Return the group whose table ranks the models, and the columns of the table; without a table, null and nothing.

    Only HELM names a group. Every other source has a column for each main metric of a variant.

    Args:
        release: A row of the contract `releases`.
    """
    if release["schema_json"] is None:  # A source need not state a schema.
        return None, []
    if release["source"] != "helm":
        facts = read_facts(release)
        columns = [
            MainColumn(_label(one.variant, one.metric), one.metric, None, None, one.variant) for one in facts.main_table
        ]
        return None, columns
    schema = release_schema(release)
    main = find_main_group(schema) if schema else None
    if main is None:
        return None, []
    return main.group.name, [
        MainColumn(column.label, column.matcher.metric_name, _split(column.matcher.split), column.run_group)
        for column in main.columns
        if column.matcher.perturbation_name is None
    ]


def _label(variant: str, metric: str) -> str:
    return f"{variant} - {metric}"


def _split(split: str) -> str | None:
    return None if split == "__all__" else split

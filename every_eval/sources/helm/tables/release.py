"""A release's group tables as data: ours, recomputed, beside the published ones."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from every_eval.contracts.helm_tables import HELM_TABLES
from every_eval.sources.helm.published import PublishedCell
from every_eval.sources.helm.schema import decode_schema
from every_eval.sources.helm.tables import legacy_names
from every_eval.sources.helm.tables.cells import Cell, recompute_cells
from every_eval.sources.helm.tables.columns import shown_metrics
from every_eval.sources.helm.tables.legacy import LegacyTables, recount
from every_eval.sources.helm.tables.rules import rules_of
from every_eval.sources.helm.tables.runs import read_runs

Place = tuple[str, int, int, int]
"""Group, table, row and column of a cell."""


@dataclass(frozen=True)
class Release:
    """What a release's index says: a row of the contract `releases`."""

    benchmark: str
    name: str
    suites: tuple[str, ...]
    """The latest last."""
    schema_json: str | None
    cells: tuple[PublishedCell, ...]

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Release":
        """From a row of `releases.to_pylist()`."""
        cells = tuple(PublishedCell(**cell) for cell in row["cells"])
        return cls(row["benchmark"], row["release"], tuple(row["suites"]), row["schema_json"], cells)


def helm_tables(release: Release, stats: pa.Table) -> pa.Table:
    """Every cell of the release's group tables, by the contract `helm_tables`, in HELM's order of groups and places.

    `stats` holds rows of the contract `stats`, of the release's suites and any others, in any order. Cells that only
    one side has are rows too. Raises `UpstreamMalformed` if schema.json cannot be read or contradicts itself.
    """
    published = {_place(cell): cell for cell in release.cells if cell.column_index > 0}
    ours = {_place(cell): cell for cell in _recompute(release, stats)}
    # Groups of ours come in the schema's order, and groups that only HELM's files have after them.
    order = {group: index for index, group in enumerate(dict.fromkeys(place[0] for place in [*ours, *published]))}
    places = sorted(ours.keys() | published.keys(), key=lambda place: (order[place[0]], *place[1:]))
    is_sure = release.schema_json is not None
    rows = [_row(release, place, ours.get(place), published.get(place), is_sure) for place in places]
    return pa.Table.from_pylist(rows, schema=HELM_TABLES.schema)


def blank(tables: pa.Table) -> pa.Table:
    """Rows of `helm_tables` with what HELM published alone, for a release of which runs are missing."""
    published = tables.filter(tables["is_published"])
    ours = dict.fromkeys(("value", "n_runs", "n_trials")) | {"is_recomputed": False}
    columns = [
        pa.repeat(pa.scalar(ours[field.name], field.type), published.num_rows) if field.name in ours else column
        for field, column in zip(published.schema, published.columns, strict=True)
    ]
    return pa.table(columns, schema=published.schema)


def _recompute(release: Release, stats: pa.Table) -> Iterator[Cell]:
    if release.schema_json is None:
        runs = read_runs(stats, release.suites, legacy_names.METRIC_NAMES, release.benchmark)
        return LegacyTables(release.cells, recount(runs, release.suites)).cells()
    schema = decode_schema(release.schema_json.encode(), f"schema.json of {release.benchmark} {release.name}")
    runs = read_runs(stats, release.suites, shown_metrics(schema), release.benchmark)
    return recompute_cells(schema, runs, rules_of(release.cells))


def _place(cell: Cell | PublishedCell) -> Place:
    return cell.group, cell.table_index, cell.row_index, cell.column_index


def _row(
    release: Release, place: Place, ours: Cell | None, published: PublishedCell | None, is_sure: bool
) -> dict[str, Any]:
    texts = ours or published
    run_group = ours and ours.run_group
    matcher = ours and ours.matcher
    return {
        "benchmark": release.benchmark,
        "release": release.name,
        **dict(zip(("group", "table_index", "row_index", "column_index"), place, strict=True)),
        **{name: getattr(texts, name) for name in ("table_name", "row_label", "column")},
        "run_group": run_group,
        "subgroup": run_group if run_group != place[0] else None,
        "model_name": ours and ours.model_name,
        "model_deployment": ours and ours.model_deployment,
        "metric_name": matcher and matcher.metric_name,
        "split": matcher and matcher.split,
        "perturbation_name": matcher and matcher.perturbation_name,
        "value": ours and ours.value,
        "is_recomputed": is_sure or ours is not None,
        "is_published": published is not None,
        "published_value": published and published.value,
        "n_runs": ours and ours.n_runs,
        "n_trials": ours and ours.n_trials,
    }

"""A release's group tables as data: ours, recomputed, beside the published ones."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar

import pyarrow as pa

from every_eval.contracts.helm_tables import HELM_TABLES
from every_eval.sources.helm.published import PublishedCell, cells_of
from every_eval.sources.helm.schema import Schema, decode_schema
from every_eval.sources.helm.tables import legacy_names
from every_eval.sources.helm.tables.cells import Cell, recompute_cells
from every_eval.sources.helm.tables.columns import shown_matchers
from every_eval.sources.helm.tables.legacy import LegacyTables, recount
from every_eval.sources.helm.tables.needed import matched_by, metric_names, read_needed
from every_eval.sources.helm.tables.rules import rules_of
from every_eval.sources.helm.tables.runs import COLUMNS, read_runs
from every_eval.sources.state_files import StateFiles

AnyCell = TypeVar("AnyCell", Cell, PublishedCell)

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
        """From values of a row of the contract `releases`, but for the cells, which are an array."""
        cells = cells_of(row["cells"])
        return cls(row["benchmark"], row["release"], tuple(row["suites"]), row["schema_json"], cells)

    @cached_property
    def schema(self) -> Schema | None:
        """What `schema_json` says; null before HELM 0.4.0."""
        if self.schema_json is None:
            return None
        return decode_schema(self.schema_json.encode(), f"schema.json of {self.benchmark} {self.name}")


def read_statistics(release: Release, stats: StateFiles, runs: Collection[str]) -> pa.Table:
    """The rows that the release's tables are made from: `runs` names its runs."""
    if release.schema is None:
        return read_needed(stats, COLUMNS, lambda metric, *_: metric in legacy_names.METRIC_NAMES, runs)
    return read_needed(stats, COLUMNS, matched_by(shown_matchers(release.schema)), runs)


def helm_tables(release: Release, stats: pa.Table) -> Iterator[pa.Table]:
    """Every cell of the release's group tables, by the contract `helm_tables`, in HELM's order of groups and places.

    `stats` holds rows of the contract `stats`, of the release's suites and any others, in any order. Cells that only
    one side has are rows too. A piece holds the tables of a group. Raises `UpstreamMalformed` if schema.json cannot be
    read or contradicts itself.
    """
    return _tables(release, _recompute(release, stats))


def _tables(release: Release, cells: Iterable[Cell]) -> Iterator[pa.Table]:
    published = _by_group(cell for cell in release.cells if cell.column_index > 0)
    # Groups of ours come in the schema's order, and groups that only HELM's files have after them.
    for group, ours in groupby(cells, key=attrgetter("group")):
        yield _table(release, list(ours), published.pop(group, []))
    for left in published.values():
        yield _table(release, [], left)


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
    if release.schema is None:
        runs = read_runs(stats, release.suites, legacy_names.METRIC_NAMES, release.benchmark)
        cells = LegacyTables(release.cells, recount(runs, release.suites)).cells()
        # Its tables come as they were published, a group's not always one after the other.
        return (cell for of_group in _by_group(cells).values() for cell in of_group)
    runs = read_runs(stats, release.suites, metric_names(shown_matchers(release.schema)), release.benchmark)
    return recompute_cells(release.schema, runs, rules_of(release.cells))


def _by_group(cells: Iterable[AnyCell]) -> dict[str, list[AnyCell]]:
    groups: dict[str, list[AnyCell]] = {}
    for cell in cells:
        groups.setdefault(cell.group, []).append(cell)
    return groups


def _table(release: Release, ours: Sequence[Cell], published: Sequence[PublishedCell]) -> pa.Table:
    """The cells of a group, in order."""
    of_ours, of_published = {_place(cell): cell for cell in ours}, {_place(cell): cell for cell in published}
    places = sorted(of_ours.keys() | of_published.keys())
    rows = [_row(release, place, of_ours.get(place), of_published.get(place)) for place in places]
    return pa.Table.from_pylist(rows, schema=HELM_TABLES.schema)


def _place(cell: Cell | PublishedCell) -> Place:
    return cell.group, cell.table_index, cell.row_index, cell.column_index


def _row(release: Release, place: Place, ours: Cell | None, published: PublishedCell | None) -> dict[str, Any]:
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
        "is_recomputed": release.schema is not None or ours is not None,
        "is_published": published is not None,
        "published_value": published and published.value,
        "n_runs": ours and ours.n_runs,
        "n_trials": ours and ours.n_trials,
    }

"""A release's group tables as data: our recomputed values beside the published ones."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar

import pyarrow as pa

from every_eval.contracts.helm_tables import HELM_TABLES
from every_eval.sources.helm.published_cells import PublishedCell, cells_of
from every_eval.sources.helm.schema import ReleaseSchema, decode_schema
from every_eval.sources.helm.tables import legacy_names
from every_eval.sources.helm.tables.cells import RecomputedCell, recompute_cells
from every_eval.sources.helm.tables.legacy import LegacyTables, recount
from every_eval.sources.helm.tables.rules import rules_of
from every_eval.sources.helm.tables.statistic_filter import is_shown_by, metrics_shown, read_shown
from every_eval.sources.helm.tables.table_columns import shown_matchers
from every_eval.sources.helm.tables.table_runs import COLUMNS, read_runs
from every_eval.sources.statistics_files import StatisticsFiles

AnyCell = TypeVar("AnyCell", RecomputedCell, PublishedCell)

Place = tuple[str, int, int, int]
"""Group, table, row and column of a cell."""


@dataclass(frozen=True)
class Release:
    """The content of a release's index: a row of the contract `releases`."""

    benchmark: str
    name: str
    suites: tuple[str, ...]
    """Suites of the release, the latest last."""
    schema_json: str | None
    cells: tuple[PublishedCell, ...]

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> "Release":
        """Return the release from a row of the contract `releases`, whose cells are an Arrow array."""
        cells = cells_of(row["cells"])
        return cls(row["benchmark"], row["release"], tuple(row["suites"]), row["schema_json"], cells)

    @cached_property
    def schema(self) -> ReleaseSchema | None:
        """`schema_json`, decoded; null before HELM 0.4.0."""
        if self.schema_json is None:
            return None
        return decode_schema(self.schema_json.encode(), f"schema.json of {self.benchmark} {self.name}")


def read_statistics(release: Release, stats: StatisticsFiles, runs: Collection[str]) -> pa.Table:
    """Return the rows of `stats` that the release's tables are made from; `runs` names the release's runs."""
    if release.schema is None:
        return read_shown(stats, COLUMNS, lambda metric, *_: metric in legacy_names.METRIC_NAMES, runs)
    return read_shown(stats, COLUMNS, is_shown_by(shown_matchers(release.schema)), runs)


def helm_tables(release: Release, stats: pa.Table) -> Iterator[pa.Table]:
    """Yield every cell of the release's group tables by the contract `helm_tables`, one piece for each group.

    Cells that only one side has are rows too. Groups and places are in HELM's order.

    Args:
        release: The release.
        stats: Rows of the contract `stats` in any order, of the release's suites and perhaps of others.

    Raises:
        UpstreamMalformed: schema.json cannot be read.
    """
    return _tables(release, _recompute(release, stats))


def _tables(release: Release, cells: Iterable[RecomputedCell]) -> Iterator[pa.Table]:
    published = _by_group(cell for cell in release.cells if cell.column_index > 0)
    # Our groups come in the schema's order, and after them the groups that only HELM's files have.
    for group, ours in groupby(cells, key=attrgetter("group")):
        yield _table(release, list(ours), published.pop(group, []))
    for left in published.values():
        yield _table(release, [], left)


def blank(tables: pa.Table, reason: str) -> pa.Table:
    """Return rows of `helm_tables` without our values, for a release of which runs are missing."""
    published = tables.filter(tables["is_published"])
    names = ("value", "score_origin", "reported_value", "n_runs", "n_trials")
    ours: dict[str, Any] = dict.fromkeys(names) | {"blank_reason": reason, "is_recomputed": False}
    columns = [
        pa.repeat(pa.scalar(ours[field.name], field.type), published.num_rows) if field.name in ours else column
        for field, column in zip(published.schema, published.columns, strict=True)
    ]
    return pa.table(columns, schema=published.schema)


def _recompute(release: Release, stats: pa.Table) -> Iterator[RecomputedCell]:
    if release.schema is None:
        runs = read_runs(stats, release.suites, legacy_names.METRIC_NAMES, release.benchmark)
        cells = LegacyTables(release.cells, recount(runs, release.suites)).cells()
        # The tables come as they were published, where those of a group do not always follow each other.
        return (cell for of_group in _by_group(cells).values() for cell in of_group)
    runs = read_runs(stats, release.suites, metrics_shown(shown_matchers(release.schema)), release.benchmark)
    return recompute_cells(release.schema, runs, rules_of(release.cells))


def _by_group(cells: Iterable[AnyCell]) -> dict[str, list[AnyCell]]:
    groups: dict[str, list[AnyCell]] = {}
    for cell in cells:
        groups.setdefault(cell.group, []).append(cell)
    return groups


def _table(release: Release, ours: Sequence[RecomputedCell], published: Sequence[PublishedCell]) -> pa.Table:
    """Return the cells of a group in their order."""
    of_ours, of_published = {_place(cell): cell for cell in ours}, {_place(cell): cell for cell in published}
    places = sorted(of_ours.keys() | of_published.keys())
    rows = [_row(release, place, of_ours.get(place), of_published.get(place)) for place in places]
    return pa.Table.from_pylist(rows, schema=HELM_TABLES.schema)


def _place(cell: RecomputedCell | PublishedCell) -> Place:
    return cell.group, cell.table_index, cell.row_index, cell.column_index


def _row(
    release: Release, place: Place, ours: RecomputedCell | None, published: PublishedCell | None
) -> dict[str, Any]:
    texts = ours or published
    run_group, reason = ours and ours.run_group, ours and ours.blank_reason
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
        "score_origin": ours and ours.score_origin,
        "reported_value": ours and ours.reported_value,
        "blank_reason": reason,
        "is_recomputed": reason is None and (release.schema is not None or ours is not None),
        "is_published": published is not None,
        "published_value": published and published.value,
        "n_runs": ours and ours.n_runs,
        "n_trials": ours and ours.n_trials,
    }

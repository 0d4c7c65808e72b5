"""Materialisations of the scores repo's assets."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import dagster as dg

from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.repo_layout import is_state_of, latest_path
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Table
from every_eval.hub.hub import Hub, Snapshot
from every_eval.orchestration.asset_keys import SPANNING_KEYS, asset_key, scores_tables
from every_eval.orchestration.asset_specs import scores_code_version, scores_upstream
from every_eval.orchestration.data_repo import DataRepo
from every_eval.orchestration.data_versions import (
    NO_EVENT,
    discovery_tags,
    newest_event,
    releases_version,
    version_tags,
)
from every_eval.orchestration.lineage import column_lineage
from every_eval.orchestration.metadata import table_metadata
from every_eval.scoring.change_detection import data_fingerprint, expected_state
from every_eval.scoring.presentation.leaderboard_plot import plot_markdown
from every_eval.scoring.presentation.published_table import PublishedTable
from every_eval.sources.source import Source

if TYPE_CHECKING:
    from every_eval.scoring.scorer import Scored


@dataclass(frozen=True)
class ScoresRepo:
    """One source's part of the scores repo, as of the newest commit."""

    source: Source
    hub: Hub
    name: str

    @cached_property
    def head(self) -> Snapshot:
        """Newest commit of the repo, read once and then kept."""
        return self.hub.snapshot(self.name)

    def metadata(self, table: PublishedTable) -> dict[str, Any]:
        """Return the row count, size, location and preview of a published table."""
        return table_metadata(
            n_rows=table.n_rows or 0,
            n_bytes=table.n_bytes,
            location=self.hub.location(self.name, table.path),
            preview=table.preview,
        )


def scores_events(
    instance: dg.DagsterInstance, data: DataRepo, scores: ScoresRepo, scored: "Scored"
) -> Iterator[dg.AssetMaterialization]:
    """Yield a materialisation of every published table, whether this run published it or found nothing new."""
    source = scores.source
    version = data_fingerprint(data.head, list(expected_state(data.head, source.name)))
    newest_shard = newest_event(instance, asset_key(source, STATS))
    for table in (table for table in scores_tables(source) if table.name in scored.published):
        yield dg.AssetMaterialization(
            asset_key(source, table),
            metadata=scores.metadata(scored.published[table.name])
            | _scoring_metadata(scores, scored)
            | (_leaderboard_metadata(scored) if table is LEADERBOARD else {})
            | {"dagster/column_lineage": column_lineage(source, table)},
            tags=version_tags(version, scores_code_version(), _inputs(data, table, version, newest_shard)),
        )
    for table, key in SPANNING_KEYS.items():
        if table.name in scored.published:
            digest = scores.head.files[latest_path(table, source.name)].digest
            metadata = scores.metadata(scored.published[table.name])
            yield dg.AssetMaterialization(key, metadata=metadata, tags=discovery_tags(digest))


def _inputs(data: DataRepo, table: Table, version: str, newest_shard: str) -> dict[dg.AssetKey, tuple[str, str]]:
    """Return the version of each table that a table of scores was made from."""
    versions = {STATS: (version, newest_shard), RELEASES: (releases_version(data.source, data.head), NO_EVENT)}
    return {
        asset_key(data.source, parent): versions.get(parent, (version, NO_EVENT)) for parent in scores_upstream(table)
    }


def _scoring_metadata(scores: ScoresRepo, scored: "Scored") -> dict[str, Any]:
    state = [file.size for path, file in scores.head.files.items() if is_state_of(scores.source.name, path)]
    return {
        "is_new": scored.is_new,
        "duration_seconds": round(scored.duration_seconds, 3),
        "shards_read": len(scored.fetched.shards),
        "shards_total": scored.shards_total,
        "bytes_read": scored.fetched.n_bytes,
        "data_commit": scored.data_commit,
        "state_files": len(state),
        "state_bytes": sum(state),
    }


def _leaderboard_metadata(scored: "Scored") -> dict[str, Any]:
    return {
        "news": dg.MetadataValue.md(scored.news or "Nothing new."),
        "picture": dg.MetadataValue.md(plot_markdown(scored.leaderboard)),
    }

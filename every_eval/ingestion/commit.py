"""Plan the commit that publishes shards: which files of the data repo it adds and which it deletes.

The commit replaces each shard's published files, adds the shard to the benchmark's index, and records in the catalog
the sizes and MD5s that were learned while the inputs were read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from every_eval.contracts.rejects import REJECTS
from every_eval.contracts.repo_layout import SHARD_TABLES, published_shards, shard_path
from every_eval.contracts.stats import STATS
from every_eval.hub.hub import Add, Change, Delete, Hub, Snapshot, publish
from every_eval.ingestion.catalog import fill_in
from every_eval.ingestion.discovery import catalog_change, read_catalog
from every_eval.ingestion.planning import shards_of
from every_eval.ingestion.shard_builder import ShardFiles
from every_eval.ingestion.shard_index import index_change


@dataclass(frozen=True)
class ShardCommit:
    """A commit of shards of one benchmark."""

    folder: str
    """The benchmark's folder in the data repo."""
    built: Sequence[ShardFiles]
    data_version: int
    """The source's data version."""
    workdir: Path
    """Local folder for the files that the plan itself writes."""

    @property
    def title(self) -> str:
        """Title of the commit, for example `Publish helm_lite_part_00001 and 3 more`."""
        others = f" and {len(self.built) - 1} more" if len(self.built) > 1 else ""
        return f"Publish {self.built[0].shard.key}{others}"

    def publish(self, hub: Hub, repo: str) -> None:
        """Make the commit.

        Raises:
            HubUnavailable, PublishConflict: the commit could not be made.
        """
        publish(hub, repo, self.title, self.plan)

    def plan(self, head: Snapshot) -> list[Change]:
        """Return the changes on top of `head`.

        A shard whose inputs were found to have changed while it was built is left out: the next ingestion builds it
        again.
        """
        known = read_catalog(head, self.folder)
        catalog = fill_in(known, [entry for files in self.built for entry in files.entries])
        wanted = {
            shard.key: shard.fingerprint for shard in shards_of(catalog, self.folder, head.files, self.data_version)
        }
        current = [files for files in self.built if wanted.get(files.shard.key) == files.fingerprint]
        if not current:
            return []
        published = published_shards(head.files, self.folder)
        changes = [change for files in current for change in _replace(files, published.get(files.shard.key, ()))]
        if catalog != known:
            changes.append(catalog_change(self.folder, catalog, self.workdir))
        return [*changes, index_change(head, self.folder, current, self.workdir)]


def added_files(files: ShardFiles) -> list[Add]:
    """Return a shard's files as additions to the data repo."""
    return [
        Add(shard_path(table, files.shard.key, files.fingerprint), files.paths[table.name])
        for table in SHARD_TABLES
        if table.name in files.paths
    ]


def _replace(files: ShardFiles, published: Sequence[str]) -> list[Change]:
    """Add a shard's files, and delete its published files that they do not overwrite.

    `published` holds the shard's published fingerprints.
    """
    key = files.shard.key
    stale = [shard_path(STATS, key, fingerprint) for fingerprint in published if fingerprint != files.fingerprint]
    if REJECTS.name not in files.paths:
        stale.append(shard_path(REJECTS, key, files.fingerprint))
    return [*added_files(files), *map(Delete, stale)]

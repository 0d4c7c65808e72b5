"""Plan the commit that publishes shards: which files of the data repo it adds and which it deletes.

The commit replaces each shard's published files, adds the shard to the benchmark's index, and records in the catalog
the sizes and MD5s that were learned while the inputs were read.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from every_eval.contracts.parquet import read_table
from every_eval.contracts.rejects import REJECTS
from every_eval.contracts.repo_layout import OPTIONAL_TABLES, SHARD_TABLES, published_shards, shard_path
from every_eval.contracts.stats import STATS
from every_eval.hub.hub import Add, Change, Delete, Hub, Snapshot, publish
from every_eval.ingestion.catalog import fill_in
from every_eval.ingestion.discovery import catalog_change, read_catalog
from every_eval.ingestion.planning import Shard, shards_of
from every_eval.ingestion.shard_builder import ShardFiles
from every_eval.ingestion.shard_index import IndexRow, index_change, index_row, read_index, read_statistics


@dataclass(frozen=True)
class HeldBack:
    """A shard that was built and is not published, because its inputs are damaged."""

    files: ShardFiles
    reason: str
    """The damage, in words."""


@dataclass(frozen=True)
class ShardCommit:
    """A commit of shards of one benchmark."""

    folder: str
    """The benchmark's folder in the data repo."""
    built: Sequence[ShardFiles]
    held_back: Sequence[HeldBack]
    data_version: int
    """The source's data version."""
    workdir: Path
    """Local folder for the files that the plan itself writes."""

    @property
    def title(self) -> str:
        """Title of the commit, for example `Publish helm_lite_part_00001 and 3 more`."""
        if not self.built:
            return f"Hold back {_named([item.files for item in self.held_back])}"
        return f"Publish {_named(self.built)}"

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
        tried = [*self.built, *(item.files for item in self.held_back)]
        catalog = fill_in(known, [entry for files in tried for entry in files.entries])
        shards = {shard.key: shard for shard in shards_of(catalog, self.folder, head, self.data_version)}
        current = [files for files in self.built if _is_current(files, shards)]
        held_back = [item for item in self.held_back if _is_current(item.files, shards)]
        if not current and not held_back:
            return []
        published = published_shards(head.files, self.folder)
        changes = [change for files in current for change in _replace(files, published.get(files.shard.key, ()))]
        if catalog != known:
            changes.append(catalog_change(self.folder, catalog, self.workdir))
        rows = [*map(_index_row, current), *self._held_back_rows(head, held_back)]
        return [*changes, index_change(head, self.folder, rows, self.workdir)]

    def _held_back_rows(self, head: Snapshot, held_back: Sequence[HeldBack]) -> Iterator[IndexRow]:
        """Yield the rows of what is published, with the fingerprint that is held back."""
        index = {row["shard"]: row for row in read_index(head, self.folder)}
        for item in held_back:
            noted = {"held_back_fingerprint": item.files.fingerprint, "held_back_reason": item.reason}
            yield {**index[item.files.shard.key], **noted}


def _named(files: Sequence[ShardFiles]) -> str:
    others = f" and {len(files) - 1} more" if len(files) > 1 else ""
    return f"{files[0].shard.key}{others}"


def _is_current(files: ShardFiles, shards: Mapping[str, Shard]) -> bool:
    """Tell whether the catalog still has the inputs that were read, and the Hub the rows that were kept."""
    shard = shards.get(files.shard.key)
    if shard is None or not shard.has_inputs_of(files.entries):
        return False
    return not files.keeps_rows or shard.records == files.shard.records


def _index_row(files: ShardFiles) -> IndexRow:
    run = files.shard.entries[0].run
    row = index_row(
        files.shard.key,
        files.fingerprint,
        read_statistics(files.paths[STATS.name]),
        read_table(REJECTS, [files.paths[REJECTS.name]] if REJECTS.name in files.paths else []),
        files.n_rows,
        files.records,
        files.disagreements,
    )
    return {"source": run.source, "benchmark": run.benchmark, **row}


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
    stale += [shard_path(table, key, files.fingerprint) for table in OPTIONAL_TABLES if table.name not in files.paths]
    return [*added_files(files), *map(Delete, stale)]

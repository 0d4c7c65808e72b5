"""Do the work of the weekly job in a process that does not import Dagster; `benchmarks.overhead` starts it.

python -m benchmarks.without_dagster ROOT HUB --shard-bytes N [--benchmarks NAME ...] [--processes N]
"""

import argparse
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measurement import show
from benchmarks.replica import BENCHMARKS
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import publish
from every_eval.ingestion.data_card import card_change
from every_eval.ingestion.discovery import Discovered, Discoverer, read_catalog
from every_eval.ingestion.ingestor import Ingestor
from every_eval.ingestion.planning import batches, shards_of, to_do
from every_eval.sources.helm.source import HelmSource
from every_eval.storage.folder import FolderStorage

REPO = "evaleval/every_eval_ever"


def main() -> None:
    """Discover, ingest, publish the dataset card, and count the shards that are missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=Path)
    parser.add_argument("hub", type=Path)
    parser.add_argument("--shard-bytes", type=int, required=True)
    parser.add_argument("--benchmarks", nargs="+", default=BENCHMARKS)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--batch-bytes", type=int, default=4 << 30)
    parser.add_argument("--batch-shards", type=int, default=8)
    options = parser.parse_args()
    source, storage = HelmSource(), FolderStorage(options.root)
    hub = FolderHub(options.hub, lambda: datetime.now(UTC))
    ingestor = Ingestor(source, storage, hub, REPO, str, n_processes=options.processes)
    found = Discoverer(source, storage, hub, REPO, options.shard_bytes, None, str).discover(options.benchmarks)
    head = hub.snapshot(REPO)
    for item in found:
        shards = shards_of(item.catalog, item.folder, head, source.data_version)
        for batch in batches(to_do(shards), options.batch_bytes, options.batch_shards):
            ingestor.ingest(item.folder, [shard.key for shard in batch])
    show(f"{len(missing(found, hub))} shards are missing")
    publish(hub, REPO, "Describe", lambda head: card_change(head, REPO, "a/scores", [source]))


def missing(found: list[Discovered], hub: FolderHub) -> list[str]:
    """Return the keys of the shards that are in a catalog and not published."""
    head = hub.snapshot(REPO)
    return [
        shard.key
        for item in found
        for shard in to_do(shards_of(read_catalog(head, item.folder), item.folder, head, HelmSource.data_version))
    ]


if __name__ == "__main__":
    main()

"""HELM roots in a bucket on loopback, and repos that are made from it."""

from pathlib import Path

from every_eval.network.client import Limits
from every_eval.storage.bucket import BucketStorage
from every_eval.storage.storage import Storage
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.storage.bucket_server import BucketServer

HASTY = Limits(attempts=4, backoff_seconds=0.001, timeout_seconds=1)


def objects_of(storage: Storage) -> dict[str, bytes]:
    """All that a storage holds."""
    return {item.name: storage.read(item.name) for item in storage.list("")}


def of_runs(names: list[str]) -> list[str]:
    """The names of runs' files."""
    return sorted(name for name in names if "/runs/" in name)


def publishing_from(server: BucketServer, hub: Path, shard_bytes: int = 1) -> Publishing:
    """A repo that is made from the bucket, by a reader that has asked for nothing yet."""
    return Publishing.of(BucketStorage(server.root_url, limits=HASTY), hub, shard_bytes=shard_bytes)

"""HELM roots in a bucket on the loopback interface, and data repos that are published from it."""

from pathlib import Path

from every_eval.network.client import Limits
from every_eval.network.retries import RetryPolicy
from every_eval.storage.bucket import BucketStorage
from every_eval.storage.storage import Storage
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.storage.bucket_server import BucketServer

HASTY = Limits(read_seconds=1, retries=RetryPolicy(backoff_seconds=0.001))


def objects_of(storage: Storage) -> dict[str, bytes]:
    """Return the content of every object of a storage, by name."""
    return {item.name: storage.read(item.name) for item in storage.list("")}


def of_runs(names: list[str]) -> list[str]:
    """Return those names that belong to input files of runs, sorted."""
    return sorted(name for name in names if "/runs/" in name)


def publishing_from(server: BucketServer, hub: Path, shard_bytes: int = 1) -> Publishing:
    """Return a data repo that is published from the bucket, through a storage that has sent no request yet."""
    return Publishing.of(BucketStorage(server.root_url, limits=HASTY), hub, shard_bytes=shard_bytes)

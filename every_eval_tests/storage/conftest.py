"""A bucket with two objects, one of them stored as gzip, and a client that waits only briefly between attempts."""

import random
from collections.abc import Iterator

import pytest

from every_eval.network.client import Limits
from every_eval.network.retries import RetryPolicy
from every_eval.storage.bucket import BucketStorage
from every_eval_tests.storage.bucket_server import BucketServer

HASTY = Limits(memory_bytes=1000, retries=RetryPolicy(backoff_seconds=0.001))
NAME = "lite/benchmark_output/runs/v1/a:b=c,d@e f/stats.json"
PACKED = "lite/packed.json"
CONTENT = random.Random(1).randbytes(800_000)
"""More bytes, even as gzip, than a download takes at once and than are held in memory."""


@pytest.fixture
def server() -> Iterator[BucketServer]:
    with BucketServer({NAME: CONTENT, PACKED: CONTENT}, frozenset({PACKED})) as server:
        yield server


@pytest.fixture
def bucket(server: BucketServer) -> BucketStorage:
    return BucketStorage(server.root_url, limits=HASTY)

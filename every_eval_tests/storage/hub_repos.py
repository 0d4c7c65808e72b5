"""A Hub on loopback with one dataset repo of results."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from every_eval_tests.hub.commits import Blob, Commit
from every_eval_tests.hub.hub_server import HubServer, serving
from every_eval_tests.hub.hubs import NOON

REPO = "acme/results"
LARGE_BYTES = 100_000
"""Size from which the server keeps a file on its other host."""


def blobs(tree: Mapping[str, bytes]) -> dict[str, Blob]:
    return {name: Blob(content, is_large=len(content) >= LARGE_BYTES) for name, content in tree.items()}


@contextmanager
def hub_of(tree: Mapping[str, bytes]) -> Iterator[HubServer]:
    """Serve a repo whose first commit has the files of `tree`."""
    with serving(lambda: NOON) as server:
        server.repos[REPO] = [Commit("first", "", NOON, blobs(tree), None)]
        yield server

"""Noticing that a HELM project has changed, without reading what it holds."""

import hashlib
from collections.abc import Iterator
from typing import Final

from every_eval.contracts.canonical import canonical_json
from every_eval.sources.helm.index import release_names
from every_eval.sources.helm.layout import find_output, folders
from every_eval.storage.storage import Storage

INDEX_FILES: Final = ("summary.json", "runs_to_run_suites.json", "run_specs.json", "schema.json")


def index_witness(storage: Storage, benchmark: str) -> str:
    """A digest that changes with the project's releases, its suites, and the index of its newest release.

    It costs about ten small requests, however large the project is.

    Raises:
        BenchmarkMissing: the storage has no such project.
        UpstreamMalformed: the list of releases cannot be read.
        UpstreamUnavailable: the storage did not answer completely.
    """
    return hashlib.sha256(canonical_json(list(_marks(storage, benchmark))).encode()).hexdigest()[:12]


def _marks(storage: Storage, benchmark: str) -> Iterator[list[str]]:
    output = find_output(storage, benchmark)
    releases = release_names(storage, benchmark, output)
    yield list(releases)
    if storage.can_list:
        yield list(folders(storage, f"{output}runs/"))
    for file in INDEX_FILES if releases else ():
        found = storage.stat(f"{output}releases/{releases[0]}/{file}")
        yield [file, "" if found is None else found.witness]

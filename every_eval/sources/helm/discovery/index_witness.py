"""Notice that a HELM project has changed, without reading its runs."""

import hashlib
from collections.abc import Iterator
from typing import Final

from every_eval.contracts.canonical import canonical_json
from every_eval.sources.helm.discovery.index import release_names
from every_eval.sources.helm.layout import find_output, folders
from every_eval.storage.storage import Storage

INDEX_FILES: Final = ("summary.json", "runs_to_run_suites.json", "run_specs.json", "schema.json")
"""The files of a release's index whose witnesses are compared."""


def index_witness(storage: Storage, benchmark: str) -> str:
    """Return a digest that changes with the project's releases, its suites and the index of its newest release.

    It takes about ten small requests, however large the project is.

    Raises:
        BenchmarkMissing: The storage has no such project.
        UpstreamMalformed: The list of releases cannot be read.
        UpstreamUnavailable: The storage did not answer all requests.
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

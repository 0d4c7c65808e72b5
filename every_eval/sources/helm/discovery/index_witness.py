"""Notice that a HELM project has changed, without reading its runs."""

import hashlib
from collections.abc import Iterator
from typing import Final

from every_eval.contracts.canonical import canonical_json
from every_eval.sources.helm.discovery.index import release_names, suite_names
from every_eval.sources.helm.layout import find_output
from every_eval.storage.storage import Storage

INDEX_FILES: Final = ("summary.json", "runs_to_run_suites.json", "run_specs.json", "schema.json")
"""The files of a release's index whose witnesses are compared."""


def index_witness(storage: Storage, benchmark: str) -> str:
    """Return a digest that changes with the project's releases, its suites and the index of its newest release.

    Of a project without releases, it is the index of the newest suite.

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
    suites = suite_names(storage, output) if storage.can_list else ()
    yield list(suites)
    places = [f"releases/{releases[0]}"] if releases else []
    if not releases or storage.stat(f"{output}{places[0]}/summary.json") is None:  # A project without releases.
        places += [f"runs/{name}" for name in (suites[-1:] or releases[:1])]
    for place in places:
        for file in INDEX_FILES:
            found = storage.stat(f"{output}{place}/{file}")
            yield [place, file, "" if found is None else found.witness]

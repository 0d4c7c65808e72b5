"""The requests to a bucket: of a first run, and of a run that finds nothing new."""

from collections import Counter
from collections.abc import Iterator
from math import ceil
from pathlib import Path

import pytest

from every_eval.storage.folder import FolderStorage
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.ingestion.buckets import objects_of, of_runs, publishing_from
from every_eval_tests.ingestion.upstream import RUNS
from every_eval_tests.storage.bucket_server import LISTING, BucketServer, busy

N_FILES = 7 * len(RUNS)
METADATA = "config/project_metadata.json"
INDEX = "mmlu/benchmark_output/releases/"


@pytest.fixture
def server(root: HelmRoot) -> Iterator[BucketServer]:
    objects = objects_of(FolderStorage(root.path))
    for suite, name in RUNS:
        objects[f"mmlu/benchmark_output/runs/{suite}/{name}/scenario_state.json"] = b"not read"
        objects[f"mmlu/benchmark_output/runs/{suite}/{name}/scenario.json.lock"] = b"not read"
    with BucketServer(objects) as server:
        yield server


def _asked(server: BucketServer, method: str) -> list[str]:
    return [request.name for request in server.requests if request.method == method]


def _needed(server: BucketServer) -> list[str]:
    others = ("scenario_state.json", ".lock")
    return [name for name in of_runs(list(server.objects)) if not name.endswith(others)]


def test_each_file_of_a_run_is_read_once_and_a_page_of_the_listing_names_them_all(
    server: BucketServer, tmp_path: Path
) -> None:
    publishing_from(server, tmp_path).refresh()

    read = Counter(_asked(server, "GET"))
    assert len(_needed(server)) == N_FILES
    assert of_runs(list(read)) == _needed(server)
    assert set(read.values()) == {1}
    assert read[LISTING] == ceil(len(server.objects) / 1000)
    assert {name for name in read if name not in _needed(server)} <= {
        LISTING,
        "config/project_metadata.json",
        *(name for name in server.objects if name.startswith(INDEX)),
    }
    assert _asked(server, "HEAD") == []


def test_a_listing_asks_only_for_the_pages_of_the_project(server: BucketServer, tmp_path: Path) -> None:
    server.page_objects = 10
    server.objects |= {f"other/benchmark_output/runs/v1/r{number}/stats.json": b"[]" for number in range(30)}
    publishing_from(server, tmp_path).discover()

    n_objects = sum(name.startswith("mmlu/") for name in server.objects)
    assert _asked(server, "GET").count(LISTING) == ceil(n_objects / 10)


@pytest.mark.parametrize("listing", [True, False])
def test_a_run_that_finds_nothing_new_fetches_the_listing_alone_and_commits_nothing(
    server: BucketServer, tmp_path: Path, listing: bool
) -> None:
    if not listing:
        server.spoil(LISTING, busy(403), times=2)
    publishing_from(server, tmp_path).refresh()
    first = publishing_from(server, tmp_path)
    commit, before = first.commit(), first.contents()
    server.requests.clear()
    server.statuses.clear()

    assert first.refresh() == []
    assert (first.commit(), first.contents()) == (commit, before)
    read = Counter(_asked(server, "GET"))
    assert of_runs(list(read)) == []
    assert set(read.values()) == {1} and read[LISTING] == 1
    assert len(_asked(server, "HEAD")) == (0 if listing else N_FILES)
    if listing:
        assert set(read) == {LISTING, METADATA}
    assert server.statuses[200] == (1 if listing else N_FILES)  # the listing, or the answers to HEAD


def _add_release(server: BucketServer) -> None:
    """Add a release that shows the same runs as v1.1.0."""
    old, new = f"{INDEX}v1.1.0/", f"{INDEX}v1.2.0/"
    server.objects |= {name.replace(old, new): raw for name, raw in server.objects.items() if name.startswith(old)}
    server.put(METADATA, server.objects[METADATA].replace(b'"v1.1.0"', b'"v1.2.0", "v1.1.0"'))


def test_a_new_release_costs_the_files_of_that_release(server: BucketServer, tmp_path: Path) -> None:
    publishing_from(server, tmp_path / "a").refresh()
    _add_release(server)
    server.requests.clear()
    publishing = publishing_from(server, tmp_path / "a")
    publishing.refresh()

    read = Counter(_asked(server, "GET"))
    new = [name for name in server.objects if name.startswith(f"{INDEX}v1.2.0/")]
    assert set(read) <= {LISTING, METADATA, *new}
    assert len(read) > 10 and set(read.values()) == {1}
    fresh = publishing_from(server, tmp_path / "b")
    fresh.refresh()
    assert publishing.contents() == fresh.contents()


def test_a_changed_index_file_is_fetched_and_one_that_is_only_written_again_is_not(
    server: BucketServer, tmp_path: Path
) -> None:
    publishing_from(server, tmp_path).refresh()
    summary, specs = (f"{INDEX}v1.1.0/{name}.json" for name in ("summary", "run_specs"))
    server.put(specs, server.objects[specs])
    server.put(summary, server.objects[summary] + b" ")
    server.requests.clear()
    publishing_from(server, tmp_path).refresh()

    assert set(_asked(server, "GET")) == {LISTING, METADATA, summary}
    server.requests.clear()
    publishing_from(server, tmp_path).refresh()
    assert set(_asked(server, "GET")) == {LISTING, METADATA}


def test_without_a_listing_each_file_costs_one_head_and_one_get(server: BucketServer, tmp_path: Path) -> None:
    server.spoil(LISTING, busy(404))
    publishing_from(server, tmp_path).refresh()

    read = Counter(_asked(server, "GET"))
    assert of_runs(_asked(server, "HEAD")) == _needed(server)
    assert of_runs(list(read)) == _needed(server)
    assert set(read.values()) == {1}


def test_without_a_listing_scenario_state_is_requested_if_display_files_are_missing(
    server: BucketServer, tmp_path: Path
) -> None:
    server.spoil(LISTING, busy(404))
    missing = next(name for name in _needed(server) if name.endswith("display_predictions.json"))
    del server.objects[missing]
    [found] = publishing_from(server, tmp_path).discover()

    assert found.error is None
    assert of_runs(_asked(server, "HEAD")) == sorted(
        [*_needed(server), missing, missing.replace("display_predictions", "scenario_state")]
    )


@pytest.mark.parametrize("is_plain", [True, False], ids=["a mirror without listing and MD5s", "gzip"])
def test_files_without_a_stated_md5_are_read_once_and_never_again(
    server: BucketServer, tmp_path: Path, is_plain: bool
) -> None:
    server.is_plain = is_plain
    server.encoded = frozenset(() if is_plain else _needed(server))
    first, again = publishing_from(server, tmp_path), publishing_from(server, tmp_path)
    first.discover()
    assert of_runs(_asked(server, "GET")) == []
    for shard in first.to_do():
        first.ingest([shard])
    assert of_runs(_asked(server, "GET")) == _needed(server)
    assert of_runs(_asked(server, "HEAD")) == (_needed(server) if is_plain else [])

    server.requests.clear()
    assert again.refresh() == []
    assert of_runs(_asked(server, "GET")) == []
    assert of_runs(_asked(server, "HEAD")) == (_needed(server) if is_plain else [])

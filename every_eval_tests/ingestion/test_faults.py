"""Faults of the network and of the bucket: the datasets stay the same, or a missing shard is named and built later."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from every_eval.contracts.catalog import State
from every_eval.errors import UpstreamUnavailable
from every_eval.storage.folder import FolderStorage
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.ingestion.buckets import objects_of, publishing_from
from every_eval_tests.ingestion.publishing import FOLDER, Publishing
from every_eval_tests.ingestion.upstream import RUNS
from every_eval_tests.storage.bucket_server import (
    LISTING,
    Answer,
    BucketServer,
    Fault,
    busy,
    cut,
    dripping,
    flipped,
    reset,
    stalled,
    truncated,
)

pytestmark = pytest.mark.slow

SHARDS = [f"{FOLDER}_part_0000{number}" for number in (1, 2, 3)]
STATS = f"mmlu/benchmark_output/runs/{RUNS[1][0]}/{RUNS[1][1]}/per_instance_stats.json"
"""A file of the second shard."""
FAULTS: dict[str, Fault] = {
    "500": busy(500),
    "503": busy(503),
    "429 with Retry-After": busy(429, "0"),
    "cut at once": cut(0),
    "cut": cut(10),
    "reset at once": reset(0),
    "reset": reset(10),
    "truncated": truncated(5),
    "flipped": flipped,
}
each_fault = pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
LASTING = {name: fault for name, fault in FAULTS.items() if name not in ("cut", "reset")}
"""Faults that no number of attempts gets over: an answer that is cut later brings some bytes each time."""
each_lasting_fault = pytest.mark.parametrize("fault", LASTING.values(), ids=LASTING)


@pytest.fixture
def server(root: HelmRoot) -> Iterator[BucketServer]:
    with BucketServer(objects_of(FolderStorage(root.path))) as server:
        yield server


@pytest.fixture(scope="module")
def expected(small_root_once: HelmRoot, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """Return what is published without any fault."""
    with BucketServer(objects_of(FolderStorage(small_root_once.path))) as server:
        publishing = publishing_from(server, tmp_path_factory.mktemp("expected") / "hub")
        publishing.refresh()
        return publishing.contents()


@pytest.fixture
def publishing(server: BucketServer, tmp_path: Path) -> Publishing:
    return publishing_from(server, tmp_path / "hub")


@each_fault
def test_a_fault_that_happens_once_for_every_object_changes_nothing(
    server: BucketServer, publishing: Publishing, expected: dict[str, bytes], fault: Fault
) -> None:
    for name in (*server.objects, LISTING):
        server.spoil(name, fault)
    publishing.refresh()

    assert publishing.contents() == expected
    asked = Counter(request.name for request in server.requests)
    assert set(asked.values()) == {2}


@each_lasting_fault
def test_a_lasting_fault_fails_its_shard_and_the_next_run_builds_the_shard(
    server: BucketServer, publishing: Publishing, expected: dict[str, bytes], fault: Fault
) -> None:
    server.spoil(STATS, fault, times=1000)
    [found] = publishing.discover()
    outcomes = publishing.ingest(SHARDS)

    assert found.error is None
    assert [outcome.shard for outcome in outcomes if outcome.error is not None] == [SHARDS[1]]
    assert isinstance(outcomes[1].error, UpstreamUnavailable)
    assert "per_instance_stats.json" in str(outcomes[1].error)
    assert publishing.to_do() == [SHARDS[1]]

    server.heal()
    assert publishing.refresh() == [SHARDS[1]]
    assert publishing.contents() == expected


@each_lasting_fault
def test_a_lasting_fault_in_an_index_is_an_error_and_publishes_nothing(
    server: BucketServer, publishing: Publishing, expected: dict[str, bytes], fault: Fault
) -> None:
    server.spoil("*/run_specs.json", fault, times=1000)
    [found] = publishing.discover()

    assert isinstance(found.error, UpstreamUnavailable) and "run_specs.json" in str(found.error)
    assert publishing.commit() is None
    server.heal()
    publishing.refresh()
    assert publishing.contents() == expected


def test_a_slow_link_changes_nothing(server: BucketServer, publishing: Publishing, expected: dict[str, bytes]) -> None:
    server.spoil("*", dripping(1000), times=1000)
    publishing.refresh()
    assert publishing.contents() == expected


def test_a_stalled_connection_is_given_up_and_opened_again(
    server: BucketServer, publishing: Publishing, expected: dict[str, bytes]
) -> None:
    server.spoil(STATS, stalled(1000))
    publishing.refresh()
    assert publishing.contents() == expected


def test_an_object_that_changes_after_the_listing_is_noticed_and_read_by_the_next_run(
    server: BucketServer, publishing: Publishing, tmp_path: Path
) -> None:
    changed = server.objects[STATS].replace(b'"count": 1', b'"count": 2')
    assert changed != server.objects[STATS]
    server.spoil(LISTING, lambda _: server.put(STATS, changed))
    publishing.discover()
    outcomes = publishing.ingest(SHARDS)

    assert [type(outcome.error) for outcome in outcomes] == [type(None), UpstreamUnavailable, type(None)]
    assert "changed since it was listed" in str(outcomes[1].error)
    assert publishing.refresh() == [SHARDS[1]]
    of_changed = publishing_from(server, tmp_path / "of changed")
    of_changed.refresh()
    assert publishing.contents() == of_changed.contents()


def test_an_object_that_changes_while_it_is_read_is_noticed(
    server: BucketServer, publishing: Publishing, tmp_path: Path
) -> None:
    changed = server.objects[STATS].replace(b'"count": 1', b'"count": 2')

    def overwritten(answer: Answer) -> None:
        answer.cut_after = 1000
        server.put(STATS, changed)

    server.spoil(STATS, overwritten)
    publishing.discover()
    assert isinstance(publishing.ingest(SHARDS)[1].error, UpstreamUnavailable)
    publishing.refresh()
    of_changed = publishing_from(server, tmp_path / "of changed")
    of_changed.refresh()
    assert publishing.contents() == of_changed.contents()


@pytest.mark.parametrize("status", [401, 403, 404])
def test_discovery_works_without_a_listing_that_is_refused(
    server: BucketServer, publishing: Publishing, expected: dict[str, bytes], status: int
) -> None:
    server.spoil(LISTING, busy(status), times=1000)
    publishing.refresh()
    index_files = f"index_files/{FOLDER}.parquet"  # without a listing, one more of them says which groups there are
    assert {**publishing.contents(), index_files: b""} == {**expected, index_files: b""}


def test_runs_that_only_a_listing_shows_are_not_withdrawn_while_it_is_refused(
    server: BucketServer, tmp_path: Path
) -> None:
    unnamed = {name.replace("/runs/v1.0.0/", "/runs/v0.1.0/"): raw for name, raw in server.objects.items()}
    server.objects |= unnamed
    publishing_from(server, tmp_path / "hub").refresh()
    before = publishing_from(server, tmp_path / "hub").contents()

    server.spoil(LISTING, busy(403), times=1000)
    blind = publishing_from(server, tmp_path / "hub")
    first = blind.shards()[0].entries[0].run.folder + "/"
    for gone in ((), tuple(name for name in server.objects if name.startswith(first))):
        for name in gone:
            del server.objects[name]
        [found] = blind.discover()
        assert isinstance(found.error, UpstreamUnavailable)
        assert "no index names 2 known runs" in str(found.error) and "runs/v0.1.0/" in str(found.error)
        assert blind.contents() == before

    server.objects = {name: raw for name, raw in server.objects.items() if "/v0.1.0/" not in name}
    [found] = publishing_from(server, tmp_path / "hub").discover()  # each is asked for, and has gone
    assert found.error is None
    assert [entry.run.suite for entry in found.catalog if entry.state is State.WITHDRAWN] == ["v0.1.0"] * 2


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_listing_that_is_refused_for_a_time_changes_nothing_published(
    server: BucketServer, tmp_path: Path, status: int
) -> None:
    first = publishing_from(server, tmp_path / "hub")
    first.refresh()
    published = first.contents()
    server.spoil(LISTING, busy(status), times=1000)
    assert publishing_from(server, tmp_path / "hub").refresh() == []
    server.heal()
    again = publishing_from(server, tmp_path / "hub")
    assert again.refresh() == []
    assert again.contents() == published

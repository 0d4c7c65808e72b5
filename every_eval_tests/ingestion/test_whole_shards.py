"""A listing is held against the index of shards and the catalog, and shards that lack files are made again."""

import random
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import pytest

from every_eval.contracts.metrics import METRICS
from every_eval.contracts.rejects import REJECTS
from every_eval.contracts.samples import SAMPLES
from every_eval.hub.hub import Delete
from every_eval.ingestion.planning import Status
from every_eval.ingestion.whole_shards import listing_doubt
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.hub.hubs import REPO, commit_on_head
from every_eval_tests.ingestion.publishing import FOLDER, Publishing
from every_eval_tests.ingestion.upstream import ANATOMY, RUNS, YI, add_run, mmlu_run, rewrite

FIRST = f"{FOLDER}_part_00001"


@dataclass(frozen=True)
class Part:
    """A snapshot of which only some files are listed."""

    snapshot: Any
    files: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.snapshot, name)


def without(publishing: Publishing, *paths: str) -> Any:
    head = publishing.hub.snapshot(REPO)
    return Part(head, MappingProxyType({path: file for path, file in head.files.items() if path not in paths}))


@pytest.fixture
def damaged(publishing: Publishing, root: HelmRoot) -> Publishing:
    """Three shards; the first one has rejects."""
    rewrite(root.run("mmlu", *RUNS[0]) / "scenario.json", lambda raw: raw[: len(raw) // 2])
    publishing.refresh()
    assert any(path.startswith(f"rejects/{FOLDER}/") for path in publishing.contents())
    return publishing


def test_a_whole_listing_is_not_doubted(damaged: Publishing) -> None:
    assert listing_doubt(damaged.hub.snapshot(REPO)) is None


def test_whatever_file_a_listing_lacks_it_is_doubted(damaged: Publishing) -> None:
    paths = list(damaged.contents())
    assert len(paths) > 10
    assert [path for path in paths if listing_doubt(without(damaged, path)) is None] == []


def test_a_listing_of_some_files_is_doubted(damaged: Publishing) -> None:
    paths, dice = list(damaged.contents()), random.Random(7)
    for _ in range(100):
        lacking = dice.sample(paths, dice.randint(1, len(paths) - 1))
        assert listing_doubt(without(damaged, *lacking)) is not None, lacking


def test_a_catalog_without_shards_is_doubted_and_new_shards_beside_others_are_not(
    publishing: Publishing, root: HelmRoot
) -> None:
    publishing.discover()
    assert listing_doubt(publishing.hub.snapshot(REPO)) == f"the catalog names 3 shards of {FOLDER}, and none is there"
    publishing.refresh()
    add_run(root, *RUNS[0], mmlu_run(ANATOMY, YI))
    publishing.discover()
    assert (len(publishing.to_do()), listing_doubt(publishing.hub.snapshot(REPO))) == (1, None)


@pytest.mark.parametrize("table", ["data", "metrics", "stats", "rejects"])
def test_a_shard_of_which_somebody_deleted_a_file_is_made_again(damaged: Publishing, table: str) -> None:
    before = damaged.contents()
    [gone] = [path for path in before if path.startswith(f"{table}/{FOLDER}/{FIRST}")]
    commit_on_head(damaged.hub, Delete(gone))
    expected = Status.NEW if table == "stats" else Status.INCOMPLETE
    assert [shard.status for shard in damaged.shards()] == [expected, Status.UNCHANGED, Status.UNCHANGED]
    assert damaged.refresh() == [FIRST]
    assert damaged.contents() == before


def test_a_withdrawn_run_of_which_rows_are_gone_is_read_when_it_returns(publishing: Publishing, root: HelmRoot) -> None:
    publishing = replace(publishing, shard_bytes=1 << 30)
    publishing.refresh()
    before, folder = publishing.contents(), root.run("mmlu", *RUNS[0])
    away = folder.rename(root.path / "away")
    publishing.refresh()
    commit_on_head(publishing.hub, *(Delete(f"{top}/{FOLDER}/{FIRST}.parquet") for top in ("data", "metrics")))
    assert publishing.refresh() == [FIRST]
    assert (publishing.rows(SAMPLES).num_rows, publishing.rows(METRICS).num_rows > 0) == (6, True)
    assert publishing.refresh() == []
    away.rename(folder)
    assert publishing.refresh() == [FIRST]
    assert publishing.contents() == before
    assert publishing.rows(REJECTS).num_rows == 0

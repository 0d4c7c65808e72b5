from dataclasses import replace
from pathlib import Path

import pytest

from every_eval.contracts.catalog import State
from every_eval.contracts.repo_layout import published_shards, shard_key, shard_path
from every_eval.contracts.stats import STATS
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.ingestion.catalog import Entry
from every_eval.ingestion.planning import Shard, Status, batches, plan_shard, shards_of, to_do
from every_eval.ingestion.shard_index import IndexRow
from every_eval.ingestion.shards import MadeFrom, fingerprint, made_from
from every_eval.sources.source import Input, Run
from every_eval_tests.hub.hubs import NOON, REPO


def _entry(number: int | None, name: str = "a", size: int = 10) -> Entry:
    run = Run("helm", "lite", "v1", name, f"lite/{name}", (Input("stats.json", size, "w", "0" * 32),))
    return Entry(run, None if number is None else shard_key("helm_lite", number))


def _published(entry: Entry, data_version: int = 3) -> str:
    return shard_path(STATS, str(entry.shard), fingerprint([made_from(entry.run)], data_version))


def _status(paths: list[str]) -> Status:
    return _plan((_entry(1),), paths).status


def _plan(entries: tuple[Entry, ...], paths: list[str], row: IndexRow | None = None) -> Shard:
    """Plan the first shard of version 3, whose published files are `paths` and whose row of the index is `row`."""
    published = published_shards(paths, "helm_lite").get("helm_lite_part_00001", ())
    return plan_shard("helm_lite_part_00001", "helm_lite", entries, published, row, 3)


def test_the_status_of_a_shard_follows_from_the_published_names() -> None:
    wanted, old, other = (
        _published(_entry(1)),
        _published(_entry(1), 1),
        shard_path(STATS, "helm_lite_part_00001", "f" * 12),
    )

    assert _status([]) is Status.NEW
    assert _status([other.replace("00001", "00002")]) is Status.NEW
    assert _status([wanted]) is Status.UNCHANGED
    assert _status([other]) is Status.CHANGED
    assert _status([old]) is Status.OUTDATED


def test_a_shard_has_no_fingerprint_before_the_md5_of_every_input_is_known() -> None:
    known, unread = _entry(1), _entry(1, "b")
    unread = replace(unread, run=replace(unread.run, inputs=(Input("stats.json", None, "w"),)))
    other = shard_path(STATS, "helm_lite_part_00001", "f" * 12)

    for paths, status in (([], Status.NEW), ([other], Status.CHANGED), ([_published(known)], Status.CHANGED)):
        shard = _plan((known, unread), paths)
        assert (shard.fingerprint, shard.status) == (None, status)


def test_a_run_that_was_gone_before_it_was_read_does_not_keep_its_shard_from_a_fingerprint() -> None:
    gone = replace(_entry(1), state=State.WITHDRAWN)
    gone = replace(gone, run=replace(gone.run, inputs=(Input("stats.json", 10, "w"),)))
    never_read = MadeFrom("v1", "a", None, ())
    shard = _plan((gone,), [shard_path(STATS, "helm_lite_part_00001", fingerprint([never_read], 3))])

    assert shard.fingerprint == fingerprint([never_read], 3) != fingerprint([made_from(gone.run)], 3)
    assert shard.status is Status.UNCHANGED


def test_a_shard_with_a_second_file_of_statistics_is_rebuilt() -> None:
    wanted, other = _published(_entry(1)), shard_path(STATS, "helm_lite_part_00001", "f" * 12)

    assert _status([wanted, other]) is Status.CHANGED


def test_waiting_runs_are_in_no_shard_and_shards_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    entries = (_entry(100_000, "a"), _entry(None, "b"), _entry(2, "c"), _entry(99_999, "d"), _entry(2, "e"))
    shards = shards_of(entries, "helm_lite", FolderHub(tmp_path, lambda: NOON).snapshot(REPO), 1)

    assert [shard.key[-6:] for shard in shards] == ["_00002", "_99999", "100000"]
    assert [entry.run.name for entry in shards[0].entries] == ["c", "e"]
    assert shards[0].n_bytes == 20


def _shard(number: int, status: Status, folder: str = "helm_lite", size: int = 10) -> Shard:
    return Shard(shard_key(folder, number), folder, "f" * 12, status, (_entry(number, size=size),))


def test_new_shards_go_first_then_changed_ones_then_those_of_an_older_version() -> None:
    shards = [
        _shard(1, Status.UNCHANGED),
        _shard(2, Status.OUTDATED),
        _shard(3, Status.CHANGED),
        _shard(4, Status.NEW),
        _shard(5, Status.CHANGED),
        _shard(6, Status.NEW),
    ]

    assert [shard.key[-1] for shard in to_do(shards)] == ["4", "6", "3", "5", "2"]
    assert [shard.key[-1] for shard in to_do(shards, force=True)] == ["4", "6", "3", "5", "2", "1"]


@pytest.mark.parametrize(
    ("max_bytes", "max_shards", "expected"),
    [
        (1000, 10, [["1", "2", "3"], ["1"]]),
        (20, 10, [["1", "2"], ["3"], ["1"]]),
        (1000, 1, [["1"], ["2"], ["3"], ["1"]]),
    ],
)
def test_batches_keep_within_their_limits_and_within_a_benchmark(
    max_bytes: int, max_shards: int, expected: list[list[str]]
) -> None:
    shards = [_shard(n, Status.NEW) for n in (1, 2, 3)] + [_shard(1, Status.NEW, "helm_mmlu")]

    assert [[shard.key[-1] for shard in batch] for batch in batches(shards, max_bytes, max_shards)] == expected


def test_a_shard_beyond_the_limit_is_a_batch_of_its_own() -> None:
    shards = [_shard(1, Status.NEW, size=5), _shard(2, Status.NEW, size=500), _shard(3, Status.NEW, size=5)]

    assert [len(batch) for batch in batches(shards, 100, 10)] == [1, 1, 1]

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from every_eval.contracts.catalog import CATALOG, State
from every_eval.contracts.rejects import Reason
from every_eval.errors import UpstreamUnavailable
from every_eval.ingestion.catalog import (
    Digests,
    Entry,
    assign_shards,
    by_shard,
    catalog_entries,
    catalog_table,
    fill_in,
    merge,
    with_digests,
)
from every_eval.network.content import md5_of
from every_eval.sources.source import Input, Run
from every_eval.storage.folder import FolderStorage
from every_eval_tests.ingestion.upstream import WatchedStorage


def _input(name: str = "stats.json", witness: str = "w", md5: str | None = None) -> Input:
    return Input(name, 10, witness, md5)


def _run(name: str = "a", *inputs: Input, suite: str = "v1") -> Run:
    return Run("helm", "lite", suite, name, f"runs/{suite}/{name}", inputs or (_input(),))


def test_a_catalog_comes_back_from_its_table() -> None:
    entries = (
        Entry(replace(_run(), releases=("v1", "v2"), facts={"b": "2", "a": "1"}), "helm_lite_part_00001"),
        Entry(_run("b", Input("x", None, "w"), _input(md5="0" * 32)), None, State.WITHDRAWN),
        Entry(replace(_run("c"), inputs=(), problem=Reason.RUN_MISSING, folder=""), "helm_lite_part_00002"),
    )
    table = catalog_table(entries)

    CATALOG.validate(table)
    assert catalog_entries(table) == entries
    assert catalog_entries(catalog_table(())) == ()


def test_known_and_found_runs_are_merged_in_the_order_of_suite_and_name() -> None:
    known = (Entry(_run("b"), "s1"), Entry(_run("d"), "s1"))
    merged = merge(known, [_run("c"), _run("a", suite="v2"), _run("b"), _run("a")])

    assert [(*entry.run.identity, entry.shard, entry.state) for entry in merged] == [
        ("v1", "a", None, State.PRESENT),
        ("v1", "b", "s1", State.PRESENT),
        ("v1", "c", None, State.PRESENT),
        ("v1", "d", "s1", State.WITHDRAWN),
        ("v2", "a", None, State.PRESENT),
    ]


def test_a_run_under_another_name_keeps_its_shard_and_loses_its_old_name() -> None:
    def of_task(name: str, task: str) -> Run:
        return replace(_run(name, suite="results"), folder="b/model", facts={"task": task})

    known = (Entry(of_task("t,token=1", "t"), "s1"), Entry(of_task("u", "u"), "s1"), Entry(_run("w"), "s1"))
    merged = merge(known, [of_task("t", "t")])

    assert [(entry.run.name, entry.shard, entry.state) for entry in merged] == [
        ("t", "s1", State.PRESENT),
        ("u", "s1", State.WITHDRAWN),
        ("w", "s1", State.WITHDRAWN),
    ]


def test_an_input_keeps_its_md5_while_its_witness_is_the_same() -> None:
    known = (Entry(_run("a", _input("x", "1", "m1"), _input("y", "1", "m2"), _input("z", "1", "m3")), "s1"),)
    found = _run("a", _input("x", "1"), _input("y", "2"), _input("z", "2", "stated"))

    [entry] = merge(known, [found])
    assert [item.md5 for item in entry.run.inputs] == ["m1", None, "stated"]


def test_sizes_and_md5s_are_filled_in_where_the_witness_is_the_same() -> None:
    learnt = _run("a", Input("x", 3, "1", "m1"), Input("y", 4, "1", "m2"), Input("z", 5, "1", "m3"))
    now = _run("a", Input("x", None, "1"), Input("y", None, "2"), Input("z", 9, "2", "stated"))
    elsewhere = replace(_run("b", Input("x", None, "1")), folder="moved")
    entries = (Entry(now, "s1", State.WITHDRAWN), Entry(elsewhere, "s1"), Entry(_run("c"), None))
    after = fill_in(entries, [Entry(learnt, "s1"), Entry(_run("b", Input("x", 3, "1", "m4")), "s1")])

    assert after[0].run.inputs == (Input("x", 3, "1", "m1"), *now.inputs[1:])
    assert after == (replace(entries[0], run=after[0].run), *entries[1:])
    assert fill_in(after, []) == after


def test_a_run_that_an_index_names_but_whose_files_are_gone_is_withdrawn_unchanged() -> None:
    known = (Entry(_run("a", _input(md5="m")), "s1"),)
    gone = replace(_run("a"), inputs=(), problem=Reason.RUN_MISSING)

    assert merge(known, [gone]) == (replace(known[0], state=State.WITHDRAWN),)
    assert merge(merge(known, [gone]), [gone]) == (replace(known[0], state=State.WITHDRAWN),)


def test_a_run_that_comes_back_keeps_its_shard_and_is_not_read_again() -> None:
    known = (Entry(_run("a", _input(md5="m")), "s1"),)

    assert merge(merge(known, []), [_run("a")]) == known


def test_a_missing_run_that_appears_later_keeps_its_shard() -> None:
    known = (Entry(replace(_run("a"), inputs=(), problem=Reason.RUN_MISSING), "s1"),)

    assert merge(known, [_run("a")]) == (Entry(_run("a"), "s1"),)


def test_the_facts_of_an_index_replace_the_known_facts() -> None:
    known = (Entry(replace(_run(), releases=("v1",), facts={"creator": "x"}), "s1"),)
    found = replace(_run(), releases=("v1", "v2"), facts={"creator": "y"})

    assert merge(known, [found])[0].run == found


def test_runs_without_a_shard_get_new_shards_after_all_known_shards() -> None:
    entries = (
        Entry(_run("a"), None),
        Entry(_run("b"), "helm_lite_part_00007", State.WITHDRAWN),
        Entry(_run("c"), None, State.WITHDRAWN),
        Entry(_run("d"), None),
        Entry(_run("e"), "helm_lite_part_00002"),
        Entry(_run("f"), None),
    )
    placed = assign_shards(entries, "helm_lite", 20, None)

    numbers = [entry.shard and int(entry.shard[-5:]) for entry in placed]
    assert numbers == [8, 7, None, 8, 2, 9]
    assert [entry.run for entry in placed] == [entry.run for entry in entries]
    assert assign_shards(placed, "helm_lite", 20, None) == placed


@pytest.mark.parametrize(("max_runs", "n_placed"), [(0, 0), (1, 1), (2, 2), (9, 3), (None, 3)])
def test_a_limit_holds_for_new_runs_in_their_order(max_runs: int | None, n_placed: int) -> None:
    entries = tuple(Entry(_run(name), None) for name in "abc")
    placed = assign_shards(entries, "helm_lite", 1000, max_runs)

    assert [entry.shard is not None for entry in placed] == [True] * n_placed + [False] * (3 - n_placed)


def _stored(tmp_path: Path, name: str, raw: bytes) -> tuple[WatchedStorage, Input]:
    path = tmp_path / "runs/v1" / name / "stats.json"
    path.parent.mkdir(parents=True)
    path.write_bytes(raw)
    storage = WatchedStorage(FolderStorage(tmp_path))
    stored = storage.stat(f"runs/v1/{name}/stats.json")
    assert stored is not None
    return storage, Input("stats.json", stored.size, stored.witness)


def test_only_inputs_of_the_given_shards_are_digested_and_only_once(tmp_path: Path) -> None:
    storage, item = _stored(tmp_path, "a", b"[1]")
    known: Digests = {}
    entries = (
        Entry(_run("a", item), "s1"),
        Entry(_run("b", item), None),
        Entry(_run("c", item), "s1", State.WITHDRAWN),
        Entry(_run("d", replace(item, md5="known")), "s1"),
        Entry(_run("e", item), "s2"),
    )
    digested = with_digests(entries, {"s1"}, storage, known, print)

    expected = [hashlib.md5(b"[1]").hexdigest(), None, None, "known", None]
    assert [entry.run.inputs[0].md5 for entry in digested] == expected
    assert [entry.lacks_md5 for entry in digested] == [False, True, False, False, True]
    assert with_digests(entries, {"s1"}, storage, known, print) == digested
    assert storage.read_names == ["runs/v1/a/stats.json"]


def test_an_input_that_has_changed_is_not_digested(tmp_path: Path) -> None:
    storage, item = _stored(tmp_path, "a", b"[1]")
    (tmp_path / "runs/v1/a/stats.json").write_bytes(b"[1, 2]")

    with pytest.raises(UpstreamUnavailable, match=r"a/stats\.json"):
        with_digests((Entry(_run("a", item), "s1"),), {"s1"}, storage, {}, print)


def test_an_input_that_is_gone_is_a_transient_error(tmp_path: Path) -> None:
    storage, item = _stored(tmp_path, "a", b"[1]")
    (tmp_path / "runs/v1/a/stats.json").unlink()

    with pytest.raises(UpstreamUnavailable, match=r"a/stats\.json"):
        with_digests((Entry(_run("a", item), "s1"),), {"s1"}, storage, {}, print)


def test_a_size_that_was_not_stated_is_known_after_the_input_was_read(tmp_path: Path) -> None:
    storage, item = _stored(tmp_path, "a", b"[1]")
    found = _run("a", replace(item, size=None))
    (digested,) = with_digests((Entry(found, "s1"),), {"s1"}, storage, {}, print)

    assert digested.run.inputs[0].size == 3
    assert merge((digested,), [found]) == (digested,)


def test_digests_agree_with_those_of_other_programs() -> None:
    assert md5_of(b"") == "d41d8cd98f00b204e9800998ecf8427e"  # RFC 1321, A.5


def test_entries_are_grouped_in_the_order_of_numbers() -> None:
    entries = [Entry(_run(name), shard) for name, shard in (("a", "x_part_100000"), ("b", None), ("c", "x_part_00002"))]

    assert [(key, [entry.run.name for entry in members]) for key, members in by_shard(entries).items()] == [
        ("x_part_00002", ["c"]),
        ("x_part_100000", ["a"]),
    ]

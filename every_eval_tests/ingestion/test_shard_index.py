"""The index of shards agrees with the published files, and its reader ignores rows of other fingerprints."""

import pyarrow.parquet as pq

from every_eval.contracts.repo_layout import benchmark_path, published_shards, shard_path
from every_eval.contracts.shards import SHARDS
from every_eval.contracts.stats import STATS
from every_eval.hub.hub import Add, Delete
from every_eval.ingestion.shard_index import read_index
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.hub.hubs import REPO, commit_on_head
from every_eval_tests.ingestion.publishing import FOLDER, Publishing


def test_every_published_shard_has_a_row_that_agrees_with_its_files(publishing: Publishing) -> None:
    publishing.refresh()
    head = publishing.hub.snapshot(REPO)
    index = read_index(head, FOLDER)
    assert {row["shard"]: [row["fingerprint"]] for row in index} == published_shards(head.files, FOLDER)
    for row in index:
        paths = {
            "samples": f"data/{FOLDER}/{row['shard']}.parquet",
            "metrics": f"metrics/{FOLDER}/{row['shard']}.parquet",
            "stats": shard_path(STATS, row["shard"], row["fingerprint"]),
        }
        for table, path in paths.items():
            assert row[f"n_{table}"] == pq.read_metadata(head.fetch(path)).num_rows
        stats = pq.read_table(head.fetch(paths["stats"])).to_pylist()
        assert row["n_runs"] == len({(stat["suite"], stat["run"]) for stat in stats})
        assert row["models"] == sorted({stat["model_name"] for stat in stats})
        assert row["n_rejects"] == 0


def test_the_index_comes_with_the_shards_in_one_commit(publishing: Publishing) -> None:
    publishing.discover()
    assert benchmark_path(SHARDS, FOLDER) not in publishing.hub.snapshot(REPO).files
    first, *others = publishing.to_do()
    publishing.ingest([first])
    assert [row["shard"] for row in read_index(publishing.hub.snapshot(REPO), FOLDER)] == [first]
    publishing.ingest(others)
    assert [row["shard"] for row in read_index(publishing.hub.snapshot(REPO), FOLDER)] == [first, *others]


def test_the_order_in_which_shards_are_built_does_not_change_the_index(publishing: Publishing) -> None:
    publishing.refresh()
    before = publishing.contents()[benchmark_path(SHARDS, FOLDER)]
    keys = [shard.key for shard in publishing.shards()]
    for key in reversed(keys):
        commit_on_head(publishing.hub, Delete(stats_of(publishing, key)))
        publishing.ingest([key])
    assert publishing.contents()[benchmark_path(SHARDS, FOLDER)] == before


def test_a_row_with_a_fingerprint_that_is_not_published_is_ignored(publishing: Publishing) -> None:
    publishing.refresh()
    first, *others = [shard.key for shard in publishing.shards()]
    path = stats_of(publishing, first)
    content = publishing.contents()[path]
    renamed = path.replace(path.split("-")[-1], "000000000000.parquet")
    commit_on_head(publishing.hub, Delete(path), Add(renamed, content))
    assert [row["shard"] for row in read_index(publishing.hub.snapshot(REPO), FOLDER)] == others


def test_a_changed_run_changes_its_shards_row_alone(publishing: Publishing, root: HelmRoot) -> None:
    publishing.refresh()
    before = {row["shard"]: row for row in read_index(publishing.hub.snapshot(REPO), FOLDER)}
    stats = root.runs()[0] / "stats.json"
    stats.write_text(stats.read_text() + " ")
    (made,) = publishing.refresh()
    after = {row["shard"]: row for row in read_index(publishing.hub.snapshot(REPO), FOLDER)}
    assert after[made] == before[made] | {"fingerprint": after[made]["fingerprint"]} != before[made]
    assert {key: row for key, row in after.items() if key != made} == {
        key: row for key, row in before.items() if key != made
    }


def test_a_benchmark_that_was_never_ingested_has_no_rows(publishing: Publishing) -> None:
    publishing.discover()
    assert read_index(publishing.hub.snapshot(REPO), FOLDER) == []
    assert SHARDS.key == ("shard",)


def stats_of(publishing: Publishing, key: str) -> str:
    (digest,) = published_shards(publishing.hub.snapshot(REPO).files, FOLDER)[key]
    return shard_path(STATS, key, digest)

"""The index of shards agrees with the published files, and its reader ignores rows of other fingerprints."""

from collections import Counter

import pyarrow as pa
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
        assert row["n_rejects"] == row["n_incomplete_runs"] == 0 and row["rejected"] == []
        known = [stat["reported_mean"] is not None and stat["mean"] is not None for stat in stats]
        assert row["n_compared"] == sum(known) > 0
        [run] = row["runs"]
        assert run["n_samples"] == row["n_samples"] and run["n_stats"] == row["n_stats"]
        assert run["n_reported"] == sum(stat["reported_mean"] is not None for stat in stats)


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
    new = {name: after[made][name] for name in ("fingerprint", "runs")}
    assert after[made] == before[made] | new != before[made]
    [run], [run_before] = after[made]["runs"], before[made]["runs"]
    assert run == run_before | {"inputs": run["inputs"]} != run_before
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


def test_rejects_are_counted_by_reason_with_their_first_places(publishing: Publishing, root: HelmRoot) -> None:
    run = root.runs()[0]
    (run / "instances.json").write_bytes(b"[")
    publishing.refresh()

    row = read_index(publishing.hub.snapshot(REPO), FOLDER)[0]
    rejects = [reject for reject in publishing.rejects() if reject[0] == run.name]
    assert {item["reason"]: item["n"] for item in row["rejected"]} == Counter(reject[3] for reject in rejects)
    [places] = [item["places"] for item in row["rejected"] if item["reason"] == "not_json"]
    assert places[0] == f"v1.0.0/{run.name}: instances.json"
    assert row["n_rejects"] == len(rejects)


def test_disagreements_are_listed_with_their_statistic_and_both_numbers(publishing: Publishing) -> None:
    publishing.discover()
    outcomes = publishing.ingest(publishing.to_do())  # stats.json speaks of more instances than the small root has

    for row, outcome in zip(read_index(publishing.hub.snapshot(REPO), FOLDER), outcomes, strict=True):
        assert row["n_disagreements"] == row["runs"][0]["n_disagreements"] == len(outcome.disagreements) > 50
        names = row["disagreements"][0].keys()
        assert row["disagreements"] == [{name: item[name] for name in names} for item in outcome.disagreements]
        assert {"suite", "run", "metric_name", "split", "perturbation", "field", "ours", "reported"} <= set(names)


def test_rows_that_an_older_version_wrote_are_made_again_from_the_published_files(
    publishing: Publishing, root: HelmRoot
) -> None:
    (root.runs()[1] / "instances.json").write_bytes(b"[")
    publishing.refresh()
    head = publishing.hub.snapshot(REPO)
    before = read_index(head, FOLDER)
    old = pq.read_table(head.fetch(benchmark_path(SHARDS, FOLDER)))
    of_old = old.select(
        ["source", "benchmark", "shard", "fingerprint"]
        + [f"n_{name}" for name in ("runs", "samples", "metrics", "stats", "rejects")]
        + ["models"]
    )
    buffer = pa.BufferOutputStream()
    pq.write_table(of_old, buffer)
    commit_on_head(publishing.hub, Add(benchmark_path(SHARDS, FOLDER), buffer.getvalue().to_pybytes()))
    assert [row["n_compared"] for row in read_index(publishing.hub.snapshot(REPO), FOLDER)] == [0, 0, 0]
    publishing.ingest([before[0]["shard"]])

    first, *others = read_index(publishing.hub.snapshot(REPO), FOLDER)
    assert first == before[0]
    for row, expected in zip(others, before[1:], strict=True):
        made = {name: row[name] for name in row if name not in ("runs", "disagreements", "n_disagreements")}
        assert made == {name: expected[name] for name in made}
        assert [run["run"] for run in row["runs"]] == [run["run"] for run in expected["runs"]]
    # Only means and standard errors are compared again: other numbers over trials are not in the files.
    means = [item for item in others[1]["disagreements"] if item["ours"] != item["reported"]]
    assert means == others[1]["disagreements"] and {item["field"] for item in means} == {"mean"}
    assert others[1]["n_disagreements"] < before[2]["n_disagreements"]

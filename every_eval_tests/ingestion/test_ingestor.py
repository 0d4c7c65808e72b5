import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from every_eval.contracts.catalog import CATALOG
from every_eval.contracts.metrics import METRICS
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.errors import ConfigurationError, UpstreamUnavailable
from every_eval.ingestion.planning import Status
from every_eval.sources.helm.source import HelmSource
from every_eval.storage.archive import ArchiveStorage
from every_eval_tests.helm_root import HelmRoot, edit
from every_eval_tests.ingestion.publishing import FOLDER, Publishing, WatchedHub
from every_eval_tests.ingestion.upstream import RUNS, add_run, load, touch, zipped

SHARDS = [f"{FOLDER}_part_{number:05d}" for number in (1, 2, 3, 4)]


def _changed(before: dict[str, bytes], after: dict[str, bytes]) -> set[str]:
    """Return the paths whose content has changed or is new."""
    return {path for path, raw in after.items() if before.get(path) != raw}


def _stats_path(publishing: Publishing, shard: str) -> str:
    [path] = [path for path in publishing.contents() if path.startswith(f"stats/{FOLDER}/{shard}-")]
    return path


def _score_everything_wrong(root: HelmRoot, suite: str, name: str) -> None:
    """Change a run's per_instance_stats.json and stats.json: every exact_match is 0."""

    def forget(stat: dict[str, object]) -> dict[str, object]:
        is_it = "exact_match" in str(stat["name"])
        return stat | {key: 0.0 for key in ("sum", "min", "max", "mean") if is_it and key in stat}

    folder = root.run("mmlu", suite, name)
    edit(folder / "stats.json", lambda stats: [forget(stat) for stat in stats])
    edit(
        folder / "per_instance_stats.json",
        lambda entries: [entry | {"stats": [forget(stat) for stat in entry["stats"]]} for entry in entries],
    )


def test_shards_are_published_in_one_commit_and_counted(publishing: Publishing, root: HelmRoot) -> None:
    publishing.discover()
    outcomes = publishing.ingest(SHARDS[:3])

    assert [outcome.error for outcome in outcomes] == [None] * 3
    assert [outcome.shard for outcome in outcomes] == SHARDS[:3]
    for outcome, (suite, name) in zip(outcomes, sorted(RUNS), strict=True):
        entries = load(root.run("mmlu", suite, name) / "per_instance_stats.json")
        assert isinstance(entries, list)
        assert outcome.n_rows["samples"] == 3
        assert outcome.n_rows["metrics"] == sum(len(entry["stats"]) for entry in entries)
        assert outcome.n_bytes["samples"] == len(publishing.contents()[f"data/{FOLDER}/{outcome.shard}.parquet"])
        assert outcome.previews["samples"][0]["run"] == name
    assert publishing.to_do() == []
    assert publishing.rows(SAMPLES).num_rows == 9


def test_rebuilding_an_unchanged_shard_makes_no_commit(publishing: Publishing) -> None:
    publishing.refresh()
    commit = publishing.commit()

    assert [outcome.error for outcome in publishing.ingest(SHARDS[:3])] == [None] * 3
    assert publishing.commit() == commit


def test_after_a_new_run_and_a_rebuilt_index_only_a_new_shard_is_built(publishing: Publishing, root: HelmRoot) -> None:
    publishing.refresh()
    before = publishing.contents()
    add_run(root, *RUNS[0], "aaa:model=new")

    assert publishing.refresh() == [SHARDS[3]]
    changed = _changed(before, publishing.contents())
    assert {path for path in changed if SHARDS[3] not in path} == {
        f"{top}/{FOLDER}.parquet" for top in ("catalog", "releases", "shards")
    }
    assert len(changed) == 7
    assert set(before) <= set(publishing.contents())


def test_after_a_runs_statistics_changed_only_its_shard_is_rebuilt_in_place(
    publishing: Publishing, root: HelmRoot
) -> None:
    publishing.refresh()
    before, old = publishing.contents(), _stats_path(publishing, SHARDS[1])
    _score_everything_wrong(root, *RUNS[1])

    assert publishing.refresh() == [SHARDS[1]]
    new = _stats_path(publishing, SHARDS[1])
    after = publishing.contents()
    assert old not in after and new != old
    data = {f"{top}/{FOLDER}/{SHARDS[1]}.parquet" for top in ("data", "metrics", "item_scores")}
    assert _changed(before, after) == {new, *data, f"catalog/{FOLDER}.parquet", f"shards/{FOLDER}.parquet"}
    scores = publishing.rows(SAMPLES).to_pylist()
    assert {row["evaluation_score"] for row in scores if row["run"] == RUNS[1][1]} == {0.0}
    assert {row["evaluation_score"] for row in scores if row["run"] != RUNS[1][1]} == {0.0, 1.0}


def test_one_commit_deletes_the_old_statistics_and_adds_the_new_ones(publishing: Publishing, root: HelmRoot) -> None:
    publishing.refresh()
    _score_everything_wrong(root, *RUNS[1])
    publishing.discover()
    discovered, old = publishing.commit(), _stats_path(publishing, SHARDS[1])
    hub = publishing.hub = WatchedHub(publishing.hub)  # type: ignore[assignment]
    publishing.ingest([SHARDS[1]])

    assert hub.parents == [discovered]
    assert old not in publishing.contents()
    assert _stats_path(publishing, SHARDS[1])


def test_files_that_were_touched_without_a_change_rebuild_no_shard(publishing: Publishing, root: HelmRoot) -> None:
    publishing.refresh()
    data = publishing.data()
    touch(root)
    witnesses = publishing.rows(CATALOG)["inputs"]

    assert publishing.refresh() == []
    assert publishing.data() == data
    assert publishing.rows(CATALOG)["inputs"] != witnesses


def test_an_index_with_other_facts_about_a_run_rebuilds_the_shard(publishing: Publishing, root: HelmRoot) -> None:
    publishing.refresh()

    def rename(schema: dict[str, object]) -> dict[str, object]:
        models = schema["models"]
        assert isinstance(models, list)
        return schema | {
            "models": [
                model | {"creator_organization": "Somebody Else"} if model["name"].startswith("anthropic/") else model
                for model in models
            ]
        }

    edit(root.output("mmlu") / "releases/v1.1.0/schema.json", rename)

    assert publishing.refresh() == [SHARDS[2]]
    assert set(publishing.rows(SAMPLES)["creator"].to_pylist()[-3:]) == {"Somebody Else"}


def test_a_withdrawn_run_stays_published(publishing: Publishing, root: HelmRoot) -> None:
    publishing.refresh()
    data = publishing.data()
    shutil.rmtree(root.run("mmlu", *RUNS[0]))

    assert publishing.refresh() == []
    after = publishing.data()
    assert _changed(data, after) == set()
    assert [row["state"] for row in publishing.rows(CATALOG).to_pylist()] == ["withdrawn", "present", "present"]


def test_a_withdrawn_run_stays_published_when_its_shard_is_rebuilt(root: HelmRoot, tmp_path: Path) -> None:
    publishing = Publishing.of(root.path, tmp_path / "hub", shard_bytes=1 << 30)
    (root.run("mmlu", *RUNS[0]) / "scenario.json").write_bytes(b"")
    assert publishing.refresh() == [SHARDS[0]]
    before = {contract.name: publishing.rows(contract) for contract in (SAMPLES, METRICS, STATS)}
    rejects = publishing.rejects()
    assert [reject[0] for reject in rejects] == [RUNS[0][1]]
    shutil.rmtree(root.run("mmlu", *RUNS[0]))
    _score_everything_wrong(root, *RUNS[1])

    assert publishing.refresh() == [SHARDS[0]]
    for contract in (SAMPLES, METRICS, STATS):
        after = publishing.rows(contract).to_pylist()
        kept = [row for row in before[contract.name].to_pylist() if row["run"] == RUNS[0][1]]
        assert kept and [row for row in after if row["run"] == RUNS[0][1]] == kept
        assert after != before[contract.name].to_pylist()
        assert [row["run"] for row in after] == before[contract.name]["run"].to_pylist()
    assert publishing.rejects() == rejects


def test_rejects_are_deleted_when_the_file_is_repaired(publishing: Publishing, root: HelmRoot) -> None:
    file = root.run("mmlu", *RUNS[0]) / "instances.json"
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    publishing.refresh()
    assert ("instances.json", "not_json") in {(reject[1], reject[3]) for reject in publishing.rejects()}
    file.write_bytes(whole)

    assert publishing.refresh() == [SHARDS[0]]
    assert publishing.rejects() == []
    assert not any(path.startswith("rejects/") for path in publishing.contents())
    assert publishing.rows(SAMPLES).num_rows == 9


def test_after_the_data_version_is_raised_shards_are_rebuilt_after_new_and_changed_shards(
    publishing: Publishing, root: HelmRoot
) -> None:
    publishing.refresh()
    data = publishing.data()
    publishing.source = _version(HelmSource.data_version + 1)
    add_run(root, *RUNS[0], "zzz:model=new")
    _score_everything_wrong(root, *RUNS[1])
    publishing.discover()

    assert [shard.status for shard in publishing.shards()] == [
        Status.OUTDATED,
        Status.CHANGED,
        Status.OUTDATED,
        Status.NEW,
    ]
    assert publishing.to_do() == [SHARDS[3], SHARDS[1], SHARDS[0], SHARDS[2]]
    assert publishing.refresh() == [SHARDS[3], SHARDS[1], SHARDS[0], SHARDS[2]]
    assert publishing.to_do() == []
    for top in ("data", "metrics"):
        path = f"{top}/{FOLDER}/{SHARDS[0]}.parquet"
        assert publishing.data()[path] == data[path]
    assert len([path for path in publishing.data() if path.startswith("stats/")]) == 4


def _version(number: int) -> HelmSource:
    source = HelmSource()
    source.data_version = number
    return source


class _Killed(BaseException):
    """An error that no handler catches, as if the process were killed."""


def test_an_ingestion_that_was_killed_is_completed_with_the_same_bytes(root: HelmRoot, tmp_path: Path) -> None:
    uninterrupted = Publishing.of(root.path, tmp_path / "a")
    uninterrupted.refresh()

    killed = Publishing.of(root.path, tmp_path / "b")
    killed.discover()
    killed.ingest([SHARDS[1]])

    class Dying:
        name, data_version = HelmSource.name, HelmSource.data_version

        def read(self, *_: object) -> object:
            raise _Killed

    killed.source = Dying()  # type: ignore[assignment]
    with pytest.raises(_Killed):
        killed.ingest([SHARDS[0], SHARDS[2]])
    after = Publishing.of(root.path, tmp_path / "b")

    assert after.refresh() == [SHARDS[0], SHARDS[2]]
    assert after.contents() == uninterrupted.contents()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_same_inputs_give_the_same_bytes_whatever_the_storage_and_the_order(
    root: HelmRoot, tmp_path: Path, seed: int
) -> None:
    of_folder = Publishing.of(root.path, tmp_path / "a")
    of_folder.refresh()
    of_archive = Publishing.of(ArchiveStorage(zipped(root, tmp_path / "root.zip")), tmp_path / "b")
    of_archive.discover()
    keys = random.Random(seed).sample(SHARDS[:3], 3)
    for key in keys:
        of_archive.ingest([key])

    assert of_archive.data() == of_folder.data()


def test_a_shard_that_cannot_be_read_does_not_stop_the_others(publishing: Publishing, root: HelmRoot) -> None:
    publishing.discover()
    (root.run("mmlu", *RUNS[1]) / "stats.json").unlink()
    outcomes = publishing.ingest(SHARDS[:3])

    assert [type(outcome.error) for outcome in outcomes] == [type(None), UpstreamUnavailable, type(None)]
    assert publishing.to_do() == [SHARDS[1]]
    assert publishing.refresh() == [SHARDS[1]]  # discovery has seen what is there now


def test_an_unknown_shard_fails_alone(publishing: Publishing) -> None:
    publishing.discover()
    unknown, known = publishing.ingest([f"{FOLDER}_part_00099", SHARDS[0]])

    assert isinstance(unknown.error, ConfigurationError) and "Run discovery first" in str(unknown.error)
    assert known.error is None


def test_a_shard_that_changed_while_it_was_built_is_left_to_the_next_ingestion(
    publishing: Publishing, root: HelmRoot
) -> None:
    publishing.discover()
    rival = replace(publishing)

    def change() -> None:
        _score_everything_wrong(root, *RUNS[1])
        assert rival.discover()[0].error is None

    hub = publishing.hub = WatchedHub(publishing.hub, [change])  # type: ignore[assignment]
    publishing.ingest([SHARDS[1]])

    assert len(hub.changes) == 2 and hub.changes[0] and not hub.changes[1]
    assert [path for path in publishing.contents() if SHARDS[1] in path] == []
    assert SHARDS[1] in rival.refresh()
    rows = publishing.rows(SAMPLES).to_pylist()
    assert {row["evaluation_score"] for row in rows if row["run"] == RUNS[1][1]} == {0.0}


def test_no_name_of_a_run_escapes_from_the_folder_of_the_hub(
    publishing: Publishing, root: HelmRoot, tmp_path: Path
) -> None:
    names = ["../../../escape", "a/b", "a\\b", "", "..", "/etc/passwd", "gone:model=m"]
    for name in names:
        root.index_run("mmlu", "v1.1.0", "v1.1.0", name)
    root.index_run("mmlu", "v1.1.0", "../../..", "fine:model=m")
    before = {path for path in tmp_path.rglob("*") if tmp_path / "hub" not in path.parents}
    publishing.refresh()

    after = {path for path in tmp_path.rglob("*") if tmp_path / "hub" not in path.parents}
    assert after - before <= {tmp_path / "hub"}
    reasons = {reject[0]: reject[3] for reject in publishing.rejects()}
    assert reasons == dict.fromkeys(names[:-1], "unsafe_name") | {
        "gone:model=m": "run_missing",
        "fine:model=m": "unsafe_name",
    }
    assert {path.split("/")[1].removesuffix(".parquet") for path in publishing.contents()} == {FOLDER}
    assert publishing.rows(SAMPLES).num_rows == 9


def test_a_missing_run_that_appears_later_is_read_into_its_shard(publishing: Publishing, root: HelmRoot) -> None:
    name = "later:model=m"
    root.index_run("mmlu", "v1.1.0", "v1.1.0", name)
    assert publishing.refresh() == SHARDS
    root.copy_run("mmlu", *RUNS[2], "v1.1.0", name)

    [made] = publishing.refresh()
    assert publishing.rejects() == []
    assert {row["shard"] for row in publishing.rows(CATALOG).to_pylist() if row["run"] == name} == {made}
    assert publishing.rows(SAMPLES).num_rows == 12

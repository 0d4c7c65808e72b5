"""The fingerprint of a shard says what its rows are made from, not what the catalog last saw."""

import shutil
from pathlib import Path

from every_eval.contracts.samples import SAMPLES
from every_eval.ingestion.planning import Status
from every_eval.ingestion.shard_index import read_index
from every_eval_tests.helm_root import HelmRoot, edit
from every_eval_tests.hub.hubs import REPO
from every_eval_tests.ingestion.publishing import FOLDER, Publishing
from every_eval_tests.ingestion.upstream import RUNS, WatchedStorage, rewrite

SHARD = f"{FOLDER}_part_00001"


def _away(root: HelmRoot, tmp_path: Path) -> tuple[Path, Path]:
    """Move the folder of the first run away, and return its place and where it is now."""
    folder, away = root.run("mmlu", *RUNS[0]), tmp_path / "away"
    shutil.move(folder, away)
    return folder, away


def test_a_run_that_was_away_when_its_shard_was_built_is_read_when_it_returns_unchanged(
    publishing: Publishing, root: HelmRoot, tmp_path: Path
) -> None:
    publishing.discover()  # The job is killed after discovery.
    folder, away = _away(root, tmp_path)
    publishing.refresh()
    assert publishing.rows(SAMPLES).num_rows == 6
    shutil.move(away, folder)

    assert publishing.refresh() == [SHARD]
    assert publishing.rows(SAMPLES).num_rows == 9
    assert publishing.refresh() == []


def test_a_published_run_that_changed_and_was_away_is_read_when_it_returns(
    publishing: Publishing, root: HelmRoot, tmp_path: Path
) -> None:
    publishing.refresh()
    rewrite(root.run("mmlu", *RUNS[0]) / "scenario.json", lambda raw: raw + b" ")
    publishing.discover()  # The job is killed after discovery.
    before = publishing.data()
    folder, away = _away(root, tmp_path)
    assert publishing.refresh() == [] and publishing.data() == before
    shutil.move(away, folder)

    assert publishing.refresh() == [SHARD]


def test_shards_of_which_only_the_releases_changed_are_made_again_without_reading_upstream(
    root: HelmRoot, tmp_path: Path
) -> None:
    storage = WatchedStorage(Publishing.of(root.path, tmp_path / "a").storage)
    publishing = Publishing.of(storage, tmp_path / "a")
    publishing.refresh()
    assert set(map(tuple, publishing.rows(SAMPLES)["releases"].to_pylist())) == {("v1.0.0", "v1.1.0"), ("v1.1.0",)}
    _add_release(root)
    storage.read_names.clear()
    publishing.discover()
    assert [shard.status for shard in publishing.shards()] == [Status.RELABELLED] * 3
    assert len(publishing.refresh()) == 3

    assert storage.read_runs == []
    releases = {tuple(row["releases"]) for row in publishing.rows(SAMPLES).to_pylist()}
    assert releases == {("v1.0.0", "v1.1.0", "v1.2.0"), ("v1.1.0", "v1.2.0")}
    fresh = Publishing.of(root.path, tmp_path / "b")
    fresh.refresh()
    assert publishing.data() == fresh.data()


def _add_release(root: HelmRoot) -> None:
    """Add a release that shows the same runs as the newest one, by the same schema."""
    releases = root.output("mmlu") / "releases"
    shutil.copytree(releases / "v1.1.0", releases / "v1.2.0")
    edit(
        root.path / "config/project_metadata.json",
        lambda projects: [
            project | {"releases": ["v1.2.0", *project["releases"]]} if project["id"] == "mmlu" else project
            for project in projects
        ],
    )


def test_the_index_holds_the_releases_that_the_rows_name(publishing: Publishing) -> None:
    publishing.refresh()
    rows = publishing.rows(SAMPLES).to_pylist()
    index = read_index(publishing.hub.snapshot(REPO), FOLDER)
    recorded = {(run["suite"], run["run"]): run["releases"] for row in index for run in row["runs"]}
    assert recorded == {(row["suite"], row["run"]): row["releases"] for row in rows}

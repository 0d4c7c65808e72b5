"""The page that jobs publish: its files, its asset, its checks, and what a failure takes with it."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pyarrow.parquet as pq
import pytest

from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.hub.hub_server import CLIENT_WARNING
from every_eval_tests.orchestration.deployment import DATA, IN_MEMORY, SCORES, Deployment, dagster_instance
from every_eval_tests.orchestration.online import NOON, Online, failures

pytestmark = [pytest.mark.filterwarnings(CLIENT_WARNING), pytest.mark.slow]
PAGE = "spaces/evaleval/every_eval_page"


@pytest.fixture
def published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """A deployment with the default page, of one benchmark."""
    monkeypatch.setenv("EVERY_EVAL_BENCHMARKS", "mmlu")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(NOON))
    with dagster_instance(tmp_path / "dagster", IN_MEMORY) as instance:
        made = Deployment(HelmRoot.unpack(tmp_path / "root"), tmp_path / "hub", instance, monkeypatch)
        monkeypatch.delenv("EVERY_EVAL_PAGE_REPO")
        yield made


def check(deployment: Deployment, result: dg.ExecuteInProcessResult) -> dict[str, bool]:
    """Return the results of the page's checks, also of a run that failed."""
    kind = dg.DagsterEventType.ASSET_CHECK_EVALUATION
    events = [entry.dagster_event for entry in deployment.instance.all_logs(result.run_id, of_type=kind)]
    found = [event.asset_check_evaluation_data for event in events if event is not None]
    return {one.check_name: one.passed for one in found if one.asset_key.path == ["page"]}


def test_refresh_publishes_the_page_and_a_second_run_commits_nothing(published: Deployment) -> None:
    result = published.launch("refresh")
    assert result.success
    assert check(published, result) == {"contract": True, "published": True}
    page = published.hub / PAGE
    config = json.loads((page / "config.json").read_text())
    assert (page / config["scores"]["address"]).resolve() == (published.hub / SCORES).resolve()
    for repo, name in ((DATA, "data"), (SCORES, "scores"), (PAGE, "page")):
        index = json.loads((page / f"index/{name}.json").read_text())
        assert index
        for path, (size, digest) in index.items():
            content = (published.hub / repo / path).read_bytes()
            assert (size, digest) == (len(content), hashlib.sha256(content).hexdigest())
    assert published.metadata("page")["location"] == str(page)
    before = published.paths(PAGE)
    assert published.launch("daily_comprehensive_stats").success
    assert (published.paths(PAGE), published.commits(PAGE)) == (before, 1)
    assert published.materialize("page").success
    assert published.commits(PAGE) == 1


def test_the_places_of_rows_are_those_of_the_runs(published: Deployment) -> None:
    assert published.launch("refresh").success
    for file in (published.hub / PAGE / "scenario_scores").iterdir():
        rows = pq.read_table(file).to_pylist()
        assert rows
        for row in rows:
            shard = f"{file.stem}/{row['shard']}.parquet"
            for folder, first, n in (("data", "sample_row", "n_samples"), ("item_scores", "item_row", "n_items")):
                runs = pq.read_table(published.hub / DATA / folder / shard, columns=["suite", "run"]).to_pylist()
                places = [at for at, one in enumerate(runs) if (one["suite"], one["run"]) == (row["suite"], row["run"])]
                assert places == list(range(row[first], row[first] + row[n]))


def test_a_page_that_cannot_be_published_fails_its_own_check_and_the_scores_stay(published: Deployment) -> None:
    (published.hub / "spaces").mkdir(parents=True)
    (published.hub / "spaces/evaleval").write_text("in the way")
    result = published.launch("refresh")
    assert not result.success
    assert check(published, result) == {"published": False}
    assert "page:" in failures(result)
    assert "latest/leaderboard_helm.parquet" in published.paths(SCORES)
    assert published.instance.get_latest_materialization_event(dg.AssetKey(["helm", "leaderboard"])) is not None


def test_none_switches_the_page_off(published: Deployment) -> None:
    published.environment.setenv("EVERY_EVAL_PAGE_REPO", "none")
    assert published.launch("refresh").success
    assert not (published.hub / "spaces").exists()


@pytest.mark.usefixtures("mmlu_alone")
def test_on_the_hub_the_page_is_a_space_that_names_the_commits_it_shows(
    online: Online, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EVERY_EVAL_PAGE_REPO")
    assert online.launch("refresh").success
    files = online.files(PAGE)
    assert "style.css" in files
    assert b"sdk: static" in files["README.md"]
    config = json.loads(files["config.json"])
    head = online.server.repos[SCORES][-1].id
    assert config["scores"]["address"] == f"{online.server.url}/datasets/{SCORES}/resolve/{head}/"
    assert online.server.url in files["index.html"].decode()
    commits = len(online.server.repos[PAGE])
    assert online.launch("refresh").success
    assert len(online.server.repos[PAGE]) == commits

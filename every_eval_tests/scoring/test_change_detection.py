import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Add, Change, Delete
from every_eval.scoring.change_detection import data_fingerprint, expected_state
from every_eval.scoring.scorer import Scorer
from every_eval.sources.helm.source import HelmSource
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval_tests.hub.hubs import NOON, REPO, commit_on_head
from every_eval_tests.ingestion.publishing import Publishing

HELM = HelmSource()
ONE = "stats/helm_lite/helm_lite_part_00001-0123456789ab.parquet"
CHANGED = "stats/helm_lite/helm_lite_part_00001-ffffffffffff.parquet"
RELEASES = "releases/helm_lite.parquet"


def fingerprint(hub: FolderHub) -> str:
    data = hub.snapshot(REPO)
    return data_fingerprint(data, list(expected_state(data, "helm")))


@pytest.fixture
def hub(tmp_path: Path) -> FolderHub:
    hub = FolderHub(tmp_path / "hub", lambda: NOON)
    commit_on_head(hub, Add(ONE, b"statistics"), Add(RELEASES, b"releases"))
    return hub


@pytest.mark.parametrize(
    "changes",
    [
        [Add(CHANGED, b"statistics"), Delete(ONE)],
        [Add("stats/helm_lite/helm_lite_part_00002-0123456789ab.parquet", b"statistics")],
        [Add("stats/helm_mmlu/helm_mmlu_part_00001-0123456789ab.parquet", b"statistics")],
        [Add(RELEASES, b"a new release")],
    ],
)
def test_a_changed_shard_or_release_changes_the_fingerprint_of_the_data(hub: FolderHub, changes: list[Change]) -> None:
    before = fingerprint(hub)
    commit_on_head(hub, *changes)
    assert fingerprint(hub) != before


def test_files_that_the_scores_are_not_made_from_do_not_change_the_fingerprint(hub: FolderHub) -> None:
    before = fingerprint(hub)
    other_source = Add("stats/eval_harness_main/eval_harness_main_part_00001-0123456789ab.parquet", b"statistics")
    commit_on_head(
        hub, Add("README.md", b"card"), Add("data/helm_lite/helm_lite_part_00001.parquet", b""), other_source
    )
    assert fingerprint(hub) == before


def test_a_shard_with_two_statistics_files_is_a_problem_of_its_benchmark_that_names_the_shard(hub: FolderHub) -> None:
    [before] = expected_state(hub.snapshot(REPO), "helm")
    commit_on_head(hub, Add(CHANGED, b"statistics"))
    [doubled] = expected_state(hub.snapshot(REPO), "helm")

    assert before.problem is None and doubled.problem is not None
    assert "several files in stats/helm_lite/ for each of these shards: helm_lite_part_00001. Del" in doubled.problem
    assert doubled.files.keys().isdisjoint(before.files)


def test_files_name_the_fingerprint_of_the_data_and_the_commit_names_its_commit(tmp_path: Path) -> None:
    published = Publishing.of(ArchiveStorage(HELM_SAMPLE), tmp_path / "hub")
    published.refresh("mmlu")
    Scorer(HELM, [HELM], published.hub, REPO, "owner/scores", lambda: NOON, str).run()
    data, scores = published.hub.snapshot(REPO), published.hub.snapshot("owner/scores")
    file = pq.read_metadata(scores.fetch("latest/leaderboard_helm.parquet"))
    assert file.metadata[b"data_repo"] == REPO.encode()
    assert file.metadata[b"data_fingerprint"] == data_fingerprint(data, list(expected_state(data, "helm"))).encode()
    commit = tmp_path / f"hub/owner/scores/.every_eval/commits/{scores.commit}.json"
    assert json.loads(commit.read_bytes())["title"] == f"Score helm from {REPO} at {data.commit}"

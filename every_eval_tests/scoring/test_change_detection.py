import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Add, Change, Delete
from every_eval.scoring.change_detection import data_fingerprint, wanted
from every_eval.scoring.scorer import Scorer
from every_eval.sources.helm.source import HelmSource
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval_tests.hub.hubs import NOON, REPO, commit_on_head
from every_eval_tests.ingestion.publishing import Publishing

ONE = "stats/helm_lite/helm_lite_part_00001-0123456789ab.parquet"
CHANGED = "stats/helm_lite/helm_lite_part_00001-ffffffffffff.parquet"
RELEASES = "releases/helm_lite.parquet"


def fingerprint(hub: FolderHub) -> str:
    data = hub.snapshot(REPO)
    return data_fingerprint(data, list(wanted(data, "helm")))


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
def test_what_is_folded_has_another_fingerprint_once_it_changes(hub: FolderHub, changes: list[Change]) -> None:
    before = fingerprint(hub)
    commit_on_head(hub, *changes)
    assert fingerprint(hub) != before


def test_what_is_not_folded_has_no_part_in_the_fingerprint(hub: FolderHub) -> None:
    before = fingerprint(hub)
    other_source = Add("stats/eval_harness_main/eval_harness_main_part_00001-0123456789ab.parquet", b"statistics")
    commit_on_head(
        hub, Add("README.md", b"card"), Add("data/helm_lite/helm_lite_part_00001.parquet", b""), other_source
    )
    assert fingerprint(hub) == before


def test_files_name_the_data_by_its_fingerprint_and_the_commit_names_it_by_its_commit(tmp_path: Path) -> None:
    published = Publishing.of(ArchiveStorage(HELM_SAMPLE), tmp_path / "hub")
    published.refresh("mmlu")
    Scorer(HelmSource(), published.hub, REPO, "owner/scores", lambda: NOON, str).run()
    data, scores = published.hub.snapshot(REPO), published.hub.snapshot("owner/scores")
    file = pq.read_metadata(scores.fetch("latest/leaderboard_helm.parquet"))
    assert file.metadata[b"data_repo"] == REPO.encode()
    assert file.metadata[b"data_fingerprint"] == data_fingerprint(data, list(wanted(data, "helm"))).encode()
    commit = tmp_path / f"hub/owner/scores/.every_eval/commits/{scores.commit}.json"
    assert json.loads(commit.read_bytes())["title"] == f"Score helm from {REPO} at {data.commit}"

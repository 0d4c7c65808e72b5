from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.ingestion.discovery import Discoverer
from every_eval.ingestion.ingestor import Ingestor
from every_eval.ingestion.planning import Status, shards_of, to_do
from every_eval.scoring.scorer import Scorer
from every_eval.sources.inspect.source import InspectSource
from every_eval.storage.folder import FolderStorage
from every_eval_tests.sources.inspect.log_folder import CANCELLED, CHOICE, NO_SAMPLES, LogFolder

REPO = "owner/data"


def quietly(_: str) -> None:
    """Report to nobody."""


def clock() -> Callable[[], datetime]:
    return lambda: datetime(2026, 11, 28, 6, tzinfo=UTC)


def weekly(logs: LogFolder, hub: FolderHub, messages: str = "final") -> list[Status]:
    """Discover and ingest; the state of the shards that were made."""
    source, storage = InspectSource(messages), FolderStorage(logs.path)
    [found] = Discoverer(source, storage, hub, REPO, 1 << 30, None, quietly).discover(["main"])
    assert found.error is None
    shards = to_do(shards_of(found.catalog, found.folder, hub.snapshot(REPO), source.data_version))
    made = Ingestor(InspectSource(), storage, hub, REPO, quietly).ingest(found.folder, [shard.key for shard in shards])
    assert [outcome.error for outcome in made] == [None] * len(made)
    return [shard.status for shard in shards]


def rows(hub: FolderHub, repo: str, path: str) -> list[dict[str, Any]]:
    head = hub.snapshot(repo)
    [name] = [name for name in head.files if name.startswith(path)]
    found: list[dict[str, Any]] = pq.read_table(head.fetch(name)).to_pylist()
    return found


def test_logs_are_ingested_and_scored_as_any_source(logs: LogFolder, tmp_path: Path) -> None:
    hub = FolderHub(tmp_path / "hub", clock())
    assert weekly(logs, hub) == [Status.NEW]
    assert weekly(logs, hub) == []
    Scorer(InspectSource(), [InspectSource()], hub, REPO, "owner/scores", clock(), quietly).run()
    board = {row["model_name"]: row for row in rows(hub, "owner/scores", "latest/leaderboard_inspect.parquet")}
    assert board["openai/gpt-4o-mini"]["n_scenarios"] > 0
    assert board["meta-llama/Llama-3.1-8B-Instruct-Turbo"]["model_deployment"] == "together"
    stats = rows(hub, "owner/scores", "latest/comprehensive_stats_inspect.parquet")
    assert {row["suite"] for row in stats} & {CHOICE, CANCELLED} == {CHOICE, CANCELLED}
    # The only evaluation of this task by this model was cancelled: the model has no score of it.
    assert {row["mean_score"] for row in stats if row["suite"] == CANCELLED} == {None}
    assert rows(hub, "owner/scores", "latest/pairs_inspect.parquet") != []


def test_a_change_of_the_setting_makes_the_rows_again(logs: LogFolder, tmp_path: Path) -> None:
    logs.keep(CHOICE)
    hub = FolderHub(tmp_path / "hub", clock())
    weekly(logs, hub)
    assert all(row["prompt"] is None for row in rows(hub, REPO, "data/"))
    assert weekly(logs, hub, "all") == [Status.CHANGED]
    assert all(row["prompt"] for row in rows(hub, REPO, "data/"))
    assert weekly(logs, hub, "none") == [Status.CHANGED]
    assert {row["raw_input"] for row in rows(hub, REPO, "data/")} == {"[withheld]"}


def test_the_main_table_has_no_column_for_a_part_of_a_dataset(logs: LogFolder) -> None:
    [release] = logs.discover().releases.to_pylist()
    assert "limit=10" in str(release["runs"])
    assert "limit=10" not in release["schema_json"]
    assert InspectSource().directions(release)["accuracy,match"] is False
    assert NO_SAMPLES in str(release["suites"])

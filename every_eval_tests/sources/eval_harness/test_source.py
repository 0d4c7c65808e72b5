from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from every_eval.errors import BenchmarkMissing
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.ingestion.discovery import Discoverer, read_catalog
from every_eval.ingestion.ingestor import Ingestor
from every_eval.ingestion.planning import shards_of, to_do
from every_eval.network.content import md5_of
from every_eval.scoring.scorer import Scorer
from every_eval.sources.eval_harness.source import EvalHarnessSource
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.source import Source
from every_eval.storage.folder import FolderStorage
from every_eval_tests.ingestion.upstream import RemoteFolder
from every_eval_tests.sources.eval_harness.output import AGAIN, CHAT, FIRST, Output

SOURCE: Source = EvalHarnessSource()
REPO = "owner/data"


def quietly(_: str) -> None:
    """Report to nobody."""


def weekly(
    output: Output, hub: FolderHub, shard_bytes: int = 1 << 30, kind: type[FolderStorage] = FolderStorage
) -> list[str]:
    """Discover and ingest; the shards made."""
    storage = kind(output.path)
    [found] = Discoverer(SOURCE, storage, hub, REPO, shard_bytes, None, quietly).discover(["main"])
    assert found.error is None
    shards = to_do(shards_of(found.catalog, found.folder, hub.snapshot(REPO), SOURCE.data_version))
    made = Ingestor(SOURCE, storage, hub, REPO, quietly).ingest(found.folder, [shard.key for shard in shards])
    assert [outcome.error for outcome in made] == [None] * len(made)
    return [outcome.shard for outcome in made]


def clock() -> Callable[[], datetime]:
    return lambda: datetime(2026, 11, 20, 6, tzinfo=UTC)


def test_it_is_ingested_and_scored_as_any_source(output: Output, tmp_path: Path) -> None:
    hub = FolderHub(tmp_path / "hub", clock())
    assert weekly(output, hub) == ["eval_harness_main_part_00001"]
    assert weekly(output, hub) == []

    Scorer(SOURCE, [SOURCE], hub, REPO, "owner/scores", clock(), quietly).run()
    latest = hub.snapshot("owner/scores")
    board = pq.read_table(latest.fetch("latest/leaderboard_eval_harness.parquet")).to_pylist()
    assert {row["model_name"] for row in board} == {
        "meta-llama/Llama-2-7b-hf",
        "Qwen/Qwen2.5-7B-Instruct",
        "gpt-3.5-turbo-0125",
    }


def test_the_md5_of_samples_is_learnt_as_they_are_ingested(output: Output, tmp_path: Path) -> None:
    hub = FolderHub(tmp_path / "hub", clock())
    [found] = Discoverer(SOURCE, RemoteFolder(output.path), hub, REPO, 1 << 30, None, quietly).discover(["main"])
    lacking = {item.name for entry in found.catalog for item in entry.run.inputs if item.md5 is None}
    assert lacking and all(name.startswith("samples_") for name in lacking)
    weekly(output, hub, kind=RemoteFolder)

    for entry in read_catalog(hub.snapshot(REPO), found.folder):
        for item in entry.run.inputs:
            raw = (output.path / entry.run.folder / item.name).read_bytes()
            assert (item.size, item.md5) == (len(raw), md5_of(raw))


def test_a_repeated_run_goes_to_a_new_shard_and_replaces_the_earlier_in_the_latest_tables(
    output: Output, tmp_path: Path
) -> None:
    hub = FolderHub(tmp_path / "hub", clock())
    held_back = {path: path.read_bytes() for path in output.path.rglob(f"*_{AGAIN.rpartition('_')[2]}.*")}
    for path in held_back:
        path.unlink()
    [first] = weekly(output, hub)
    before = hub.snapshot(REPO).files

    for path, content in held_back.items():
        path.write_bytes(content)
    again = weekly(output, hub)

    # The rows of the first shard are published anew, since the release no longer shows the earlier run.
    assert (first, sorted(again)) == (
        "eval_harness_main_part_00001",
        ["eval_harness_main_part_00001", "eval_harness_main_part_00002"],
    )
    after = hub.snapshot(REPO).files
    history = [path for path in before if path.startswith("metrics/")]
    assert history
    assert all(after[path] == before[path] for path in history)

    Scorer(SOURCE, [SOURCE], hub, REPO, "owner/scores", clock(), quietly).run()
    rows = pq.read_table(
        hub.snapshot("owner/scores").fetch("latest/comprehensive_stats_eval_harness.parquet")
    ).to_pylist()
    suites = {row["suite"] for row in rows if row["dataset_name"] == "wikitext_local"}
    assert (AGAIN in suites, FIRST in suites) == (True, False)


def test_a_new_evaluation_and_a_rewritten_file_show_in_the_witness_of_their_benchmark_alone(output: Output) -> None:
    storage = FolderStorage(output.path)

    def witnesses() -> dict[str, str]:
        return {name: SOURCE.index_witness(storage, name) for name in SOURCE.benchmarks(storage)}

    first = witnesses()
    assert set(first) >= {"main", "file_style"}
    assert witnesses() == first
    results = output.file(FIRST)
    results.with_name(results.name.replace("2026-11-20", "2026-11-21")).write_bytes(results.read_bytes())
    second = witnesses()
    assert {name for name in first if first[name] != second[name]} == {"main"}
    output.write(FIRST, output.results(FIRST) | {"date": 0.0})
    third = witnesses()
    assert {name for name in second if second[name] != third[name]} == {"main"}


def test_the_witness_of_a_benchmark_that_is_not_there_is_an_error(output: Output) -> None:
    with pytest.raises(BenchmarkMissing, match="nothing"):
        SOURCE.index_witness(FolderStorage(output.path), "nothing")


def test_the_same_output_gives_the_same_bytes(output: Output, tmp_path: Path) -> None:
    hubs = [FolderHub(tmp_path / name, clock()) for name in ("one", "two")]
    for hub in hubs:
        weekly(output, hub, shard_bytes=1 << 16)
    one, two = (hub.snapshot(REPO).files for hub in hubs)
    made = [path for path in one if not path.startswith("catalog/")]
    assert len([path for path in made if path.startswith("stats/")]) > 2
    assert {path: one[path].digest for path in made} == {path: two[path].digest for path in made}


def published(hub: FolderHub, repo: str) -> str:
    """Return everything that the newest files of a repo hold, as text."""
    snapshot = hub.snapshot(repo)
    paths = {name: snapshot.fetch(name) for name in snapshot.files}
    tables = [str(pq.read_table(path).to_pylist()) for name, path in paths.items() if name.endswith(".parquet")]
    others = [path.read_text(errors="replace") for name, path in paths.items() if not name.endswith(".parquet")]
    return "\n".join([*paths, *tables, *others])


def with_secrets(output: Output) -> None:
    """Put a credential into every place of a results file that can hold arguments."""
    content = output.results(CHAT)
    content["config"] |= {
        "model_args": {
            "model": "gpt-3.5-turbo-0125",
            "base_url": "https://user:SECRET@host/v1?api_key=SECRET",
            "header": {"Authorization": "Bearer SECRET"},
            "api_key": "SECRET",
            "env": {"KEY": "SECRET"},
            "tokenizer": "https://SECRET@host",
        },
        "gen_kwargs": "temperature=0,extra_headers={'X': 'SECRET', 'Y': 'SECRET'}",
        "env": "KEY=SECRET",
    }
    for task in content["configs"].values():
        task["metadata"] = {"version": 1} | content["config"]["model_args"]
        task["dataset_kwargs"] = {"token": "SECRET"}
    output.write(CHAT, content)


def test_no_byte_of_a_credential_is_published_or_reported(
    output: Output, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level("DEBUG")
    with_secrets(output)
    reports: list[str] = []
    monkeypatch.setattr(f"{__name__}.quietly", reports.append)
    hub = FolderHub(tmp_path / "hub", clock())
    weekly(output, hub)
    Scorer(SOURCE, [SOURCE], hub, REPO, "owner/scores", clock(), reports.append).run()
    for text in (published(hub, REPO), published(hub, "owner/scores"), caplog.text, str(reports)):
        assert "SECRET" not in text
    assert "gpt-3.5-turbo-0125" in published(hub, REPO)
    assert "'base_url', 'config.env', 'dataset_kwargs.token'" in published(hub, REPO)


def test_rows_of_an_older_version_are_made_again_without_their_credentials(
    output: Output, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    hub = FolderHub(tmp_path / "hub", clock())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Task, "variant", property(lambda task: f"{task.name}:header=SECRET"))
        patch.setattr(EvalHarnessSource, "data_version", SOURCE.data_version - 1)
        weekly(output, hub)
    assert "SECRET" in published(hub, REPO)
    assert caplog.text == ""

    assert weekly(output, hub) == ["eval_harness_main_part_00001"]
    assert "SECRET" not in published(hub, REPO)
    [warning] = [record for record in caplog.records if record.levelname == "WARNING"]
    assert "replace the key at its issuer" in warning.getMessage()
    assert "squash the history" in warning.getMessage()
    caplog.clear()
    assert weekly(output, hub) == []
    assert caplog.text == ""

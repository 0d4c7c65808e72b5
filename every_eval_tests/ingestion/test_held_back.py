"""Damaged inputs do not replace published rows: the shard is held back until its inputs change, or is acknowledged."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from every_eval.contracts.samples import SAMPLES
from every_eval.ingestion.ingestor import ShardHeldBack
from every_eval.ingestion.planning import Status, held_back_text, to_do
from every_eval.ingestion.shard_index import read_index
from every_eval_tests.helm_root import HelmRoot, edit
from every_eval_tests.hub.hubs import REPO
from every_eval_tests.ingestion.publishing import FOLDER, Publishing
from every_eval_tests.ingestion.upstream import RUNS, WatchedStorage, keep_instances, rewrite

SHARD = f"{FOLDER}_part_00001"


def damaged_file(root: HelmRoot) -> Path:
    return root.run("mmlu", *RUNS[0]) / "display_predictions.json"


def hold_back(publishing: Publishing, root: HelmRoot) -> ShardHeldBack:
    """Publish the root, cut a file of the first shard, ingest again, and return the error of the shard."""
    publishing.refresh()
    rewrite(damaged_file(root), lambda raw: raw[: len(raw) // 2])
    publishing.discover()
    [outcome] = publishing.ingest([SHARD])
    assert isinstance(outcome.error, ShardHeldBack)
    return outcome.error


def row_of(publishing: Publishing) -> Mapping[str, Any]:
    [row] = [row for row in read_index(publishing.hub.snapshot(REPO), FOLDER) if row["shard"] == SHARD]
    return row


def without_catalog_and_index(publishing: Publishing) -> dict[str, bytes]:
    return {path: raw for path, raw in publishing.data().items() if not path.startswith("shards/")}


def test_a_truncated_file_replaces_no_published_rows(publishing: Publishing, root: HelmRoot) -> None:
    publishing.refresh()
    before = without_catalog_and_index(publishing)
    error = hold_back(publishing, root)

    assert without_catalog_and_index(publishing) == before
    assert RUNS[0][1] in str(error) and "of 3 samples" in str(error)
    assert "display_predictions.json has rejects of the kind not_json" in str(error)


def test_a_shard_that_is_held_back_is_noted_and_not_fetched_again(publishing: Publishing, root: HelmRoot) -> None:
    publishing.storage = storage = WatchedStorage(publishing.storage)
    hold_back(publishing, root)
    commit = publishing.commit()
    row, [shard, *_] = row_of(publishing), publishing.shards()

    assert row["held_back_fingerprint"] == shard.fingerprint != row["fingerprint"]
    assert "not_json" in row["held_back_reason"]
    assert shard.status is Status.HELD_BACK
    assert "acknowledge" in held_back_text(row["held_back_reason"])
    storage.read_names.clear()
    assert publishing.refresh() == []
    assert storage.read_runs == [] and publishing.commit() == commit


def test_a_shard_that_is_held_back_is_published_once_its_file_is_whole_again(
    publishing: Publishing, root: HelmRoot
) -> None:
    whole = damaged_file(root).read_bytes()
    hold_back(publishing, root)
    edit(root.run("mmlu", *RUNS[0]) / "scenario.json", lambda scenario: scenario | {"description": "another"})
    damaged_file(root).write_bytes(whole)

    assert publishing.refresh() == [SHARD]
    assert row_of(publishing)["held_back_fingerprint"] is None
    assert row_of(publishing)["held_back_reason"] is None


def test_inputs_that_are_as_they_were_published_clear_the_note(publishing: Publishing, root: HelmRoot) -> None:
    publishing.refresh()
    before, whole = publishing.data(), damaged_file(root).read_bytes()
    hold_back(publishing, root)
    damaged_file(root).write_bytes(whole)

    assert publishing.refresh() == []
    assert publishing.data() == before
    assert row_of(publishing)["held_back_reason"] is None


def test_an_acknowledged_shard_is_published_with_its_rejects(publishing: Publishing, root: HelmRoot) -> None:
    hold_back(publishing, root)
    shards = publishing.shards()
    assert to_do(shards) == [] and [shard.key for shard in to_do(shards, acknowledged={SHARD})] == [SHARD]
    [outcome] = publishing.ingest([SHARD], acknowledged={SHARD})

    assert outcome.error is None
    assert publishing.to_do() == [] and row_of(publishing)["held_back_fingerprint"] is None
    assert "display_predictions.json" in {reject[1] for reject in publishing.rejects()}
    assert publishing.rows(SAMPLES).num_rows < 9


def test_fewer_rows_without_damage_are_published(publishing: Publishing, root: HelmRoot) -> None:
    publishing.refresh()
    keep_instances(root.run("mmlu", *RUNS[0]), slice(1, None))

    assert publishing.refresh() == [SHARD]
    assert publishing.rows(SAMPLES).num_rows == 8


def test_a_withdrawn_run_does_not_hold_its_shard_back(root: HelmRoot, tmp_path: Path) -> None:
    publishing = Publishing.of(root.path, tmp_path / "hub", shard_bytes=1 << 30)
    publishing.refresh()
    shutil.rmtree(root.run("mmlu", *RUNS[0]))
    rewrite(root.run("mmlu", *RUNS[1]) / "run_spec.json", lambda raw: raw + b" ")

    assert publishing.refresh() == [SHARD]
    assert publishing.rows(SAMPLES).num_rows == 9

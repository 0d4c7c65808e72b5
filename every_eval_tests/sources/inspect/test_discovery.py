import json
import logging
import shutil
from pathlib import Path
from zipfile import ZipFile

import pytest

from every_eval.errors import BenchmarkMissing
from every_eval.network.ranged_file import READ_AHEAD_BYTES
from every_eval.sources.inspect.source import InspectSource
from every_eval.storage.archive import ArchiveStorage
from every_eval.storage.folder import FolderStorage
from every_eval_tests.sources.inspect.log_folder import (
    AS_JSON,
    CANCELLED,
    CHOICE,
    FAILED,
    IMAGE,
    KILLED,
    NO_SAMPLES,
    RETRIED,
    LogFolder,
    write_log,
)


def suites(logs: LogFolder, benchmark: str = "main") -> dict[str, dict[str, str]]:
    return {run.suite: dict(run.facts) for run in logs.discover(benchmark).runs}


def shown(logs: LogFolder, benchmark: str = "main") -> set[str]:
    [release] = logs.discover(benchmark).releases.to_pylist()
    return {run["suite"] for run in release["runs"]}


def test_each_log_is_a_run_with_its_task_and_its_model(logs: LogFolder) -> None:
    run = logs.run(CHOICE)
    assert run.name == "mc_local:version=1-A,cot=false,model=openai/gpt-4o-mini,model_deployment=openai"
    assert logs.run(AS_JSON).name.endswith("model=meta-llama/Llama-3.1-8B-Instruct-Turbo,model_deployment=together")
    assert [item.name for item in run.inputs] == [CHOICE]
    assert {CANCELLED, KILLED} < suites(logs).keys()


def test_the_newest_success_stands_for_its_retries(logs: LogFolder) -> None:
    assert suites(logs)[FAILED]["superseded_by"] == f"main/{RETRIED}"
    assert "superseded_by" not in suites(logs)[RETRIED]
    assert RETRIED in shown(logs)
    assert FAILED not in shown(logs)
    logs.keep(FAILED)
    assert shown(logs) == {FAILED}  # Its model is on the leaderboard, with the reason why it has no score.


def test_a_later_failure_does_not_replace_a_success(logs: LogFolder) -> None:
    with logs.changed(FAILED) as members:
        members["header.json"]["eval"]["created"] = "2027-01-01T00:00:00+00:00"
    assert suites(logs)[FAILED]["superseded_by"] == f"main/{RETRIED}"


def test_a_log_that_is_not_finished_is_not_shown(logs: LogFolder) -> None:
    logs.keep(KILLED, CHOICE)
    assert shown(logs) == {CHOICE}


def test_a_copy_counts_once_wherever_it_lies_and_in_either_format(
    logs: LogFolder, caplog: pytest.LogCaptureFixture
) -> None:
    logs.keep(CHOICE)
    shutil.copy(logs.file(CHOICE), logs.file("copy of the log.eval"))
    logs.file("bundle/logs").mkdir(parents=True)
    shutil.copy(logs.file(CHOICE), logs.file(f"bundle/logs/{CHOICE}"))
    members = logs.members(CHOICE)
    samples = [sample for name, sample in members.items() if name.startswith("samples/")]
    as_json = members["header.json"] | {"samples": samples, "reductions": members["reductions.json"]}
    logs.file(CHOICE).with_suffix(".json").write_text(json.dumps(as_json))
    with caplog.at_level(logging.INFO):
        assert len(suites(logs)) == 1
    assert "is a copy of" in caplog.text


@pytest.mark.parametrize("suffix", ["-scored", "-recovered"])
def test_a_log_made_from_another_stands_for_it(logs: LogFolder, suffix: str) -> None:
    logs.keep(CHOICE)
    made = CHOICE.replace(".eval", f"{suffix}.eval")
    shutil.copy(logs.file(CHOICE), logs.file(made))
    assert suites(logs)[CHOICE]["superseded_by"] == f"main/{made}"
    assert shown(logs) == {made}


def test_a_recovered_log_stands_for_the_log_of_the_killed_process(logs: LogFolder) -> None:
    logs.keep(KILLED)
    made = KILLED.replace(".eval", "-recovered.eval")
    members = logs.members(KILLED)
    header = members["_journal/start.json"] | {"status": "error", "stats": {}}
    write_log(logs.file(made), members | {"header.json": header})
    assert suites(logs)[KILLED]["superseded_by"] == f"main/{made}"


def test_shards_of_a_merged_log_are_in_it(logs: LogFolder) -> None:
    logs.keep(CHOICE)
    shard = f"{CHOICE.removesuffix('.eval')}.shards/1/shard.eval"
    members = logs.members(CHOICE)
    members["header.json"]["eval"] |= {"eval_id": "other", "task_id": "other"}
    write_log(logs.file(shard), members)
    assert suites(logs)[shard]["superseded_by"] == f"main/{CHOICE}"
    logs.file(CHOICE).unlink()
    assert "superseded_by" not in suites(logs)[shard]


def test_files_that_are_no_logs_are_left_alone(logs: LogFolder) -> None:
    assert suites(logs, "set").keys() == {IMAGE}
    for name in (".hidden/a.eval", ".b.eval", "assets/index.json", "listing.json", "2026-11-27.json"):
        path = logs.file(name, "set")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}")
    assert suites(logs, "set").keys() == {IMAGE}


def test_a_log_that_cannot_be_read_is_a_run_and_its_neighbours_are_found(logs: LogFolder) -> None:
    logs.keep(CHOICE, AS_JSON, NO_SAMPLES)
    logs.file(CHOICE).write_bytes(logs.file(CHOICE).read_bytes()[:5000])
    logs.file(AS_JSON).write_text("{}")
    assert suites(logs).keys() == {CHOICE, AS_JSON, NO_SAMPLES}
    for suite in (CHOICE, AS_JSON):
        [reject] = logs.read(suite).rejects
        assert reject.file == suite
    assert shown(logs) == {NO_SAMPLES}


def test_a_link_out_of_the_root_is_a_reject(logs: LogFolder, tmp_path: Path) -> None:
    logs.keep(CHOICE)
    shutil.copy(logs.file(CHOICE), tmp_path / "elsewhere.eval")
    logs.file("link.eval").symlink_to(tmp_path / "elsewhere.eval")
    assert suites(logs).keys() == {CHOICE, "link.eval"}
    [reject] = logs.read("link.eval").rejects
    assert "must lie in the root" in reject.detail


def test_a_folder_without_logs_is_an_error(logs: LogFolder) -> None:
    logs.file("notes.txt", "empty").parent.mkdir()
    logs.file("notes.txt", "empty").write_text("no log")
    for benchmark in ("empty", "absent"):
        with pytest.raises(BenchmarkMissing, match="no logs"):
            logs.discover(benchmark)


def test_every_folder_with_logs_is_a_benchmark_and_logs_in_the_root_are_named(
    logs: LogFolder, caplog: pytest.LogCaptureFixture
) -> None:
    (logs.path / "notes").mkdir()
    (logs.path / "notes" / "a.txt").write_text("")
    shutil.copy(logs.file(CHOICE), logs.path / "lost.eval")
    found = InspectSource().benchmarks(FolderStorage(logs.path))
    assert found == ["chunked", "main", "old", "set", "vals"]
    assert "lost.eval" in caplog.text
    assert InspectSource().benchmarks(FolderStorage(logs.path), ["main"]) == ["main"]


def test_the_same_runs_are_found_in_a_zip(logs: LogFolder, tmp_path: Path) -> None:
    with ZipFile(tmp_path / "logs.zip", "w", strict_timestamps=False) as archive:
        for path in logs.path.rglob("*"):
            archive.write(path, path.relative_to(logs.path))
    found = InspectSource().discover(ArchiveStorage(tmp_path / "logs.zip"), "main")
    assert [run.identity for run in found.runs] == [run.identity for run in logs.discover().runs]
    assert found.releases.equals(logs.discover().releases)


class Remote(FolderStorage):
    """A folder that behaves as if it were far away, and counts what is fetched."""

    n_bytes = 0

    @property
    def is_remote(self) -> bool:
        return True

    def read_range(self, name: str, start: int, stop: int, witness: str | None = None) -> bytes:
        raw = super().read_range(name, start, stop, witness)
        type(self).n_bytes += len(raw)
        return raw


def test_discovery_fetches_no_samples_over_a_network(logs: LogFolder) -> None:
    logs.keep(CHOICE)
    members = logs.members(CHOICE)
    sample = members["samples/mc_0000_epoch_1.json"]
    noise = {
        f"samples/n{at}_epoch_1.json": sample | {"id": f"n{at}", "events": [*range(at, 90_000)]} for at in range(9)
    }
    header = members.pop("header.json")
    write_log(logs.file(CHOICE), {**members, **noise, "header.json": header})
    found = InspectSource().discover(Remote(logs.path), "main")
    assert [run.suite for run in found.runs] == [CHOICE]
    assert Remote.n_bytes <= 3 * READ_AHEAD_BYTES < logs.file(CHOICE).stat().st_size


def test_a_change_of_the_setting_of_messages_changes_the_inputs(logs: LogFolder) -> None:
    storage = FolderStorage(logs.path)
    assert InspectSource("all").index_witness(storage, "main") != InspectSource().index_witness(storage, "main")
    assert logs.run(CHOICE, messages="all").facts != logs.run(CHOICE).facts


def test_models_that_differ_only_in_what_is_withheld_have_different_names(logs: LogFolder) -> None:
    members = logs.members(CHOICE)
    logs.keep()
    for number, secret in enumerate(("one-secret", "two-secret", "two-secret")):
        times = {"created": f"2027-01-0{number + 1}T00:00:00+00:00", "eval_id": str(number), "task_id": str(number)}
        members["header.json"]["eval"] |= {"model_args": {"engine_url": secret}, **times}
        write_log(logs.file(f"{number}.eval"), members)
    names = {run.suite: run.name for run in logs.discover().runs}
    assert [names[f"{number}.eval"].rpartition("model_deployment=")[2] for number in range(3)] == [
        "openai",
        "openai(withheld=#2)",
        "openai(withheld=#2)",
    ]
    assert shown(logs) == {"0.eval", "2.eval"}
    rows = logs.read("2.eval")
    assert rows.stats["run"][0].as_py() == names["2.eval"]
    assert rows.stats["model_deployment"][0].as_py() == "openai(withheld=#2)"
    assert "two-secret" not in str(logs.discover().releases.to_pylist() + rows.stats.to_pylist())


def test_two_checkpoints_of_one_name_in_different_folders_are_two_models(logs: LogFolder) -> None:
    members = logs.members(CHOICE)
    logs.keep()
    for folder in ("first", "second"):
        members["header.json"]["eval"] |= {
            "model": f"vllm//data/{folder}/step-500",
            "eval_id": folder,
            "task_id": folder,
        }
        write_log(logs.file(f"{folder}.eval"), members)
    assert [run.name.rpartition("model=")[2] for run in logs.discover().runs] == [
        "vllm/step-500,model_deployment=vllm",
        "vllm/step-500,model_deployment=vllm(withheld=#2)",
    ]

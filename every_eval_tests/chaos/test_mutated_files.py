"""A damaged file costs what it holds, and nothing of its neighbours."""

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from every_eval.contracts.repo_layout import SHARD_TABLES
from every_eval.ingestion.run_failures import RunFailed
from every_eval.sources.eval_harness.source import EvalHarnessSource
from every_eval.sources.inspect.source import InspectSource
from every_eval_tests.chaos.attacks import IS_WHOLE, mutated, mutated_bytes, rows_of_runs, seeds
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.sources.eval_harness.output import Output
from every_eval_tests.sources.inspect.log_folder import (
    AGENT,
    AS_JSON,
    CHOICE,
    ESSAY,
    LIMITED,
    WITH_ERRORS,
    LogFolder,
    write_log,
)

N_MUTATIONS = 20 if IS_WHOLE else 3


@seeds(60)
def test_a_mutated_file_of_a_helm_run_leaves_the_other_runs_as_they_are(
    root: HelmRoot, tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    sound = Publishing.of(root.path, tmp_path / "sound", shard_bytes=1 << 30)
    sound.refresh()
    expected = rows_of_runs(sound, root)
    for number in range(N_MUTATIONS):
        folder = dice.choice(root.runs())
        file = dice.choice(sorted(folder.iterdir()))
        raw = file.read_bytes()
        file.write_bytes(mutated(raw, dice))
        where = f"seed {seed}, number {number}: {file.name} of {folder.name}"
        publishing = replace(sound, hub=Publishing.of(root.path, tmp_path / str(number)).hub)
        [found] = publishing.discover()
        assert found.error is None, where
        [outcome] = publishing.ingest(publishing.to_do())
        assert outcome.error is None, where
        published = rows_of_runs(publishing, root)
        own = (folder.parent.name, folder.name)
        others = {key: rows for key, rows in expected.items() if key[1:] != own}
        assert {key: rows for key, rows in published.items() if key[1:] != own} == others, where
        file.write_bytes(raw)


@pytest.mark.slow
@seeds(30)
def test_a_mutated_file_of_lm_eval_stops_nothing(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    output = Output.unpack(tmp_path / "harness")
    files = sorted(path for path in output.path.rglob("*") if path.suffix in (".json", ".jsonl"))
    benchmarks = sorted(path.name for path in output.path.iterdir() if path.is_dir())
    for number in range(N_MUTATIONS):
        file = dice.choice(files)
        raw = file.read_bytes()
        file.write_bytes(mutated(raw, dice) if file.suffix == ".json" else raw[: dice.randrange(len(raw))])
        publishing = replace(
            Publishing.of(output.path, tmp_path / str(number), shard_bytes=1 << 30), source=EvalHarnessSource()
        )
        for found in publishing.discover(*benchmarks):
            where = f"seed {seed}, number {number}: {file.name}"
            assert found.error is None, where
            outcomes = publishing.ingest(publishing.to_do(found.folder), found.folder)
            assert [outcome.error for outcome in outcomes if not isinstance(outcome.error, RunFailed)] == [
                None for outcome in outcomes
            ], where
        file.write_bytes(raw)


@pytest.mark.slow
@seeds(30)
def test_a_mutated_log_of_inspect_leaves_the_other_logs_as_they_are(tmp_path: Path, seed: int) -> None:
    """A fault is in the bytes of a log, or in a value of one of its members."""
    dice = random.Random(seed)
    folder = LogFolder.unpack(tmp_path / "logs")
    suites = (ESSAY, CHOICE, LIMITED, AS_JSON, WITH_ERRORS, AGENT)
    folder.keep(*suites)
    sound = inspect_publishing(folder, tmp_path / "sound")
    sound.refresh("main")
    expected = rows_by_suite(sound)
    for number in range(N_MUTATIONS):
        suite = dice.choice(suites)
        file = folder.file(suite)
        raw = file.read_bytes()
        where = f"seed {seed}, number {number}: {suite}"
        mutate_log(folder, suite, dice)
        publishing = inspect_publishing(folder, tmp_path / str(number))
        [found] = publishing.discover("main")
        assert found.error is None, where
        outcomes = publishing.ingest(publishing.to_do(found.folder), found.folder)
        assert [outcome.error for outcome in outcomes] == [None] * len(outcomes), where
        published = rows_by_suite(publishing)
        for table, of_suites in expected.items():
            others = {key: rows for key, rows in of_suites.items() if key != suite}
            assert {key: rows for key, rows in published[table].items() if key != suite} == others, where
        file.write_bytes(raw)


def mutate_log(folder: LogFolder, suite: str, dice: random.Random) -> None:
    """Write a log with a fault."""
    file = folder.file(suite)
    if suite == AS_JSON or dice.random() < 0.5:
        fault = mutated if suite == AS_JSON else mutated_bytes
        file.write_bytes(fault(file.read_bytes(), dice))
        return
    members = folder.members(suite)
    name = dice.choice(sorted(members))
    members[name] = mutated(json.dumps(members[name]).encode(), dice)
    if dice.random() < 0.1:
        del members[name]
    write_log(file, members)


def inspect_publishing(folder: LogFolder, hub: Path) -> Publishing:
    return Publishing.of(folder.path, hub, shard_bytes=1 << 30, source=InspectSource())


def rows_by_suite(publishing: Publishing) -> dict[str, dict[str, list[dict[str, Any]]]]:
    """Return the published rows by table and log, without what the newest release says of a log among the others."""
    found: dict[str, dict[str, list[dict[str, Any]]]] = {}
    for table in SHARD_TABLES:
        of_suites = found.setdefault(table.name, {})
        for row in publishing.rows(table).to_pylist():
            of_suites.setdefault(row["suite"], []).append(row)
    return found

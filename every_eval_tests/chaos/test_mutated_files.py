"""A damaged file costs what it holds, and nothing of its neighbours."""

import random
from dataclasses import replace
from pathlib import Path

import pytest

from every_eval.ingestion.run_failures import RunFailed
from every_eval.sources.eval_harness.source import EvalHarnessSource
from every_eval_tests.chaos.attacks import IS_WHOLE, mutated, rows_of_runs, seeds
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.sources.eval_harness.output import Output

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

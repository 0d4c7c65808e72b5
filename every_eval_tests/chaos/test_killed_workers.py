"""Processes that read runs die at any moment: what they had begun is read again, and what dies twice is named."""

import hashlib
import os
import random
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO

import pytest

from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.ingestion.ingestor import Ingestor
from every_eval.ingestion.workers import shard_builds
from every_eval.ingestion.workers.worker_process import WorkerKilled
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Run, RunRows
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval_tests.chaos.attacks import IS_WHOLE, seeds
from every_eval_tests.hub.hubs import NOON, REPO
from every_eval_tests.ingestion.publishing import Publishing

BENCHMARK = "lite" if IS_WHOLE else "mmlu"
FOLDER = f"helm_{BENCHMARK}"
N_LIVES = (0, 0, 1, 1, 2)
"""Numbers of times that reading a run may kill the process, one of which is drawn for each run."""


class Mortal(HelmSource):
    """HELM, whose reading kills the process when it opens a file of a run, or between two pieces of the rows."""

    def __init__(self, seed: int, marks: Path) -> None:
        """`marks` is a folder that remembers the deaths, which all processes share."""
        self._seed, self._marks = seed, marks

    def read(self, run: Run, open_file: Callable[[str], IO[bytes]]) -> Iterator[RunRows]:
        dice = random.Random(f"{self._seed} {run.name}")
        n_deaths, moment = dice.choice(N_LIVES), dice.randrange(6)
        steps = iter(range(1000))

        def step() -> None:
            if next(steps) == moment and self._dies(run, n_deaths):
                os.kill(os.getpid(), signal.SIGKILL)

        def opened(name: str) -> IO[bytes]:
            step()
            return open_file(name)

        for piece in super().read(run, opened):
            step()
            yield piece

    def _dies(self, run: Run, n_deaths: int) -> bool:
        for death in range(n_deaths):
            mark = self._marks / f"{hashlib.sha256(f'{run.suite}/{run.name}'.encode()).hexdigest()}-{death}"
            if not mark.exists():
                mark.touch()
                return True
        return False


@pytest.mark.slow
@seeds(30)
def test_processes_that_are_killed_lose_nothing(tmp_path: Path, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shard_builds, "PROCESS_BYTES", 1)
    dice = random.Random(seed)
    shard_bytes = dice.choice([1 << 19, 1 << 21, 1 << 30])
    storage = ArchiveStorage(HELM_SAMPLE)
    whole = Publishing.of(storage, tmp_path / "whole", shard_bytes=shard_bytes)
    whole.refresh(BENCHMARK)
    (tmp_path / "marks").mkdir()
    broken = replace(whole, hub=FolderHub(tmp_path / "broken", lambda: NOON))
    broken.discover(BENCHMARK)
    source = Mortal(seed, tmp_path / "marks")
    n_killed = 0
    while keys := broken.to_do(FOLDER):
        ingestor = Ingestor(source, storage, broken.hub, REPO, str, n_processes=dice.choice([2, 3]))
        outcomes = ingestor.ingest(FOLDER, keys)
        errors = [outcome.error for outcome in outcomes if outcome.error is not None]
        assert all(isinstance(error, WorkerKilled) and f"{BENCHMARK}/" in str(error) for error in errors), errors
        assert n_killed < (n_killed := len(list((tmp_path / "marks").iterdir()))) or not errors
    assert broken.data() == whole.data()
    assert n_killed

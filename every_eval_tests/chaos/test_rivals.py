"""Two machines whose mirrors differ, and jobs that are killed between their steps: no run is lost for good."""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from every_eval_tests.chaos.attacks import IS_WHOLE, change_root, copy_root, rows_of_runs, seeds
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.ingestion.publishing import Publishing, WatchedHub

N_ROUNDS = 5 if IS_WHOLE else 3


def steps_of(machines: Sequence[Publishing], dice: random.Random) -> list[Callable[[], object]]:
    """Return the steps of a round in any order; a machine that dies leaves out a step."""
    steps: list[Callable[[], object]] = [
        step
        for machine in machines
        for step in (machine.discover, lambda machine=machine: machine.ingest(machine.to_do()))
        if dice.random() < 0.7
    ]
    dice.shuffle(steps)
    return steps


@seeds(60)
def test_machines_with_different_mirrors_lose_no_run(root: HelmRoot, tmp_path: Path, seed: int) -> None:
    """In each round, each machine discovers and ingests, or dies before it ingests; they take turns at any commit."""
    dice = random.Random(seed)
    mirrors = [copy_root(root, tmp_path / f"mirror {number}") for number in range(2)]
    machines = [Publishing.of(mirror.path, tmp_path / "hub", shard_bytes=300_000) for mirror in mirrors]
    watched: Any = WatchedHub(machines[0].hub)
    machines[0].hub = watched
    for number in range(N_ROUNDS):
        change_root(root, dice, number)
        for mirror in mirrors:
            if dice.random() < 0.5:
                copy_root(root, mirror.path)
        for step in steps_of(machines, dice):
            if dice.random() < 0.5:  # The second machine commits while the first one does.
                watched.happening[:] = [machines[1].discover]
            step()
            watched.happening.clear()
    for mirror in mirrors:
        copy_root(root, mirror.path)
    for machine in machines:
        machine.refresh()
    assert machines[0].refresh() == []
    fresh = Publishing.of(root.path, tmp_path / "fresh")
    fresh.refresh()
    assert rows_of_runs(machines[0], root) == rows_of_runs(fresh, root)

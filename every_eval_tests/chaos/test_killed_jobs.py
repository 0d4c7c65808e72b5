"""A job that dies at any moment, or meets a full disk: the next job completes it, with the same bytes."""

import random
import shutil
import subprocess
import sys
from pathlib import Path

from every_eval_tests.chaos.attacks import IS_WHOLE, change_root, seeds
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.ingestion.publishing import Publishing

N_STEPS = 250
"""Number of steps of a job on the Hub's files, more or less."""
MAX_BYTES = 60_000
"""Size of the largest file that a job writes, more or less."""


def run(root: HelmRoot, hub: Path, kind: str, number: int) -> int:
    command = [sys.executable, "-W", "ignore", "-m", "every_eval_tests.chaos.killed_job"]
    arguments = [str(root.path), str(hub), kind, str(number)]
    return subprocess.run([*command, *arguments], check=False, capture_output=True).returncode


@seeds(40)
def test_the_next_job_completes_what_a_killed_or_cramped_job_began(root: HelmRoot, tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    whole, broken = (Publishing.of(root.path, tmp_path / name) for name in ("whole", "broken"))
    if dice.random() < 0.5:  # There is something to lose.
        broken.refresh()
        whole.refresh()
        change_root(root, dice, 0)
    for _ in range(2 if IS_WHOLE else 1):
        kind, number = dice.choice([("step", dice.randrange(1, N_STEPS)), ("bytes", dice.randrange(1, MAX_BYTES))])
        assert run(root, tmp_path / "broken", kind, number) in (0, 1, 9)
        assert contents_are_whole(Publishing.of(root.path, tmp_path / "broken"))
    whole.refresh()
    again = Publishing.of(root.path, tmp_path / "broken")
    again.refresh()
    assert again.contents() == whole.contents()
    shutil.rmtree(tmp_path / "broken")


def contents_are_whole(publishing: Publishing) -> bool:
    """Tell whether each published file can be read, with the digest that its commit states."""
    return all(len(raw) > 0 for raw in publishing.contents().values())

"""What all attacks need: seeds, a root that changes from week to week, and the rows by which outcomes are compared."""

import json
import os
import random
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from every_eval.contracts.repo_layout import SHARD_TABLES
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.ingestion.upstream import ALGEBRA, ANATOMY, RUNS, add_run, mmlu_run

IS_WHOLE = os.environ.get("CHAOS") == "whole"
RunRowsByTable = Mapping[tuple[str, str, str], list[dict[str, Any]]]
"""Rows by table, suite and run."""


def seeds(whole: int) -> pytest.MarkDecorator:
    """Parametrise a test by seeds: one seed in the usual run, as many as stated in the whole attack."""
    chosen = [pytest.param(0)]
    chosen += [pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, whole if IS_WHOLE else 1)]
    return pytest.mark.parametrize("seed", chosen)


KINDS_OF_CHANGE = ("add", "add", "change", "remove")


def change_root(root: HelmRoot, dice: random.Random, week: int, kinds: Sequence[str] = KINDS_OF_CHANGE) -> None:
    """Add a run, change a run, or take a run away, as authors of evaluations do."""
    kind = dice.choice(kinds)
    present = root.runs()
    if kind == "add" or len(present) < 3:
        model = f"model=chaos_{week}"
        add_run(root, *dice.choice([run for run in RUNS if root.run("mmlu", *run).exists()] or [_any(root)]),
                mmlu_run(dice.choice([ALGEBRA, ANATOMY]), model))  # fmt: skip
    elif kind == "change":
        file = dice.choice(present) / "scenario.json"
        file.write_bytes(file.read_bytes() + b" ")
    else:
        shutil.rmtree(dice.choice(present))


def _any(root: HelmRoot) -> tuple[str, str]:
    folder = root.runs()[0]
    return folder.parent.name, folder.name


def rows_of_runs(publishing: Publishing, root: HelmRoot) -> RunRowsByTable:
    """Return the published rows of the runs that the root still has, whichever shard holds them."""
    present = {(folder.parent.name, folder.name) for folder in root.runs()}
    found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for table in SHARD_TABLES:
        for row in publishing.rows(table).to_pylist():
            if (row["suite"], row["run"]) in present:
                found.setdefault((table.name, row["suite"], row["run"]), []).append(row)
    return found


def copy_root(root: HelmRoot, place: Path) -> HelmRoot:
    """Copy a root, as a mirror does."""
    shutil.rmtree(place, ignore_errors=True)
    shutil.copytree(root.path, place)
    return HelmRoot(place)


def mutated(raw: bytes, dice: random.Random) -> bytes:
    """Return the content of a JSON file with a fault: of its bytes, or of a value in it."""
    return mutated_bytes(raw, dice) if dice.random() < 0.5 else _mutated_value(raw, dice)


def mutated_bytes(raw: bytes, dice: random.Random) -> bytes:
    """Return content with a fault of its bytes."""
    at = dice.randrange(len(raw))
    return dice.choice(
        [
            raw[:at],
            raw[:at] + bytes([dice.randrange(256)]) + raw[at + 1 :],
            raw[:at] + raw[at + dice.randrange(1, 50) :],
            raw[:at] + dice.randbytes(dice.randrange(1, 50)) + raw[at:],
            b"",
            raw + raw,
        ]
    )


VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1e308, float("nan"), float("inf"), 2**70, "", "NaN", "x" * 5000, "\x00", "\ud800"),
    *([], {}, [[]], [None], {"": None}, [1, "a"], {"name": {}}),
)


def _mutated_value(raw: bytes, dice: random.Random) -> bytes:
    content = json.loads(raw)
    place, parents = content, list[tuple[Any, Any]]()
    while isinstance(place, dict | list) and place and (len(parents) < 2 or dice.random() < 0.8):
        key = dice.choice(list(place) if isinstance(place, dict) else range(len(place)))
        parents.append((place, key))
        place = place[key]
    if not parents:
        return json.dumps(dice.choice(VALUES)).encode()
    parent, key = parents[-1]
    how = dice.choice(["replace", "replace", "delete", "repeat"])
    if how == "delete":
        del parent[key]
    elif how == "repeat" and isinstance(parent, list):
        parent.insert(key, parent[key])
    else:
        parent[key] = dice.choice(VALUES)
    return json.dumps(content).encode()

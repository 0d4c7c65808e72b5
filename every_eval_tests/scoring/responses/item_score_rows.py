"""Rows of the contract `item_scores`, and the state files that hold them."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pyarrow as pa

from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.contracts.parquet import write_table
from every_eval.contracts.state import STATE_ITEM_SCORES
from every_eval.scoring.responses.item_scores_files import ItemScoresFiles


def digest(question: str) -> str:
    """A digest of the form that the column `item` has."""
    return sha256(question.encode()).hexdigest()[:32]


def item_scores(model: str, values: Mapping[str, float | None], **rest: Any) -> list[dict[str, Any]]:
    """Rows of the main metric of a model's run on gsm, by the id of the instance; the question is the id."""
    shared = {
        "source": "helm",
        "benchmark": "lite",
        "suite": "v1",
        "run": f"gsm:model={model.replace('/', '_')}",
        "model_name": model,
        "model_deployment": model,
        "metric_name": "f1",
        "split": "test",
        "n_trials": 1,
    }
    return [
        shared | {"instance_id": name, "item": digest(name), "value": value} | rest for name, value in values.items()
    ]


def state_file(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """A state file of one shard that holds the rows."""
    scores = pa.Table.from_pylist([dict(row) for row in rows], schema=ITEM_SCORES.schema)
    return state_file_of(path, scores)


def state_file_of(path: Path, scores: pa.Table) -> Path:
    """A state file of one shard that holds rows of the contract `item_scores`."""
    marks = [pa.array([text] * len(scores), pa.string()) for text in ("helm_lite_part_00001", "0" * 12)]
    return write_table(STATE_ITEM_SCORES, path, pa.table([*marks, *scores.columns], schema=STATE_ITEM_SCORES.schema))


def state_files(folder: Path, *files: Sequence[Mapping[str, Any]]) -> ItemScoresFiles:
    """State files in a folder, each with some rows."""
    return ItemScoresFiles([state_file(folder / f"{number}.parquet", rows) for number, rows in enumerate(files)])

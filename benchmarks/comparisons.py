"""Measure what it costs to compare the models of a board, and check that the number of threads changes no byte.

    python -m benchmarks.comparisons [--models N] [--scenarios N] [--items N] [--large N] [--folder FOLDER]

First, all comparisons of a board: each pair of models in each scenario and over all scenarios, with half of the
scenarios scored 0 or 1 and half in between. They are made twice, with one thread of BLAS and with several. Then the
item scores of a large benchmark are read into a store: a quarter of them, and all. Each measurement has a process of
its own.
"""

import argparse
import hashlib
import os
import tempfile
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from benchmarks.measurement import cpu_seconds, peak_mib, show
from every_eval.contracts.parquet import TableWriter
from every_eval.contracts.state import STATE_ITEM_SCORES
from every_eval.contracts.stats import STATS
from every_eval.scoring.comparisons.board import compare_board
from every_eval.scoring.responses.item_numbers import Scenario
from every_eval.scoring.responses.item_scores_files import ItemScoresFiles
from every_eval.scoring.responses.response_store import ResponseStore
from every_eval.scoring.tables.cell_intervals import CellIntervals
from every_eval.scoring.tables.compared_table import ComparedTable
from every_eval.scoring.tables.pairs import pairs
from every_eval.scoring.tables.releases import ShownRelease
from every_eval.sources.main_table import MainTable, Score, Standing
from every_eval.sources.statistic_key import PooledStatistic, StatisticKey
from every_eval.sources.statistics_files import RunKey
from every_eval.statistics.groups import FloatArray

PLACE: Final = {"source": "helm", "benchmark": "made", "release": "v1"}
Shape = tuple[int, int, int]
"""Numbers of models, of scenarios and of items of each scenario."""


def main() -> None:
    """Print CPU time, peak memory and digest of the rows of all comparisons, and those of a large store."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--scenarios", type=int, default=16)
    parser.add_argument("--items", type=int, default=1000, help="number of items of each scenario")
    parser.add_argument("--large", type=int, default=50_000_000, help="item scores of the large store; 0: leave it out")
    parser.add_argument("--folder", type=Path, help="folder for files; default: a temporary folder")
    options = parser.parse_args()
    shape = (options.models, options.scenarios, options.items)
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        write_item_scores(Path(folder) / "items", shape)
        for n_threads in (1, max(os.cpu_count() or 1, 2)):
            os.environ["OPENBLAS_NUM_THREADS"] = str(n_threads)
            peak = peak_mib(compare, Path(folder), shape)
            seconds, n_rows, digest = (Path(folder) / "result").read_text().split()
            show(f"{n_rows} pairs, {n_threads} thread(s): {seconds} CPU seconds, {peak:.0f} MiB, rows {digest}")
    for part in (options.large // 4, options.large) if options.large else ():
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            shape = (100, max(part // 100_000, 1), 1000)
            write_item_scores(Path(folder) / "items", shape)
            peak = peak_mib(fill, Path(folder), shape)
            show(f"{part} item scores read: {(Path(folder) / 'result').read_text()} CPU seconds, {peak:.0f} MiB")


def compare(folder: Path, shape: Shape) -> None:
    """Make all comparisons, and note the CPU time, the number of rows, and a digest of the rows."""
    start = cpu_seconds()
    (folder / "store").mkdir(exist_ok=True)
    for file in (folder / "store").iterdir():
        file.unlink()
    store = ResponseStore.fill(ItemScoresFiles([folder / "items"]), scenarios_of(shape), folder / "store")
    scores = {key: float(store.responses(key).value.mean()) for key in store.statistics}
    table = main_table(shape, scores)
    stats = statistics(shape, scores)
    release = ShownRelease("v1", set(scenarios_of(shape)), {"m": False})
    unknown = np.full((shape[1], shape[0]), np.nan)
    compared = ComparedTable(table, compare_board(table, store), CellIntervals(unknown, unknown, unknown))
    digest, n_rows = hashlib.sha256(), 0
    for piece in pairs(PLACE, release, stats, store, compared):
        n_rows += piece.num_rows
        digest.update(repr(piece.to_pydict()).encode())
    (folder / "result").write_text(f"{cpu_seconds() - start:.1f} {n_rows} {digest.hexdigest()[:16]}")


def fill(folder: Path, shape: Shape) -> None:
    """Read the item scores into a store, and note the CPU time."""
    start = cpu_seconds()
    (folder / "store").mkdir()
    ResponseStore.fill(ItemScoresFiles([folder / "items"]), scenarios_of(shape), folder / "store")
    (folder / "result").write_text(f"{cpu_seconds() - start:.1f}")


def key_of(model: int, scenario: int) -> StatisticKey:
    """Return the key of a run's statistic."""
    return StatisticKey("v1", f"s{scenario}:model=m{model:04d}", "m", "test", None)


def scenarios_of(shape: Shape) -> dict[RunKey, Scenario]:
    """Return the dataset and the task of each run."""
    return {(key_of(*one).suite, key_of(*one).run): (f"s{one[1]}", None) for one in product(*map(range, shape[:2]))}


def write_item_scores(path: Path, shape: Shape) -> None:
    """Write a state file with one run for each model and scenario."""
    with TableWriter(STATE_ITEM_SCORES, path) as writer:
        for scenario in range(shape[1]):
            for rows in _scenario(scenario, shape):
                writer.write(rows)


def _scenario(scenario: int, shape: Shape) -> Iterator[pa.Table]:
    rng = np.random.default_rng(scenario)
    ids = pa.array([f"id{item}" for item in range(shape[2])])
    digests = [hashlib.sha256(f"{scenario} {item}".encode()).hexdigest()[:32] for item in range(shape[2])]
    difficulty = rng.normal(0, 1, shape[2])
    for model in range(shape[0]):
        latent = 2 * model / shape[0] - 1 - difficulty + rng.normal(0, 1, shape[2])
        values: FloatArray = (latent > 0).astype(np.float64) if scenario % 2 else np.round(1 / (1 + np.exp(-latent)), 4)
        key = key_of(model, scenario)
        shared = {"shard": "helm_made_part_00001", "fingerprint": "0" * 12, "source": "helm", "benchmark": "made"}
        shared |= {name: value for name, value in key._asdict().items() if value is not None}
        shared |= {"model_name": f"m{model:04d}", "model_deployment": f"m{model:04d}"}
        columns = {name: pa.repeat(pa.scalar(value), shape[2]).dictionary_encode() for name, value in shared.items()}
        columns |= {"instance_id": ids, "item": pa.array(digests), "value": pa.array(values)}
        columns["n_trials"] = pa.array(np.ones(shape[2], np.int32))
        schema = STATE_ITEM_SCORES.schema
        yield pa.table({f.name: columns.get(f.name, pa.nulls(shape[2], f.type)) for f in schema}).cast(schema)


def main_table(shape: Shape, scores: dict[StatisticKey, float]) -> MainTable:
    """Return a main table with a column for each scenario."""
    standings = []
    for model in range(shape[0]):
        keys = [key_of(model, scenario) for scenario in range(shape[1])]
        cells = [Score(scores[key], statistics=(PooledStatistic(key, 1, scores[key]),)) for key in keys]
        standings.append(Standing({"model_name": f"m{model:04d}", "model_deployment": f"m{model:04d}"}, cells))
    return MainTable([False] * shape[1], standings, has_win_rates=True)


def statistics(shape: Shape, scores: dict[StatisticKey, float]) -> pa.Table:
    """Return the main statistics of all runs."""
    rows = [
        {
            **key_of(model, scenario)._asdict(),
            "variant": f"s{scenario}",
            "model_name": f"m{model:04d}",
            "model_deployment": f"m{model:04d}",
            "mean": scores[key_of(model, scenario)],
            "is_main_metric": True,
        }
        for model, scenario in product(*map(range, shape[:2]))
    ]
    return pa.Table.from_pylist(rows, schema=pa.schema([field.with_nullable(True) for field in STATS.schema]))


if __name__ == "__main__":
    main()

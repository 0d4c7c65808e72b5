"""Measure the daily job on many item scores: CPU time and peak memory, at parts of the size and at all of it.

    python -m benchmarks.daily_item_scores [--rows N] [--benchmarks N] [--models N] [--scenarios N] [--folder FOLDER]

The item scores belong to as many benchmarks as stated, each with the same models and scenarios: a tenth of the item
scores, a third, and all. Half of the scenarios are scored 0 or 1, and half in between. A shard has the runs of one
model. If there are several benchmarks, one model more is then published in the first of them. Each job has a process of
its own.
"""

import argparse
import tempfile
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import pyarrow as pa

from benchmarks.daily import measured, open_hub
from benchmarks.measurement import cpu_seconds, show
from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.contracts.parquet import TableWriter, write_table
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.repo_layout import benchmark_path, folder_name, shard_key, shard_path
from every_eval.contracts.stats import STATS
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Add, Change, publish
from every_eval.scoring.scorer import Scorer
from every_eval.sources.eval_harness.source import EvalHarnessSource
from every_eval.sources.latest_release import LATEST, MainTableColumn, ReleaseFacts
from every_eval.statistics.groups import FloatArray

DATA, SCORES = "a/data", "a/scores"
SOURCE: Final = "eval_harness"
METRIC: Final = "acc,none"
FINGERPRINT: Final = "0" * 12
FAST: Final = replace(ITEM_SCORES, layout=replace(ITEM_SCORES.layout, compression_level=1))
"""The table of item scores, in files that are written faster."""


def main() -> None:
    """Print CPU time and peak memory of the job for each part of the item scores, and for one more shard."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000_000, help="number of item scores")
    parser.add_argument("--benchmarks", type=int, default=1, help="number of benchmarks that share them")
    parser.add_argument("--models", type=int, default=100)
    parser.add_argument("--scenarios", type=int, default=16, help="number of scenarios of each benchmark")
    parser.add_argument("--parts", type=int, nargs="*", default=[10, 3, 1], help="divisors of the number of rows")
    parser.add_argument("--folder", type=Path, help="folder for the Hub; default: a temporary folder")
    options = parser.parse_args()
    base = None
    for divisor in options.parts:
        n_items = options.rows // divisor // (options.benchmarks * options.models * options.scenarios)
        boards = [Board(f"b{at:03d}", options.models, options.scenarios, n_items) for at in range(options.benchmarks)]
        with tempfile.TemporaryDirectory(dir=options.folder) as name:
            folder = Path(name)
            for board in boards:
                board.publish(open_hub(folder), folder, range(board.n_models))
            n_rows = sum(board.n_rows for board in boards)
            seconds, peak = measured(score, folder)
            base = base or seconds / n_rows
            show(
                f"{n_rows} item scores of {len(boards)} benchmark(s), all new: {seconds:.1f} CPU seconds, "
                f"{seconds / n_rows / base:.2f} times the first for each row, {peak:.0f} MiB"
            )
            if options.benchmarks > 1:
                first = replace(boards[0], n_models=options.models + 1)
                first.publish(open_hub(folder), folder, [options.models])
                seconds, peak = measured(score, folder)
                show(f"one more shard: {seconds:.1f} CPU seconds, {peak:.0f} MiB")


def score(folder: Path) -> None:
    """Run the whole job, and note the CPU time."""
    start, source = cpu_seconds(), EvalHarnessSource()
    scored = Scorer(source, [source], open_hub(folder), DATA, SCORES, lambda: datetime.now(UTC), show).run()
    if scored.left_out:
        raise SystemExit(f"The job left something out: {scored.left_out}")
    (folder / "seconds").write_text(str(cpu_seconds() - start))


@dataclass(frozen=True)
class Board:
    """A benchmark with a run for each model and scenario."""

    benchmark: str
    n_models: int
    n_scenarios: int
    n_items: int
    """Number of items of each scenario."""

    @property
    def n_rows(self) -> int:
        """Number of item scores."""
        return self.n_models * self.n_scenarios * self.n_items

    def publish(self, hub: FolderHub, place: Path, models: range | list[int]) -> None:
        """Publish a shard for each of some models, and a release that shows the runs of all models."""
        folder = folder_name(SOURCE, self.benchmark)
        with tempfile.TemporaryDirectory(dir=place) as name:
            changes: list[Change] = []
            for model in models:
                shard, local = shard_key(folder, model + 1), Path(name) / f"{model}.items"
                means = []
                with TableWriter(FAST, local) as writer:
                    for scenario in range(self.n_scenarios):
                        values = self._values(model, scenario)
                        writer.write(self._item_scores(model, scenario, values))
                        means.append(values)
                changes.append(Add(shard_path(ITEM_SCORES, shard, FINGERPRINT), local))
                rows = [self._statistic(model, scenario, values) for scenario, values in enumerate(means)]
                stats = write_table(STATS, Path(name) / f"{model}.stats", pa.Table.from_pylist(rows, STATS.schema))
                changes.append(Add(shard_path(STATS, shard, FINGERPRINT), stats))
            releases = write_table(RELEASES, Path(name) / "releases", self._release())
            changes.append(Add(benchmark_path(RELEASES, folder), releases))
            publish(hub, DATA, "Add shards", lambda _: changes)

    def _values(self, model: int, scenario: int) -> FloatArray:
        difficulty = np.random.default_rng(scenario).normal(0, 1, self.n_items)
        latent = model / 50 - 1 - difficulty + np.random.default_rng([scenario, model]).normal(0, 1, self.n_items)
        values: FloatArray = (latent > 0).astype(np.float64) if scenario % 2 else np.round(1 / (1 + np.exp(-latent)), 4)
        return values

    def _names(self, model: int, scenario: int) -> dict[str, Any]:
        place = {"source": SOURCE, "benchmark": self.benchmark, "suite": "s", "run": f"t{scenario}:m{model:04d}"}
        return place | {"model_name": f"made/m{model:04d}", "model_deployment": "hf", "metric_name": METRIC}

    def _item_scores(self, model: int, scenario: int, values: FloatArray) -> pa.Table:
        names = self._names(model, scenario).items()
        columns = {name: pa.repeat(pa.scalar(value), len(values)) for name, value in names}
        columns |= {
            "instance_id": pa.array(range(len(values))).cast(pa.string()),
            "item": digests(self.benchmark, scenario, len(values)),
        }
        columns |= {"value": pa.array(values), "n_trials": pa.array(np.ones(len(values), np.int32))}
        schema = ITEM_SCORES.schema
        return pa.table({f.name: columns.get(f.name, pa.nulls(len(values), f.type)) for f in schema}).cast(schema)

    def _statistic(self, model: int, scenario: int, values: FloatArray) -> dict[str, Any]:
        n, mean = len(values), float(values.mean())
        return self._names(model, scenario) | {
            **{"is_main_metric": True, "n_instances": n, "n_scored": n, "n_trials": 1, "sum": mean, "mean": mean},
            **{"m2": float(((values - mean) ** 2).sum()), "min": float(values.min()), "max": float(values.max())},
            **{"is_binary": bool(scenario % 2), "dataset_name": f"t{scenario}", "variant": f"t{scenario}"},
            **{"groups": [], "is_complete": True, "n_rejected": 0, "run_spec": "{}", "source_url": "https://x.org"},
        }

    def _release(self) -> pa.Table:
        columns = [MainTableColumn(f"t{scenario}", METRIC, False) for scenario in range(self.n_scenarios)]
        facts = ReleaseFacts({METRIC: False}, columns, {})
        names = (self._names(*one) for one in np.ndindex(self.n_models, self.n_scenarios))
        row = {
            **{"source": SOURCE, "benchmark": self.benchmark, "release": LATEST, "is_release": True, "is_newest": True},
            **{"suites": ["s"], "runs": [{"suite": one["suite"], "run": one["run"]} for one in names]},
            **{"pooled_runs": [], "schema_json": canonical_json(msgspec.to_builtins(facts)), "cells": []},
        }
        return pa.Table.from_pylist([row], schema=RELEASES.schema)


@cache
def digests(benchmark: str, scenario: int, n_items: int) -> pa.Array:
    """Return the digests of the items of a scenario."""
    return pa.array([sha256(f"{benchmark} {scenario} {item}".encode()).hexdigest()[:32] for item in range(n_items)])


if __name__ == "__main__":
    main()

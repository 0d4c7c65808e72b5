"""A source that only tests know: each file `BENCHMARK/MODEL.json` holds one model's score on each question."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any

import numpy as np
import pyarrow as pa

from every_eval.contracts.metrics import METRICS
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Table
from every_eval.sources.main_columns import MainColumns
from every_eval.sources.main_table import MainTable, Score, Standing
from every_eval.sources.source import ALL, Discovery, Input, Run, RunRows
from every_eval.storage.storage import Storage

SUITE, RELEASE, METRIC = "all", "first", "correct"


class ToySource:
    """Scores of models on questions."""

    name = "toy"
    data_version = 1
    upgrade_notice = None
    has_sample = False
    citation = None
    benchmarks_variable = None
    published_contracts: tuple[Table, ...] = ()

    def has_layout(self, storage: Storage, names: Sequence[str]) -> bool:  # noqa: ARG002 - part of the protocol
        return False

    def public_view(self, storage: Storage) -> Storage:
        return storage

    def benchmarks(self, storage: Storage, stated: Sequence[str] = ()) -> Sequence[str]:
        return stated if stated and ALL not in stated else storage.list_folders("")

    def discover(self, storage: Storage, benchmark: str) -> Discovery:
        runs = []
        for found in storage.list(f"{benchmark}/"):
            name = found.name.rpartition("/")[2]
            inputs = (Input(name, found.size, found.witness, found.md5),)
            runs.append(Run(self.name, benchmark, SUITE, name.removesuffix(".json"), benchmark, inputs, (RELEASE,)))
        shown = [{"suite": run.suite, "run": run.name} for run in runs]
        release = {
            "source": self.name,
            "benchmark": benchmark,
            "release": RELEASE,
            "is_release": True,
            "is_newest": True,
            "suites": [SUITE],
            "runs": shown,
            "pooled_runs": shown,
            "cells": [],
        }
        return Discovery(tuple(runs), pa.Table.from_pylist([release], schema=RELEASES.schema))

    def index_witness(self, storage: Storage, benchmark: str) -> str:
        witnesses = [(found.name, found.witness) for found in storage.list(f"{benchmark}/")]
        return hashlib.sha256(json.dumps(witnesses).encode()).hexdigest()

    def read(self, run: Run, open_file: Callable[[str], IO[bytes]]) -> Iterator[RunRows]:
        with open_file(run.inputs[0].name) as file:
            scores: Mapping[str, float] = json.load(file)
        of_run = {
            **{"source": self.name, "benchmark": run.benchmark, "suite": run.suite, "run": run.name},
            **{"source_version": run.suite, "source_url": run.folder, "variant": "", "groups": [], "run_spec": "{}"},
            **{"releases": [], "is_encrypted": False, "is_complete": True, "n_rejected": 0},
            **{"model_name": run.name, "metric_name": METRIC, "train_trial_index": 0, "occurrence": 0},
        }
        questions = [
            {
                **of_run,
                "evaluation_id": f"{run.name} {question}",
                "instance_id": question,
                "raw_input": question,
                "ground_truth": [],
                "references": [],
                "evaluation_score": score,
                **{"count": 1, "sum": score, "min": score, "max": score, "value": score},
            }
            for question, score in scores.items()
        ]
        values = np.array(list(scores.values()))
        statistic = {
            **of_run,
            "is_main_metric": True,
            **{"n_instances": len(values), "n_scored": len(values), "n_trials": 1, "is_binary": False},
            "mean": float(values.mean()),
            "m2": float(((values - values.mean()) ** 2).sum()),
            "min": float(values.min()),
            "max": float(values.max()),
        }
        yield RunRows(
            pa.Table.from_pylist(questions, schema=SAMPLES.schema),
            pa.Table.from_pylist(questions, schema=METRICS.schema),
            pa.Table.from_pylist([statistic], schema=STATS.schema),
        )

    def published_tables(self, release: Mapping[str, Any], stats: Any) -> Iterator[pa.Table]:  # noqa: ARG002
        return iter(())

    def disagreements(self, tables: pa.Table) -> pa.Table:
        return tables

    def directions(self, release: Mapping[str, Any]) -> Mapping[str, bool]:  # noqa: ARG002
        return {METRIC: False}

    def pooled_statistics(self, stats: Any) -> Mapping[Any, Any]:  # noqa: ARG002
        return {}

    def main_table(self, release: Mapping[str, Any], stats: Any) -> MainTable | None:  # noqa: ARG002
        rows = [row for piece in stats.pieces(["model_name", "mean"]) for row in piece.to_pylist()]
        unknown = dict.fromkeys(
            ("model_deployment", "display_name", "creator", "access", "release_date", "num_parameters")
        )
        standings = [Standing({**unknown, "model_name": row["model_name"]}, [Score(row["mean"])]) for row in rows]
        return MainTable([False], standings, has_win_rates=True)

    def main_columns(self, release: Mapping[str, Any]) -> MainColumns:  # noqa: ARG002
        return MainColumns()

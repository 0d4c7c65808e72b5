"""Rows of the contract `stats`, made from the values of a run's instances."""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.stats import STATS
from every_eval.scoring.tables.clock import Clock
from every_eval.scoring.tables.releases import ShownRelease
from every_eval.scoring.tables.scored_runs import count_rows, scored_runs
from every_eval.sources.statistics_files import StatisticsFiles


def statistic(model: str, values: Mapping[str, float] | Sequence[float], **rest: Any) -> dict[str, Any]:
    """The main metric of a model's run on gsm; the instances are called id0, id1, … if they have no names."""
    by_id = values if isinstance(values, Mapping) else {f"id{at}": value for at, value in enumerate(values)}
    scores = np.array(list(by_id.values()), np.float64)
    row = {
        "source": "helm",
        "benchmark": "lite",
        "suite": "v1",
        "run": f"gsm:model={model.replace('/', '_')}",
        "variant": "gsm",
        "metric_name": "f1",
        "split": "test",
        "is_main_metric": True,
        "model_name": model,
        "model_deployment": model,
        "groups": ["gsm"],
        "dataset_name": "gsm",
        "run_spec": "{}",
        "source_url": "https://example.org/",
        "n_instances": len(scores),
        "n_scored": len(scores),
        "n_trials": 1,
        "is_complete": True,
        "n_rejected": 0,
        "is_binary": bool(np.isin(scores, (0, 1)).all()),
    }
    if len(scores):
        mean = float(np.mean(scores))
        m2 = float(np.sum((scores - mean) ** 2))
        row |= {"mean": mean, "m2": m2, "min": float(np.min(scores)), "max": float(np.max(scores))}
    return row | rest


def reported(model: str, mean: float, **rest: Any) -> dict[str, Any]:
    """A statistic that the source reported for one trial, and that no single output determines."""
    own = ("n_instances", "n_scored", "n_trials", "is_binary")
    numbers = {"reported_count": 1, "reported_sum": mean, "reported_mean": mean, "reported_min": mean}
    return statistic(model, []) | dict.fromkeys(own) | numbers | {"reported_max": mean} | rest


def table(*rows: Mapping[str, Any]) -> pa.Table:
    """The rows with the types of the contract."""
    return pa.Table.from_pylist([dict(row) for row in rows], schema=STATS.schema)


@contextmanager
def stored(stats: pa.Table) -> Iterator[StatisticsFiles]:
    """The rows in a state file of one shard."""
    marks = [pa.repeat(pa.scalar("helm_lite_part_00001"), stats.num_rows)] * 2
    state = pa.table([*marks, *stats.columns], names=["shard", "fingerprint", *stats.column_names])
    with tempfile.TemporaryDirectory() as folder:
        pq.write_table(state, Path(folder) / "state")
        yield StatisticsFiles([Path(folder) / "state"])


def scored(stats: pa.Table, release: ShownRelease, clock: Clock) -> pa.Table:
    """Rows of the contract `comprehensive_stats`, of the runs that the release shows."""
    with stored(stats) as state:
        of_runs = state.of(release.runs)
        parts = [rows for _, rows in scored_runs(of_runs, count_rows(of_runs), release, clock)]
    return pa.concat_tables([COMPREHENSIVE_STATS.schema.empty_table(), *map(COMPREHENSIVE_STATS.decode, parts)])


def shown_release(stats: pa.Table, **lower_is_better: bool) -> ShownRelease:
    """A release that shows all runs of `stats`; a high f1 is better, unless `lower_is_better` says otherwise."""
    runs = frozenset(zip(stats["suite"].to_pylist(), stats["run"].to_pylist(), strict=True))
    return ShownRelease("v1.0.0", runs, {"f1": False} | lower_is_better)

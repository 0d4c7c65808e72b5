"""The scores that are compared in pairs: main scores of runs, and aggregates of models on the main table."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.scoring.tables.comprehensive_stats import score_of
from every_eval.scoring.tables.releases import ShownRelease
from every_eval.sources.main_table import MainTable
from every_eval.sources.replicates import replicates_of, unpack
from every_eval.statistics.bootstrap import BLOCK
from every_eval.statistics.groups import BoolArray, FloatArray, IntArray

STATISTIC: Final = ("variant", "metric_name", "split", "sub_split")
"""Columns that two scores must agree in to be compared."""
SIDE: Final = ("model_name", "model_deployment", "run")
"""Columns that tell the two sides of a pair apart."""
COLUMNS: Final = (
    *STATISTIC,
    *SIDE,
    *("mean", "reported_mean", "n_scored", "boot_weight", "boot_sum", "is_main_metric", "perturbation"),
    "unscored_reason",
)
"""Columns of the contract `stats` that a comparison needs."""

CountCommon = Callable[[IntArray, IntArray], tuple[IntArray, BoolArray]]
"""From the positions of both sides of pairs to what both have in common, and whether that number is known."""


@dataclass(frozen=True)
class ComparedScores:
    """Scores to compare in pairs, in any order."""

    rows: pa.Table
    """Columns of `STATISTIC` and `SIDE`, `lower_is_better` and `score`."""
    replicates: FloatArray
    """Replicates of the scores, of shape (rows, replicates); NaN where a score was not resampled."""
    count_common: CountCommon
    """Counts the instances of two runs, or the scenarios of two models, that both sides share."""


def is_main_score(stats: pa.Table) -> pa.ChunkedArray:
    """Tell for each statistic whether it is a main score on unperturbed inputs."""
    return pc.and_(stats["is_main_metric"], stats["perturbation"].is_null())


def run_scores(stats: pa.Table, release: ShownRelease) -> ComparedScores:
    """Return the main scores of runs; each sub-split is a score of its own.

    A run that is not scored by its outputs, although it has some, is left out: it cannot be paired instance by
    instance.
    """
    rows = stats.filter(pc.and_(is_main_score(stats), stats["unscored_reason"].is_null()))
    weights = rows["boot_weight"]
    rows = rows.append_column("score", score_of(rows)).append_column("lower_is_better", release.directions(rows))
    n_scored, is_resampled = rows["n_scored"].fill_null(0).to_numpy(), weights.is_valid().to_numpy()
    # Weights follow from the instances: equal weights in every replicate mean the same instances.
    seen: dict[bytes, int] = {}
    digests = (_digest(draws) for start in range(0, len(rows), BLOCK) for draws in unpack(weights.slice(start, BLOCK)))
    instances = np.array([seen.setdefault(digest, len(seen)) for digest in digests], np.int64)

    def count_common(a: IntArray, b: IntArray) -> tuple[IntArray, BoolArray]:
        return n_scored[a], (instances[a] == instances[b]) & is_resampled[a]

    return ComparedScores(rows, replicates_of(rows), count_common)


def _digest(draws: FloatArray) -> bytes:
    return hashlib.sha256(draws.tobytes()).digest()


def model_scores(table: MainTable) -> ComparedScores:
    """Return the aggregates that rank the models of a main table: mean win rates or mean scores."""
    aggregate, n_rows = table.win_rates if table.has_win_rates else table.mean_scores, len(table.standings)
    lower = False if table.has_win_rates or not table.lower_is_better else table.lower_is_better[0]
    columns: dict[str, pa.Array] = {name: pa.nulls(n_rows, pa.string()) for name in (*STATISTIC, *SIDE)}
    for name in ("model_name", "model_deployment"):
        columns[name] = pa.array([row.facts[name] for row in table.standings], pa.string())
    columns["lower_is_better"] = pa.array([lower] * n_rows, pa.bool_())
    columns["score"] = pa.array(aggregate.values, pa.float64())
    values = [[score.value is not None for score in row.scores] for row in table.standings]
    has_value = np.array(values, np.bool_).reshape(n_rows, len(table.lower_is_better))

    def count_common(a: IntArray, b: IntArray) -> tuple[IntArray, BoolArray]:
        return np.sum(has_value[a] & has_value[b], axis=1), np.ones(len(a), np.bool_)

    replicates = np.where(aggregate.is_resampled[:, np.newaxis], aggregate.replicates, np.nan)
    return ComparedScores(pa.table(columns), replicates, count_common)

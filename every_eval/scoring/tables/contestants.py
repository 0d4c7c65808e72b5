"""What is compared in pairs: the main scores of runs, and how models stand on the main table."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.scoring.tables.comprehensive import Shown, directions, score_of
from every_eval.sources.main_table import MainTable
from every_eval.sources.replicates import resampled, unpack
from every_eval.statistics.bootstrap import DRAWN
from every_eval.statistics.groups import BoolArray, FloatArray, IntArray

STATISTIC: Final = ("variant", "metric_name", "split", "sub_split")
"""What a score is of: those are compared that agree in all of it."""
SIDE: Final = ("model_name", "model_deployment", "run")
COLUMNS: Final = (
    *STATISTIC,
    *SIDE,
    *("mean", "reported_mean", "n_scored", "boot_weight", "boot_sum", "is_main_metric", "perturbation"),
)
"""Of the contract `stats`, what is compared."""

CountCommon = Callable[[IntArray, IntArray], tuple[IntArray, BoolArray]]
"""From the positions of both sides to how much they have in common, and whether that is known."""


@dataclass(frozen=True)
class Contestants:
    """What is compared, in any order."""

    rows: pa.Table
    """Columns of `STATISTIC` and `SIDE`, `lower_is_better` and `score`."""
    replicates: FloatArray
    """Of shape (rows, replicates); NaN where a row was not resampled."""
    count_common: CountCommon


def are_compared(stats: pa.Table) -> pa.ChunkedArray:
    """Which statistics are main scores on original texts."""
    return pc.and_(stats["is_main_metric"], stats["perturbation"].is_null())


def main_scores(stats: pa.Table, shown: Shown) -> Contestants:
    """Main scores of runs, each sub-split a score of its own."""
    rows = stats.filter(are_compared(stats))
    weights = rows["boot_weight"]
    rows = rows.append_column("score", score_of(rows)).append_column("lower_is_better", directions(rows, shown))
    n_scored, is_resampled = rows["n_scored"].fill_null(0).to_numpy(), rows["boot_weight"].is_valid().to_numpy()
    # whose weights are equal in every replicate, they were drawn from the same instances
    seen: dict[bytes, int] = {}
    digests = (_digest(draws) for start in range(0, len(rows), DRAWN) for draws in unpack(weights.slice(start, DRAWN)))
    drawn = np.array([seen.setdefault(digest, len(seen)) for digest in digests], np.int64)

    def count_common(a: IntArray, b: IntArray) -> tuple[IntArray, BoolArray]:
        return n_scored[a], (drawn[a] == drawn[b]) & is_resampled[a]

    return Contestants(rows, resampled(rows), count_common)


def _digest(draws: FloatArray) -> bytes:
    return hashlib.sha256(draws.tobytes()).digest()


def standings(table: MainTable) -> Contestants:
    """What the models of a main table are ranked by."""
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
    return Contestants(pa.table(columns), replicates, count_common)

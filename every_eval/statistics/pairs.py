"""Pairs of models: their difference, and whether the paired replicates tell it from zero."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.pairs import MAIN_SCORE, MEAN_SCORE, MEAN_WIN_RATE, PAIRS
from every_eval.statistics.bootstrap import excludes_zero, percentile_interval, resampled, unpack
from every_eval.statistics.comprehensive import Shown
from every_eval.statistics.groups import BoolArray, FloatArray, IntArray
from every_eval.statistics.main_table import MainTable

STATISTIC: Final = ("variant", "metric_name", "split", "sub_split")
"""What a score is of: those are compared that agree in all of it."""
SIDE: Final = ("model_name", "model_deployment", "run")
_NUMBERS: Final = ("mean", "reported_mean", "n_scored", "boot_weight", "boot_sum")

BLOCK: Final = 1 << 14
"""Pairs that are compared at once."""

_CODES: Final = pa.dictionary(pa.int32(), pa.string())
_SCHEMA: Final = pa.schema(
    [field.with_type(_CODES) if pa.types.is_string(field.type) else field for field in PAIRS.schema],
    PAIRS.schema.metadata,
)

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


def pairs(source: str, benchmark: str, shown: Shown, stats: pa.Table, main_table: MainTable | None) -> pa.Table:
    """Rows of the contract `pairs` of one benchmark, texts that repeat as codes of a dictionary.

    Args:
        source: Name of the source.
        benchmark: Name of the benchmark.
        shown: The release that is compared in.
        stats: Rows of the contract `stats`, of the runs shown.
        main_table: The benchmark's main table; null if it has none.
    """
    shared = {"source": source, "benchmark": benchmark, "release": shown.release}
    tables = [_compare(_main_scores(stats, shown), shared | {"kind": MAIN_SCORE})]
    if main_table is not None:
        kind = MEAN_WIN_RATE if main_table.has_win_rates else MEAN_SCORE
        tables.append(_compare(_standings(main_table), shared | {"kind": kind}))
    return pa.concat_tables(tables).unify_dictionaries()


def _main_scores(stats: pa.Table, shown: Shown) -> Contestants:
    """Main scores of runs, each sub-split a score of its own."""
    is_main = pc.field("is_main_metric") & pc.field("perturbation").is_null()
    rows = stats.select([*STATISTIC, *SIDE, *_NUMBERS, "is_main_metric", "perturbation"]).filter(is_main)
    rows = rows.append_column("score", pc.coalesce(rows["mean"], rows["reported_mean"]))
    lower = [shown.lower_is_better.get(name) for name in rows["metric_name"].to_pylist()]
    rows = rows.append_column("lower_is_better", pa.array(lower, pa.bool_()))
    n_scored, weights = rows["n_scored"].fill_null(0).to_numpy(), unpack(rows["boot_weight"])
    is_resampled = ~np.isnan(weights[:, 0])
    # whose weights are equal in every replicate, they were drawn from the same instances
    seen: dict[bytes, int] = {}
    drawn = np.array([seen.setdefault(draws.tobytes(), len(seen)) for draws in weights], np.int64)

    def count_common(a: IntArray, b: IntArray) -> tuple[IntArray, BoolArray]:
        return n_scored[a], (drawn[a] == drawn[b]) & is_resampled[a]

    return Contestants(rows, resampled(rows), count_common)


def _standings(table: MainTable) -> Contestants:
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


def _compare(contestants: Contestants, shared: Mapping[str, str]) -> pa.Table:
    """A row for each pair, in the order of the key."""
    rows = contestants.rows
    order = pc.sort_indices(rows, [(name, "ascending") for name in (*STATISTIC, *SIDE)]).to_numpy().astype(np.int64)
    order = order[rows["score"].is_valid().to_numpy()[order]]
    a, b = (order[side] for side in _pair_up(_starts(rows.select(STATISTIC).take(order))))
    difference, low, high = _differences(rows["score"].to_numpy(), contestants.replicates, a, b)
    n_common, is_known = contestants.count_common(a, b)
    is_missing = np.isnan(low)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        "difference": pa.array(difference),
        "ci_low": pa.array(low, mask=is_missing),
        "ci_high": pa.array(high, mask=is_missing),
        "excludes_zero": pa.array(excludes_zero(low, high), mask=is_missing),
        "n_common": pa.array(n_common, pa.int64(), mask=~is_known),
        "lower_is_better": rows["lower_is_better"].take(a),
        **{name: rows[name].dictionary_encode().take(a) for name in STATISTIC},
        **{name: pa.repeat(pa.scalar(value), len(a)).dictionary_encode() for name, value in shared.items()},
    }
    for side, positions in (("a", a), ("b", b)):
        columns |= {f"{name}_{side}": rows[name].dictionary_encode().take(positions) for name in SIDE}
        columns[f"score_{side}"] = rows["score"].take(positions)
    return pa.table([columns[name] for name in _SCHEMA.names], schema=_SCHEMA)


def _starts(rows: pa.Table) -> IntArray:
    """Where each group of rows that agree in `STATISTIC` starts, and where the last one ends."""
    is_first = np.zeros(rows.num_rows, np.bool_)
    is_first[:1] = True
    for name in STATISTIC:
        codes = rows[name].combine_chunks().dictionary_encode(null_encoding="encode").indices.to_numpy()
        is_first[1:] |= codes[1:] != codes[:-1]
    return np.append(np.flatnonzero(is_first), rows.num_rows)


def _pair_up(starts: IntArray) -> tuple[IntArray, IntArray]:
    """Positions of both sides of every pair within a group."""
    sides = [np.array(np.triu_indices(size, 1)) + start for start, size in zip(starts, np.diff(starts), strict=False)]
    first, second = np.concatenate(sides, axis=1) if sides else np.zeros((2, 0), np.int64)
    return first, second


def _differences(
    scores: FloatArray, replicates: FloatArray, a: IntArray, b: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Differences a - b and the ends of their intervals, in blocks: a million pairs' replicates take gigabytes."""
    low, high = np.empty(len(a)), np.empty(len(a))
    for start in range(0, len(a), BLOCK):
        block = slice(start, start + BLOCK)
        low[block], high[block] = percentile_interval(replicates[a[block]] - replicates[b[block]])
    return scores[a] - scores[b], low, high

"""Pairs of models: their difference, and whether the paired replicates tell it from zero."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.coding import CODES
from every_eval.contracts.pairs import MAIN_SCORE, MEAN_SCORE, MEAN_WIN_RATE, PAIRS
from every_eval.scoring.tables.comprehensive import Shown
from every_eval.scoring.tables.contestants import SIDE, STATISTIC, Contestants, main_scores, standings
from every_eval.sources.main_table import MainTable
from every_eval.statistics.bootstrap import excludes_zero, percentile_interval
from every_eval.statistics.groups import FloatArray, IntArray

BLOCK: Final = 1 << 14
"""Pairs that are compared at once."""

_SCHEMA: Final = pa.schema(
    [field.with_type(CODES) if pa.types.is_string(field.type) else field for field in PAIRS.schema],
    PAIRS.schema.metadata,
)

Texts = Mapping[str, pa.DictionaryArray]
"""Columns of `STATISTIC` and `SIDE`."""


def pairs(
    source: str, benchmark: str, shown: Shown, stats: pa.Table, main_table: MainTable | None
) -> Iterator[pa.Table]:
    """Rows of the contract `pairs` of one benchmark in pieces, texts that repeat as codes of a dictionary.

    Args:
        source: Name of the source.
        benchmark: Name of the benchmark.
        shown: The release that is compared in.
        stats: `COLUMNS` of rows of the contract `stats`, of the runs shown: `are_compared` says which.
        main_table: The benchmark's main table; null if it has none.
    """
    shared = {"source": source, "benchmark": benchmark, "release": shown.release}
    yield from _compare(main_scores(stats, shown), shared | {"kind": MAIN_SCORE})
    if main_table is not None:
        kind = MEAN_WIN_RATE if main_table.has_win_rates else MEAN_SCORE
        yield from _compare(standings(main_table), shared | {"kind": kind})


def _compare(contestants: Contestants, shared: Mapping[str, str]) -> Iterator[pa.Table]:
    """A row for each pair, in the order of the key, in pieces of whole groups."""
    texts = {name: contestants.rows[name].combine_chunks() for name in (*STATISTIC, *SIDE)}
    texts = {name: one if pa.types.is_dictionary(one.type) else one.dictionary_encode() for name, one in texts.items()}
    order = np.lexsort([_places(texts[name]) for name in reversed((*STATISTIC, *SIDE))])
    order = order[contestants.rows["score"].is_valid().to_numpy()[order]]
    starts = _starts([_places(texts[name])[order] for name in STATISTIC])
    for groups in _blocks(starts):
        a, b = (order[side] for side in _pair_up(groups))
        if len(a):
            yield _table(contestants, texts, shared, a, b)


def _places(texts: pa.DictionaryArray) -> IntArray:
    """Numbers that are in the order of the texts, null last."""
    ranks = np.empty(len(texts.dictionary) + 1, np.int64)
    ranks[pc.sort_indices(texts.dictionary).to_numpy()] = np.arange(len(texts.dictionary))
    ranks[-1] = len(texts.dictionary)
    places: IntArray = ranks[pc.fill_null(texts.indices, len(texts.dictionary)).to_numpy()]
    return places


def _table(contestants: Contestants, texts: Texts, shared: Mapping[str, str], a: IntArray, b: IntArray) -> pa.Table:
    rows = contestants.rows
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
        **{name: texts[name].take(a) for name in STATISTIC},
        **{name: pa.repeat(pa.scalar(value), len(a)).dictionary_encode() for name, value in shared.items()},
    }
    for side, positions in (("a", a), ("b", b)):
        columns |= {f"{name}_{side}": texts[name].take(positions) for name in SIDE}
        columns[f"score_{side}"] = rows["score"].take(positions)
    return pa.table([columns[name] for name in _SCHEMA.names], schema=_SCHEMA)


def _starts(codes: Sequence[IntArray]) -> IntArray:
    """Where each group of rows that agree in all codes starts, and where the last one ends."""
    is_first = np.zeros(len(codes[0]), np.bool_)
    is_first[:1] = True
    for of_rows in codes:
        is_first[1:] |= of_rows[1:] != of_rows[:-1]
    return np.append(np.flatnonzero(is_first), len(codes[0]))


def _blocks(starts: IntArray) -> Iterator[IntArray]:
    """The starts and the last end of groups that have about `BLOCK` pairs together, or are one group."""
    sizes = np.diff(starts)
    block = np.cumsum(sizes * (sizes - 1) // 2) // BLOCK
    for number in np.unique(block).tolist():
        groups = np.flatnonzero(block == number)
        yield starts[groups[0] : groups[-1] + 2]


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

"""Rows of pairs: the difference of each two models, and whether the paired replicates tell it from zero."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.dictionary_encoding import CODES
from every_eval.contracts.pairs import MAIN_SCORE, MEAN_SCORE, MEAN_WIN_RATE, PAIRS
from every_eval.scoring.tables.compared_scores import SIDE, STATISTIC, ComparedScores, model_scores, run_scores
from every_eval.scoring.tables.releases import ShownRelease
from every_eval.sources.main_table import MainTable
from every_eval.statistics.bootstrap import excludes_zero, percentile_interval
from every_eval.statistics.groups import FloatArray, IntArray

BLOCK: Final = 1 << 14
"""Number of pairs that are compared at once."""

_SCHEMA: Final = pa.schema(
    [field.with_type(CODES) if pa.types.is_string(field.type) else field for field in PAIRS.schema],
    PAIRS.schema.metadata,
)

Texts = Mapping[str, pa.DictionaryArray]
"""Columns of `STATISTIC` and `SIDE`, by name."""


def pairs(
    source: str, benchmark: str, release: ShownRelease, stats: pa.Table, main_table: MainTable | None
) -> Iterator[pa.Table]:
    """Yield rows of the contract `pairs` of one benchmark in pieces; texts are dictionary columns.

    Args:
        source: Name of the source.
        benchmark: Name of the benchmark.
        release: The release whose runs are compared.
        stats: `COLUMNS` of rows of the contract `stats`, of runs that the release shows; `is_main_score` chooses rows.
        main_table: Main table of the benchmark; null if it has none.
    """
    shared = {"source": source, "benchmark": benchmark, "release": release.name}
    yield from _compare(run_scores(stats, release), shared | {"kind": MAIN_SCORE})
    if main_table is not None:
        kind = MEAN_WIN_RATE if main_table.has_win_rates else MEAN_SCORE
        yield from _compare(model_scores(main_table), shared | {"kind": kind})


def _compare(scores: ComparedScores, shared: Mapping[str, str]) -> Iterator[pa.Table]:
    """Yield a row for each pair, in the order of the key, in pieces that cut no group."""
    texts = {name: scores.rows[name].combine_chunks() for name in (*STATISTIC, *SIDE)}
    texts = {name: one if pa.types.is_dictionary(one.type) else one.dictionary_encode() for name, one in texts.items()}
    order = np.lexsort([_sort_codes(texts[name]) for name in reversed((*STATISTIC, *SIDE))])
    order = order[scores.rows["score"].is_valid().to_numpy()[order]]
    starts = _starts([_sort_codes(texts[name])[order] for name in STATISTIC])
    for groups in _blocks(starts):
        a, b = (order[side] for side in _pair_up(groups))
        if len(a):
            yield _table(scores, texts, shared, a, b)


def _sort_codes(texts: pa.DictionaryArray) -> IntArray:
    """Return numbers that sort as the texts do, null last."""
    ranks = np.empty(len(texts.dictionary) + 1, np.int64)
    ranks[pc.sort_indices(texts.dictionary).to_numpy()] = np.arange(len(texts.dictionary))
    ranks[-1] = len(texts.dictionary)
    codes: IntArray = ranks[pc.fill_null(texts.indices, len(texts.dictionary)).to_numpy()]
    return codes


def _table(scores: ComparedScores, texts: Texts, shared: Mapping[str, str], a: IntArray, b: IntArray) -> pa.Table:
    rows = scores.rows
    difference, low, high = _differences(rows["score"].to_numpy(), scores.replicates, a, b)
    n_common, is_known = scores.count_common(a, b)
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
    """Return where each group of rows that agree in all codes starts, and where the last group ends."""
    is_first = np.zeros(len(codes[0]), np.bool_)
    is_first[:1] = True
    for column in codes:
        is_first[1:] |= column[1:] != column[:-1]
    return np.append(np.flatnonzero(is_first), len(codes[0]))


def _blocks(starts: IntArray) -> Iterator[IntArray]:
    """Yield starts of groups, and the end of the last, of about `BLOCK` pairs together, or of one larger group."""
    sizes = np.diff(starts)
    block = np.cumsum(sizes * (sizes - 1) // 2) // BLOCK
    for number in np.unique(block).tolist():
        groups = np.flatnonzero(block == number)
        yield starts[groups[0] : groups[-1] + 2]


def _pair_up(starts: IntArray) -> tuple[IntArray, IntArray]:
    """Return the positions of both sides of every pair within a group."""
    sides = [np.array(np.triu_indices(size, 1)) + start for start, size in zip(starts, np.diff(starts), strict=False)]
    first, second = np.concatenate(sides, axis=1) if sides else np.zeros((2, 0), np.int64)
    return first, second


def _differences(
    scores: FloatArray, replicates: FloatArray, a: IntArray, b: IntArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return the differences a - b and the ends of their intervals.

    The work is done in blocks, as the replicates of a million pairs take gigabytes.
    """
    low, high = np.empty(len(a)), np.empty(len(a))
    for start in range(0, len(a), BLOCK):
        block = slice(start, start + BLOCK)
        low[block], high[block] = percentile_interval(replicates[a[block]] - replicates[b[block]])
    return scores[a] - scores[b], low, high

"""Rows of pairs: the difference of each two models on the items that both have, with its interval and tests."""

from collections.abc import Iterator, Mapping
from typing import Final

import numpy as np
import pyarrow as pa

from every_eval.contracts.dictionary_encoding import CODES
from every_eval.contracts.pairs import MAIN_SCORE, MEAN_SCORE, MEAN_WIN_RATE, PAIRS
from every_eval.scoring.comparisons.cell_strata import cell_strata
from every_eval.scoring.responses.response_store import ResponseStore
from every_eval.scoring.tables.adjusted_p_values import adjust_p_values
from every_eval.scoring.tables.compared_scores import (
    SIDE,
    STATISTIC,
    cells_of,
    groups,
    model_scores,
    run_scores,
    texts_of,
)
from every_eval.scoring.tables.compared_table import ComparedTable
from every_eval.scoring.tables.comparison_columns import mean_score_columns, run_columns, win_rate_columns
from every_eval.scoring.tables.releases import ShownRelease
from every_eval.statistics.groups import IntArray
from every_eval.statistics.paired_comparison import all_pairs, compare

BLOCK: Final = 1 << 14
"""Number of rows in a piece, from which on the piece is complete."""

_SCHEMA: Final = pa.schema(
    [field.with_type(CODES) if pa.types.is_string(field.type) else field for field in PAIRS.schema],
    PAIRS.schema.metadata,
)


def pairs(
    place: Mapping[str, str],
    release: ShownRelease,
    stats: pa.Table,
    store: ResponseStore,
    compared: ComparedTable | None,
) -> Iterator[pa.Table]:
    """Yield rows of the contract `pairs` of one benchmark in pieces; texts are dictionary columns.

    Args:
        place: Values of the columns source, benchmark and release.
        release: The release whose runs are compared.
        stats: `COLUMNS` of rows of the contract `stats`, of runs that the release shows; `is_main_score` chooses rows.
        store: Responses of the statistics.
        compared: Main table of the benchmark with the comparisons of its models; null if it has no main table.
    """
    yield from adjust_p_values(_in_blocks(_of_runs(place, run_scores(stats, release), store)))
    if compared is not None:
        yield from adjust_p_values(_of_models(place, compared))


def _in_blocks(pieces: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Yield the same rows in fewer and larger pieces."""
    pending: list[pa.Table] = []
    for piece in pieces:
        pending.append(piece)
        if sum(map(len, pending)) >= BLOCK:
            yield pa.concat_tables(pending).unify_dictionaries()
            pending = []
    if pending:
        yield pa.concat_tables(pending).unify_dictionaries()


def _of_runs(place: Mapping[str, str], rows: pa.Table, store: ResponseStore) -> Iterator[pa.Table]:
    """Yield the pairs of each group of runs, in the order of the key."""
    for group in groups(texts_of(rows)):
        of_group = rows.take(pa.array(group))
        a, b = all_pairs(len(group))
        if len(a):
            compared = compare(list(cell_strata(store, 0, cells_of(of_group))), a, b)
            yield _table({**place, "kind": MAIN_SCORE}, of_group, (a, b), run_columns(compared))


def _of_models(place: Mapping[str, str], compared: ComparedTable) -> Iterator[pa.Table]:
    """Yield the pairs of models of a main table that both have the aggregate."""
    table, board = compared.table, compared.board
    lower = table.lower_is_better[0] if table.lower_is_better else None
    aggregates = [(MEAN_SCORE, table.mean_scores, lower, mean_score_columns(board))]
    if table.has_win_rates:
        aggregates.append((MEAN_WIN_RATE, table.win_rates, False, win_rate_columns(compared)))
    for kind, values, lower_is_better, columns in aggregates:
        rows = model_scores(table, values, lower_is_better)
        is_known = rows["score"].is_valid().to_numpy()
        chosen = np.flatnonzero(is_known[board.a] & is_known[board.b])
        if len(chosen):
            of_pairs = {name: column.take(pa.array(chosen)) for name, column in columns.items()}
            yield _table({**place, "kind": kind}, rows, (board.a[chosen], board.b[chosen]), of_pairs)


def _table(
    shared: Mapping[str, str], rows: pa.Table, pair: tuple[IntArray, IntArray], columns: Mapping[str, pa.Array]
) -> pa.Table:
    """Return the rows of pairs of scores, from the columns of their comparison."""
    texts, (a, b) = texts_of(rows), pair
    of_rows: dict[str, pa.Array | pa.ChunkedArray] = {
        "lower_is_better": rows["lower_is_better"].take(pa.array(a)),
        **{name: texts[name].take(pa.array(a)) for name in STATISTIC},
        **{name: pa.repeat(pa.scalar(value), len(a)).dictionary_encode() for name, value in shared.items()},
    }
    for side, positions in (("a", pa.array(a)), ("b", pa.array(b))):
        of_rows |= {f"{name}_{side}": texts[name].take(positions) for name in SIDE}
        of_rows[f"score_{side}"] = rows["score"].take(positions)
    of_rows |= columns
    return pa.table([of_rows[name] for name in _SCHEMA.names], schema=_SCHEMA)

"""The scores that are compared in pairs: main scores of runs, and aggregates of models on the main table."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.scoring.comparisons.cell_strata import Cell
from every_eval.scoring.tables.comprehensive_stats import score_of
from every_eval.scoring.tables.releases import ShownRelease
from every_eval.sources.distinct import to_list
from every_eval.sources.main_table import MainTable
from every_eval.sources.statistic_key import PooledStatistic, StatisticKey
from every_eval.statistics.groups import IntArray

STATISTIC: Final = ("variant", "metric_name", "split", "sub_split")
"""Columns that two scores must agree in to be compared."""
SIDE: Final = ("model_name", "model_deployment", "run")
"""Columns that tell the two sides of a pair apart."""
COLUMNS: Final = (
    *STATISTIC,
    *SIDE,
    *("suite", "mean", "reported_mean", "is_main_metric", "perturbation", "unscored_reason"),
)
"""Columns of the contract `stats` that a comparison needs."""

Texts = Mapping[str, pa.DictionaryArray]
"""Columns of `STATISTIC` and `SIDE`, by name."""


def is_main_score(stats: pa.Table) -> pa.ChunkedArray:
    """Tell for each statistic whether it is a main score on unperturbed inputs."""
    return pc.and_(stats["is_main_metric"], stats["perturbation"].is_null())


def run_scores(stats: pa.Table, release: ShownRelease) -> pa.Table:
    """Return the main scores of runs, with `score` and `lower_is_better`; each sub-split is a score of its own.

    A run that is not scored by its outputs, although it has some, is left out: its items are not those of the score.
    """
    rows = stats.filter(pc.and_(is_main_score(stats), stats["unscored_reason"].is_null()))
    rows = rows.append_column("score", score_of(rows)).append_column("lower_is_better", release.directions(rows))
    return rows.filter(rows["score"].is_valid())


def cells_of(rows: pa.Table) -> list[Cell]:
    """Return the statistic behind each main score of runs; nothing behind a score that the source reported."""
    keys = map(StatisticKey._make, zip(*(to_list(rows[name]) for name in StatisticKey._fields), strict=True))
    means = rows["mean"].to_pylist()
    return [() if mean is None else (PooledStatistic(key, 1, mean),) for key, mean in zip(keys, means, strict=True)]


def model_scores(table: MainTable, values: Sequence[float | None], lower_is_better: bool | None) -> pa.Table:
    """Return aggregates of the models of a main table, one row for each model, with the columns of `run_scores`."""
    n_rows = len(table.standings)
    columns: dict[str, pa.Array] = {name: pa.nulls(n_rows, pa.string()) for name in (*STATISTIC, *SIDE)}
    for name in ("model_name", "model_deployment"):
        columns[name] = pa.array([row.facts[name] for row in table.standings], pa.string())
    columns["score"] = pa.array(values, pa.float64())
    columns["lower_is_better"] = pa.array([lower_is_better] * n_rows, pa.bool_())
    return pa.table(columns)


def texts_of(rows: pa.Table) -> Texts:
    """Return the columns that identify the scores as dictionary columns."""
    texts = {name: rows[name].unify_dictionaries().combine_chunks() for name in (*STATISTIC, *SIDE)}
    return {name: one if pa.types.is_dictionary(one.type) else one.dictionary_encode() for name, one in texts.items()}


def groups(texts: Texts) -> Iterator[IntArray]:
    """Yield for each statistic the positions of its scores, which are compared with each other, by model."""
    codes = {name: _sort_codes(column) for name, column in texts.items()}
    order = np.lexsort([codes[name] for name in reversed((*STATISTIC, *SIDE))])
    is_first = np.zeros(len(order), np.bool_)
    for name in STATISTIC:
        is_first[1:] |= np.diff(codes[name][order]) != 0
    yield from np.split(order, np.flatnonzero(is_first))


def _sort_codes(texts: pa.DictionaryArray) -> IntArray:
    """Return a number for each text, so that the numbers have the order of the texts, and null comes last."""
    ranks = np.empty(len(texts.dictionary) + 1, np.int64)
    ranks[pc.sort_indices(texts.dictionary).to_numpy()] = np.arange(len(texts.dictionary))
    ranks[-1] = len(texts.dictionary)
    codes: IntArray = ranks[pc.fill_null(texts.indices, len(texts.dictionary)).to_numpy()]
    return codes

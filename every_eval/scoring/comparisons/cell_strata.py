"""The items behind the scores of models in a column, as strata that can be compared."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from every_eval.scoring.comparisons.item_values import item_values
from every_eval.scoring.responses.response_store import ResponseStore
from every_eval.sources.statistic_key import PooledStatistic
from every_eval.statistics.groups import FloatArray, IntArray
from every_eval.statistics.strata import Stratum

Cell = Sequence[PooledStatistic]
"""Statistics that a model's score in a column pools; none if the model has no score from outputs."""
_StratumKey = tuple[str | None, ...]
"""Dataset, task, split and sub-split."""


class _ModelItems(NamedTuple):
    """Values of one model on the items of a stratum, sorted by item, and the stratum's weight in the model's score."""

    items: IntArray
    values: FloatArray
    weight: float


def cell_strata(store: ResponseStore, column: int, cells: Sequence[Cell]) -> Iterator[Stratum]:
    """Yield the strata of a column that at least two models have items of, in the order of their names.

    Args:
        store: Responses of all statistics.
        column: Number of the column.
        cells: Score of each model in the column.
    """
    by_stratum: dict[_StratumKey, dict[int, list[PooledStatistic]]] = defaultdict(lambda: defaultdict(list))
    for row, cell in enumerate(cells):
        for statistic in (part for whole in cell for part in store.parts(whole)):
            key = statistic.key
            if key in store.statistics:
                scenario = store.scenarios[key.suite, key.run]
                by_stratum[*scenario, key.split, key.sub_split][row].append(statistic)
    for name in sorted(by_stratum, key=lambda name: tuple(part or "" for part in name)):
        of_rows = by_stratum[name]
        if len(of_rows) > 1:
            models = {row: _model_items(store, statistics) for row, statistics in of_rows.items()}
            yield _stratum(column, len(cells), models)


def _stratum(column: int, n_models: int, models: dict[int, _ModelItems]) -> Stratum:
    items = np.unique(np.concatenate([model.items for model in models.values()]))
    values, weights = np.full((n_models, len(items)), np.nan), np.zeros(n_models)
    for row, model in models.items():
        values[row, np.searchsorted(items, model.items)] = model.values
        weights[row] = model.weight
    return Stratum.of(column, items, values, weights)


def _model_items(store: ResponseStore, statistics: Sequence[PooledStatistic]) -> _ModelItems:
    """Return the values of one or several runs of a model on the same scenario, weighted as in the score."""
    found = [(store.responses(statistic.key), statistic) for statistic in statistics]
    values = [item_values(responses, statistic.mean) for responses, statistic in found]
    weight = sum(statistic.weight for statistic in statistics)
    if len(found) == 1:
        return _ModelItems(found[0][0].item, values[0], weight)
    items, position = np.unique(np.concatenate([responses.item for responses, _ in found]), return_inverse=True)
    each = np.repeat([statistic.weight for statistic in statistics], [len(part) for part in values])
    total = np.bincount(position, each, len(items))
    return _ModelItems(items, np.bincount(position, each * np.concatenate(values), len(items)) / total, weight)

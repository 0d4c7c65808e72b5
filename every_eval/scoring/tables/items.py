"""Rows of items: how the runs of a variant do on each of its questions."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pyarrow as pa

from every_eval.contracts.items import ITEMS
from every_eval.scoring.responses.instance_names import Names
from every_eval.scoring.tables.evaluated_runs import EvaluatedRun, MetricKey
from every_eval.scoring.tables.response_matrix import ResponseMatrix
from every_eval.sources.columns import build_table, dictionary_array
from every_eval.sources.statistic_key import StatisticKey
from every_eval.statistics.groups import FloatArray, IntArray
from every_eval.statistics.item_analysis import analyse_items

NameItems = Callable[[StatisticKey, IntArray], Names]
"""From a statistic and the numbers of items that it is over to the names of these items."""


def items(
    place: Mapping[str, str],
    runs: Sequence[EvaluatedRun],
    metric: MetricKey,
    matrix: ResponseMatrix,
    lower_is_better: bool | None,
    name_items: NameItems,
) -> pa.Table:
    """Return rows of the contract `items` for one main metric of one variant, sorted by the names of the items.

    Args:
        place: Values of the columns source, benchmark and release.
        runs: The runs of the variant that the release shows, sorted by suite and name; at least one.
        metric: The main metric.
        matrix: Values of the metric on the original texts, with a column for each run; each item has a value.
        lower_is_better: Direction of the metric; null if it has none.
        name_items: Looks up the names of items.
    """
    found = analyse_items(matrix.values.T)
    is_undefined = np.isnan(found.discrimination)
    columns = {
        **_text(runs, metric, matrix, name_items),
        **_shares(matrix.values, found.n_models, lower_is_better),
        "n_models": pa.array(found.n_models),
        "mean": pa.array(found.mean),
        "difficulty": _difficulty(found.deficit, lower_is_better),
        "discrimination": pa.array(found.discrimination, mask=is_undefined),
        "discrimination_error": pa.array(found.error, mask=is_undefined),
        "is_suspicious": pa.array(found.is_suspicious, mask=is_undefined),
    }
    facts = {name: runs[0].columns[name] for name in ("variant", "dataset_name", "task")}
    shared = {**place, **metric._asdict(), **facts}
    rows = build_table(ITEMS, len(matrix.items), columns, shared)
    return rows.sort_by([("item", "ascending"), ("instance_id", "ascending")])


def _text(
    runs: Sequence[EvaluatedRun], metric: MetricKey, matrix: ResponseMatrix, name_items: NameItems
) -> dict[str, pa.Array]:
    """Return the names of the items, and where their texts are: in the first run that has a value on the item."""
    holder = np.argmax(~np.isnan(matrix.values), axis=1)
    order, parts = [], []
    for number in np.unique(holder).tolist():
        chosen = np.flatnonzero(holder == number)
        order.append(chosen)
        parts.append(name_items(runs[number].statistic(metric), matrix.items[chosen]))
    back = pa.array(np.argsort(np.concatenate(order)))
    names = Names(*(pa.concat_arrays(list(texts)).take(back) for texts in zip(*parts, strict=True)))
    return {
        "item": names.items,
        "instance_id": names.instance_ids,
        "suite": dictionary_array(holder, [run.key[0] for run in runs]),
        "run": dictionary_array(holder, [run.key[1] for run in runs]),
        "shard": dictionary_array(holder, [run.shard for run in runs]),
    }


def _difficulty(deficit: FloatArray, lower_is_better: bool | None) -> pa.Array:
    if lower_is_better is None:
        return pa.nulls(len(deficit), pa.float64())
    return pa.array(-deficit if lower_is_better else deficit)


def _shares(values: FloatArray, n_models: IntArray, lower_is_better: bool | None) -> dict[str, pa.Array]:
    """Return the columns that count right and wrong answers; null unless 0 and 1 are the worst and the best value."""
    names = ("n_right", "n_wrong"), ("all_right", "all_wrong")
    if lower_is_better is None or np.nanmin(values) < 0 or np.nanmax(values) > 1:
        kinds = (pa.int64(), pa.bool_())
        return {name: pa.nulls(len(values), kind) for of, kind in zip(names, kinds, strict=True) for name in of}
    ends = (0.0, 1.0) if lower_is_better else (1.0, 0.0)
    counts = [np.count_nonzero(values == end, axis=1) for end in ends]
    columns = {name: pa.array(count) for name, count in zip(names[0], counts, strict=True)}
    return columns | {name: pa.array(count == n_models) for name, count in zip(names[1], counts, strict=True)}

"""Make the rows of the table `metrics`: one row per value of a samples file."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from every_eval.contracts.metrics import METRICS
from every_eval.sources.columns import build_table, dictionary_array, without_nan
from every_eval.sources.eval_harness.sample_rows import ScoredRow
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.source import Run
from every_eval.statistics.groups import divide
from every_eval.statistics.nulls import to_array


def metrics_table(rows: Sequence[ScoredRow], task: Task, run: Run) -> pa.Table:
    """Return rows of the table `metrics`, in the order of the samples file.

    A pair of a log-likelihood and a number of words or bytes is a sum over as many values; the single values, and so
    `min` and `max`, are unknown.
    """
    values = [value for row in rows for value in row.values]
    places = np.repeat(np.arange(len(rows)), [len(row.values) for row in rows])
    counts = np.array([value.count for value in values], np.int64)
    sums = to_array([value.sum for value in values])
    is_pair = np.array([not value.is_single for value in values], np.bool_)
    single = pa.array(sums, mask=np.isnan(sums) | is_pair)
    means = divide(sums, counts)
    columns: dict[str, Any] = {
        "instance_id": dictionary_array(places, [row.instance_id for row in rows]),
        "occurrence": np.array([row.occurrence for row in rows], np.int64)[places],
        "metric_name": pa.array([value.metric_name for value in values]).dictionary_encode(),
        "count": counts,
        "sum": without_nan(sums),
        "min": single,
        "max": single,
        "value": without_nan(means),
    }
    return build_table(METRICS, len(values), columns, task.shared(run))

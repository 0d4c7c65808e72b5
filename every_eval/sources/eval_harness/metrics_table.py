"""Make the rows of the table `metrics`: one row per value of a samples file."""

from collections.abc import Sequence

import pyarrow as pa

from every_eval.contracts.metrics import METRICS
from every_eval.sources.columns import build_table
from every_eval.sources.eval_harness.sample_rows import ScoredRow
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.source import Run


def metrics_table(rows: Sequence[ScoredRow], task: Task, run: Run) -> pa.Table:
    """Return rows of the table `metrics`, in the order of the samples file.

    A pair of a log-likelihood and a number of words or bytes is a sum over as many values; the single values, and so
    `min` and `max`, are unknown.
    """
    pairs = [(row, value) for row in rows for value in row.values]
    sums = [value.sum for _, value in pairs]
    single = [value.sum if value.is_single else None for _, value in pairs]
    counts = [value.count for _, value in pairs]
    columns = {
        "instance_id": [row.instance_id for row, _ in pairs],
        "occurrence": [row.occurrence for row, _ in pairs],
        "metric_name": [value.metric_name for _, value in pairs],
        "count": counts,
        "sum": sums,
        "min": single,
        "max": single,
        "value": [total / n if total is not None and n else None for total, n in zip(sums, counts, strict=True)],
    }
    return build_table(METRICS, len(pairs), columns, task.shared(run))

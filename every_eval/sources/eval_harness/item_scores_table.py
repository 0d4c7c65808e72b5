"""Make the rows of the table `item_scores`: the main metric of a task on each document."""

from collections.abc import Sequence

import pyarrow as pa

from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.sources.columns import build_table
from every_eval.sources.eval_harness.clusters import cluster_of
from every_eval.sources.eval_harness.question import Question
from every_eval.sources.eval_harness.sample_rows import ScoredRow
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.items import item
from every_eval.sources.source import Run


def item_scores_table(
    rows: Sequence[ScoredRow], questions: Sequence[Question], inputs: Sequence[str], task: Task, run: Run
) -> pa.Table:
    """Return rows of the table `item_scores`, in the order of the samples file.

    Args:
        rows: Rows of a samples file, one for each document and filter.
        questions: Question of each row.
        inputs: Value of the column `raw_input` of `samples` for each row.
        task: The task, whose main metric belongs to one of the filters.
        run: The run of the task.
    """
    found = [
        (row.instance_id, _item(text, question), cluster_of(row.sample.doc), value)
        for row, question, text in zip(rows, questions, inputs, strict=True)
        for value in row.values
        if value.metric_name == task.main_metric
    ]
    instance_ids, items, clusters, values = zip(*found, strict=True) if found else [()] * 4
    columns = {
        "instance_id": instance_ids,
        "item": items,
        "cluster": clusters,
        "value": [value.sum / value.count if value.sum is not None and value.count else None for value in values],
        "n_trials": [int(value.sum is not None and value.count > 0) for value in values],
        "numerator": [None if value.is_single else value.sum for value in values],
        "denominator": [None if value.is_single else float(value.count) for value in values],
    }
    shared = {**task.shared(run), "metric_name": task.main_metric}
    return build_table(ITEM_SCORES, len(found), columns, shared)


def _item(text: str, question: Question) -> str | None:
    if not text:
        return None
    correct = question.positions or ()
    references = [(answer, ["correct"] if place in correct else []) for place, answer in enumerate(question.texts)]
    return item(text, [], references)

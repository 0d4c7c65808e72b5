"""Make the rows of the table `item_scores`: the main metric of a task on each document."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.sources.columns import build_table
from every_eval.sources.eval_harness.question import Question
from every_eval.sources.eval_harness.sample_rows import ScoredRow
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.items import items
from every_eval.sources.references import tagged
from every_eval.sources.source import Run


def item_scores_table(
    rows: Sequence[ScoredRow],
    questions: Sequence[tuple[str, Question]],
    clusters: Mapping[int, str],
    task: Task,
    run: Run,
) -> pa.Table:
    """Return rows of the table `item_scores`, in the order of the samples file.

    Args:
        rows: Rows of a samples file, one for each document and filter.
        questions: Value of the column `raw_input` of `samples` for each row, and the row's question.
        clusters: Cluster of each document by its number, of documents that name one.
        task: The task, whose main metric belongs to one of the filters.
        run: The run of the task.
    """
    main = task.main_metric
    places = [(place, value) for place, row in enumerate(rows) for value in row.values if value.metric_name == main]
    documents = [rows[place].sample.doc_id for place, _ in places]
    values = [value for _, value in places]
    columns = {
        "instance_id": list(map(str, documents)),
        "item": _items([questions[place] for place, _ in places]),
        "cluster": list(map(clusters.get, documents)),
        "value": [value.sum / value.count if value.sum is not None and value.count else None for value in values],
        "n_trials": [int(value.sum is not None and value.count > 0) for value in values],
        "numerator": [None if value.is_single else value.sum for value in values],
        "denominator": [None if value.is_single else float(value.count) for value in values],
    }
    shared = {**task.shared(run), "metric_name": main}
    return build_table(ITEM_SCORES, len(values), columns, shared)


def _items(questions: Sequence[tuple[str, Question]]) -> list[str | None]:
    """Return the digest of each question; null for an empty text."""
    found = items((text, (), tagged(question.texts, question.positions or ())) for text, question in questions)
    return [digest if text else None for digest, (text, _) in zip(found, questions, strict=True)]

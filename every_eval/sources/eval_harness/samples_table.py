"""Make the rows of the table `samples`: one row per document and filter."""

import hashlib
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.samples import SAMPLES
from every_eval.sources.columns import build_table
from every_eval.sources.eval_harness.aggregations import aggregation_of
from every_eval.sources.eval_harness.question import Question
from every_eval.sources.eval_harness.sample_rows import ScoredRow
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.source import Run


def samples_table(rows: Sequence[ScoredRow], questions: Sequence[Question], task: Task, run: Run) -> pa.Table:
    """Return rows of the table `samples`, each with its question, in the order of the samples file."""
    main = {name: task.main_metric_of([name]) for name in {row.sample.filter for row in rows}}
    columns: dict[str, list[Any]] = {
        "evaluation_id": [evaluation_id(run, row) for row in rows],
        "hf_index": [row.sample.doc_id if task.is_on_hub else None for row in rows],
        "raw_input": [canonical_json(row.sample.doc) for row in rows],
        "ground_truth": [question.correct for question in questions],
        "output": [text(row.sample.filtered_resps) for row in rows],
        "evaluation_method_name": [main[row.sample.filter] for row in rows],
        "evaluation_score": [score(row, main[row.sample.filter], task) for row in rows],
        "instance_id": [row.instance_id for row in rows],
        "occurrence": [row.occurrence for row in rows],
        "prompt": [question.prompt for question in questions],
        "references": [question.references for question in questions],
        "truncated_output": [None] * len(rows),
        "mapped_output": [question.chosen for question in questions],
        "responses": [responses(row.sample.resps) for row in rows],
    }
    return build_table(SAMPLES, len(rows), columns, task.shared(run))


def evaluation_id(run: Run, row: ScoredRow) -> str:
    """Return the SHA-256 digest of the sample's key, as the documentation of the column states."""
    identity = [run.source, run.benchmark, run.suite, run.name]
    return hashlib.sha256(
        canonical_json([*identity, row.instance_id, None, 0, None, row.occurrence]).encode()
    ).hexdigest()


def score(row: ScoredRow, metric: str | None, task: Task) -> float | None:
    """Return the row's value of a metric; null if the metric is not defined for a single row, such as perplexity."""
    value = next((value for value in row.values if value.metric_name == metric), None)
    if value is None or metric is None:
        return None
    aggregation = aggregation_of(task.config, metric.partition(",")[0]).aggregation
    return value.sum if aggregation is not None and aggregation.is_mean else None


def responses(stated: Any) -> list[str] | None:  # noqa: ANN401 - any JSON value
    """Return all responses to all requests before any filter."""
    if not isinstance(stated, list):
        return None
    repeats = [of_request if isinstance(of_request, list) else [of_request] for of_request in stated]
    return [item if isinstance(item, str) else canonical_json(item) for of_request in repeats for item in of_request]


def text(stated: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """Return the output of a filter: its text if it is a single text, else JSON."""
    if isinstance(stated, list) and len(stated) == 1 and isinstance(stated[0], str):
        return stated[0]
    return None if stated is None else canonical_json(stated)

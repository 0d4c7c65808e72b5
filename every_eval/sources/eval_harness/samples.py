"""The rows of `samples`, one for each document and filter."""

import hashlib
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.samples import SAMPLES
from every_eval.sources.columns import build
from every_eval.sources.eval_harness.aggregations import aggregated
from every_eval.sources.eval_harness.answers import Answer
from every_eval.sources.eval_harness.rows import Row
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.source import Run


def samples_table(rows: Sequence[Row], task: Task, run: Run) -> pa.Table:
    """Rows of the contract, in the file's order."""
    main = {row.sample.filter: task.main_metric_of([row.sample.filter]) for row in rows}
    answers = [Answer.of(row.sample, task) for row in rows]
    columns: dict[str, list[Any]] = {
        "evaluation_id": [evaluation_id(run, row) for row in rows],
        "hf_index": [row.sample.doc_id if task.is_on_hub else None for row in rows],
        "raw_input": [canonical_json(row.sample.doc) for row in rows],
        "ground_truth": [answer.correct for answer in answers],
        "output": [text(row.sample.filtered_resps) for row in rows],
        "evaluation_method_name": [main[row.sample.filter] for row in rows],
        "evaluation_score": [score(row, main[row.sample.filter], task) for row in rows],
        "instance_id": [row.instance_id for row in rows],
        "occurrence": [row.occurrence for row in rows],
        "prompt": [answer.prompt for answer in answers],
        "references": [answer.references for answer in answers],
        "truncated_output": [None] * len(rows),
        "mapped_output": [answer.chosen for answer in answers],
        "responses": [responses(row.sample.resps) for row in rows],
    }
    return build(SAMPLES, len(rows), columns, task.shared(run))


def evaluation_id(run: Run, row: Row) -> str:
    """SHA-256 over the sample's key, as the contract states it."""
    identity = [run.source, run.benchmark, run.suite, run.name]
    return hashlib.sha256(
        canonical_json([*identity, row.instance_id, None, 0, None, row.occurrence]).encode()
    ).hexdigest()


def score(row: Row, metric: str | None, task: Task) -> float | None:
    """The row's value of a metric; null for one that only several rows have, such as a perplexity."""
    value = next((value for value in row.values if value.metric_name == metric), None)
    if value is None or metric is None:
        return None
    aggregation = aggregated(task.config, metric.partition(",")[0]).aggregation
    return value.sum if aggregation is not None and aggregation.is_mean else None


def responses(stated: Any) -> list[str] | None:  # noqa: ANN401 - any JSON value
    """Every response to every request, before any filter."""
    if not isinstance(stated, list):
        return None
    repeats = [of_request if isinstance(of_request, list) else [of_request] for of_request in stated]
    return [item if isinstance(item, str) else canonical_json(item) for of_request in repeats for item in of_request]


def text(stated: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """What a filter made of the stated: the text where it is one, else JSON."""
    if isinstance(stated, list) and len(stated) == 1 and isinstance(stated[0], str):
        return stated[0]
    return None if stated is None else canonical_json(stated)

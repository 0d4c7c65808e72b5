"""Make the rows of the table `samples`: one row per document and filter."""

import hashlib
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from every_eval.contracts.canonical import canonical_decoded, canonical_json
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.shared_columns import TEXTS
from every_eval.sources.columns import build_table
from every_eval.sources.eval_harness.aggregations import aggregation_of
from every_eval.sources.eval_harness.media import without_media
from every_eval.sources.eval_harness.question import Question
from every_eval.sources.eval_harness.sample_rows import ScoredRow
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.references import reference_array
from every_eval.sources.source import Run


def raw_inputs(rows: Sequence[ScoredRow]) -> list[str]:
    """Return the document of each row as JSON, as the column `raw_input` has it."""
    found = canonical_decoded([row.sample.doc for row in rows])
    return [without_media(text) if "data:" in text else text for text in found]


def samples_table(
    rows: Sequence[ScoredRow], questions: Sequence[Question], inputs: Sequence[str], task: Task, run: Run
) -> pa.Table:
    """Return rows of the table `samples`, each with its question and its input, in the order of the samples file."""
    main = {name: task.main_metric_of([name]) for name in {row.sample.filter for row in rows}}
    scores = {name: metric for name, metric in main.items() if metric is not None and _is_of_rows(metric, task)}
    columns: dict[str, pa.Array | Sequence[Any]] = {
        "evaluation_id": evaluation_ids(run, rows),
        "hf_index": [row.sample.doc_id for row in rows] if task.is_on_hub else pa.nulls(len(rows), pa.int64()),
        "raw_input": inputs,
        "ground_truth": [question.correct for question in questions],
        "output": texts([output(row.sample.filtered_resps) for row in rows]),
        "evaluation_method_name": [main[row.sample.filter] for row in rows],
        "evaluation_score": [_value(row, scores.get(row.sample.filter)) for row in rows],
        "instance_id": [row.instance_id for row in rows],
        "occurrence": [row.occurrence for row in rows],
        "prompt": texts([question.prompt for question in questions]),
        "references": reference_array((question.texts, question.positions or ()) for question in questions),
        "truncated_output": pa.nulls(len(rows), pa.string()),
        "mapped_output": [question.chosen for question in questions],
        "responses": responses([row.sample.resps for row in rows]),
    }
    return build_table(SAMPLES, len(rows), columns, task.shared(run))


def evaluation_ids(run: Run, rows: Sequence[ScoredRow]) -> list[str]:
    """Return the SHA-256 digests of the samples' keys, as the documentation of the column states."""
    identity = canonical_json([run.source, run.benchmark, run.suite, run.name]).removesuffix("]")
    of_run = hashlib.sha256(identity.encode())
    digests = []
    for row in rows:
        digest = of_run.copy()
        digest.update(b',"%d",null,0,null,%d]' % (row.sample.doc_id, row.occurrence))
        digests.append(digest.hexdigest())
    return digests


def _is_of_rows(metric: str, task: Task) -> bool:
    """Tell whether a metric is defined for a single row; perplexity is not."""
    aggregation = aggregation_of(task.config, metric.partition(",")[0]).aggregation
    return aggregation is not None and aggregation.is_mean


def _value(row: ScoredRow, metric: str | None) -> float | None:
    for value in row.values:
        if value.metric_name == metric:
            return value.sum
    return None


def responses(stated: Sequence[Any]) -> pa.Array:
    """Return for each row all responses to all requests before any filter; null if they are not a list."""
    found: list[Any] = []
    starts = [0]
    for of_row in stated:
        for of_request in of_row if isinstance(of_row, list) else ():
            found += of_request if isinstance(of_request, list) else [of_request]
        starts.append(len(found))
    is_missing = pa.array([not isinstance(of_row, list) for of_row in stated])
    items = pa.array(texts(found, "null"), pa.string())
    return pa.ListArray.from_arrays(pa.array(starts, pa.int32()), items, TEXTS, mask=is_missing)


def output(stated: Any) -> Any:  # noqa: ANN401 - any JSON value
    """Return the output of a filter: the text if it is a single text."""
    return stated[0] if isinstance(stated, list) and len(stated) == 1 and isinstance(stated[0], str) else stated


def texts(values: Sequence[Any], null: str | None = None) -> list[str | None]:
    """Return texts as they are, other values as JSON, and null as `null`."""
    found = [null if value is None else value for value in values]
    odd = [position for position, value in enumerate(found) if value is not None and not isinstance(value, str)]
    for position, text in zip(odd, canonical_decoded([found[position] for position in odd]), strict=True):
        found[position] = text
    return [without_media(text) if text is not None and "data:" in text else text for text in found]

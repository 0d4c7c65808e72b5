import json
from io import BytesIO
from typing import Any

import pytest

from every_eval.contracts.rejects import Reason
from every_eval.sources.eval_harness.sample_rows import MetricValue, ScoredRow
from every_eval.sources.eval_harness.samples_file import SamplesFileReader
from every_eval.sources.eval_harness.task import Task
from every_eval_tests.sources.eval_harness.output import (
    AGAIN,
    FILTERS,
    Output,
    line,
    lines,
    metrics,
    results,
    rows_of,
    task,
)

WEIGHTED = metrics(("word_perplexity", None), ("acc", None))


def read(raw: bytes, of: Task | None = None) -> tuple[list[ScoredRow], list[tuple[Reason, str | None]]]:
    reader = SamplesFileReader(of or task(WEIGHTED), "samples.jsonl")
    rows = list(reader.rows(BytesIO(raw)))
    rejects = reader.take_rejects()
    assert {reject.file for reject in rejects} <= {"samples.jsonl"}
    assert reader.take_rejects() == ()
    return rows, [(reject.reason, reject.place) for reject in rejects]


def value(written: Any, metric: str = "acc") -> tuple[MetricValue, list[tuple[Reason, str | None]]]:
    [row], rejects = read(json.dumps(line(0, **{metric: written})).encode())
    return row.values[0], rejects


@pytest.mark.parametrize(("written", "number"), [(1, 1.0), (0.5, 0.5), (True, 1.0), (-2.5, -2.5)])
def test_a_number_is_one_value(written: float, number: float) -> None:
    assert value(written) == (MetricValue("acc,none", 1, number), [])


@pytest.mark.parametrize("written", [None, [1, "[0.87184047 0.12815953]"], [0, 1], []])
def test_null_and_lists_are_no_value_of_a_row_and_nothing_is_wrong(written: Any) -> None:
    assert value(written) == (MetricValue("acc,none", 0, None), [])


@pytest.mark.parametrize("written", ["right", {"acc": 1}])
def test_anything_else_is_a_reject_and_the_row_stays(written: Any) -> None:
    assert value(written) == (MetricValue("acc,none", 0, None), [(Reason.UNEXPECTED_SHAPE, "$[0].acc")])


@pytest.mark.parametrize("written", [float("nan"), float("inf"), float("-inf"), 10**400])
def test_a_number_that_is_not_finite_is_a_reject_and_null(written: float) -> None:
    assert value(written) == (MetricValue("acc,none", 1, None), [(Reason.NOT_FINITE, "$[0].acc")])


def test_a_pair_is_a_sum_over_so_many_words() -> None:
    pair = MetricValue("word_perplexity,none", 73, -178.5, is_single=False)
    assert value([-178.5, 73], "word_perplexity") == (pair, [])


@pytest.mark.parametrize("written", [-178.5, [-178.5], [-178.5, 7.5], [-178.5, -1], ["x", 3], None])
def test_what_should_be_a_pair_and_is_none_is_a_reject(written: Any) -> None:
    found, rejects = value(written, "word_perplexity")
    assert (found.count, found.sum) == (0, None)
    assert rejects == [(Reason.UNEXPECTED_SHAPE, "$[0].word_perplexity")]


def test_a_log_likelihood_that_is_not_finite_keeps_its_number_of_words() -> None:
    found, rejects = value([float("-inf"), 7], "word_perplexity")
    assert (found.count, found.sum) == (7, None)
    assert rejects == [(Reason.NOT_FINITE, "$[0].word_perplexity")]


def test_a_line_cut_short_is_a_reject_of_its_own() -> None:
    whole = lines([line(0, acc=1), line(1, acc=0), line(2, acc=1)])
    rows, rejects = read(whole[:-20])
    assert [row.instance_id for row in rows] == ["0", "1"]
    assert rejects == [(Reason.NOT_JSON, "$[2]")]


def test_empty_lines_count_as_places_and_not_as_rows() -> None:
    rows, rejects = read(lines([line(0, acc=1)]) + b"\n\nnonsense\n" + lines([line(1, acc=1)]))
    assert [row.instance_id for row in rows] == ["0", "1"]
    assert rejects == [(Reason.NOT_JSON, "$[3]")]


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ({"filter": "none", "metrics": []}, "$[0]"),
        ({"doc_id": 0, "metrics": ["acc"], "acc": 1}, "$[0]"),
        ({"doc_id": -1, "filter": "none", "metrics": []}, "$[0].doc_id"),
        ({"doc_id": 0, "filter": "none", "metrics": "acc"}, "$[0].metrics"),
    ],
)
def test_a_row_without_its_columns_is_a_reject(row: dict[str, Any], place: str) -> None:
    assert read(json.dumps(row).encode()) == ([], [(Reason.UNEXPECTED_SHAPE, place)])


def test_a_column_that_a_row_names_and_lacks_is_a_reject() -> None:
    [row], rejects = read(lines([line(0, acc=1) | {"metrics": ["acc", "f1"]}]))
    assert [item.count for item in row.values] == [1, 0]
    assert rejects == [(Reason.UNEXPECTED_SHAPE, "$[0].f1")]


def test_of_two_rows_for_a_document_and_filter_the_first_stays() -> None:
    rows, rejects = read(lines([line(0, acc=1), line(0, "other", acc=0), line(0, acc=0)]))
    assert [(row.sample.filter, row.values[0].sum) for row in rows] == [("none", 1.0), ("other", 0.0)]
    assert rejects == [(Reason.DOUBLED_INSTANCE, "$[2]")]


def test_filters_are_numbered_as_the_task_lists_them(output: Output) -> None:
    of = Task(results(**output.results(FILTERS)), "gsm8k_sc_local")
    rows = rows_of(of, output.rows(FILTERS, "gsm8k_sc_local"))
    assert len(rows) == 72
    assert {(row.sample.filter, row.occurrence) for row in rows} == {("score-first", 0), ("maj@4", 1)}


def test_a_filter_that_the_task_does_not_list_comes_after_them() -> None:
    of = task({"filter_list": [{"name": "strict"}, {"name": "flexible"}]})
    rows = rows_of(of, [line(0, "unheard of", acc=1), line(0, "flexible", acc=1)])
    assert [row.occurrence for row in rows] == [2, 1]


def test_rows_that_give_the_tasks_hash_are_those_it_was_written_with(output: Output) -> None:
    of = Task(results(**output.results(AGAIN)), "wikitext_local")
    raw = output.file(AGAIN, "wikitext_local").read_bytes()
    assert read(raw, of)[1] == []


def test_rows_missing_at_a_lines_end_are_told_by_the_tasks_hash(output: Output) -> None:
    of = Task(results(**output.results(AGAIN)), "wikitext_local")
    raw = b"".join(output.file(AGAIN, "wikitext_local").read_bytes().splitlines(keepends=True)[:-1])
    rows, rejects = read(raw, of)
    assert len(rows) == 17
    assert rejects == [(Reason.UNEXPECTED_SHAPE, None)]

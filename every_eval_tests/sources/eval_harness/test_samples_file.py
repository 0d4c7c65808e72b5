import hashlib
import json
from io import BytesIO
from typing import Any

import pytest

from every_eval.contracts.rejects import Reason
from every_eval.sources.eval_harness.completeness import TaskCompleteness
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


@pytest.mark.parametrize("written", ["right", {"acc": 1}, "tensor(0.5000)"])
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
        ({"doc_id": "first", "filter": "none", "metrics": []}, "$[0].doc_id"),
        ({"doc_id": 0, "filter": 7, "metrics": []}, "$[0].filter"),
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


UNNAMED = metrics(("acc", None))
TWO_FILTERS = UNNAMED | {"filter_list": [{"name": "strict"}, {"name": "flexible"}]}


def unnamed(doc_id: int, acc: float) -> dict[str, Any]:
    """Make a row as lm-eval 0.4.0 to 0.4.6 write it."""
    return {"doc_id": doc_id, "doc": {"question": "?"}, "resps": [], "filtered_resps": [], "target": "", "acc": acc}


def test_rows_that_name_no_filter_are_of_the_only_one() -> None:
    rows, rejects = read(lines([unnamed(0, 1), unnamed(1, 0)]), task(UNNAMED))
    assert [(row.instance_id, row.values) for row in rows] == [
        ("0", [MetricValue("acc,none", 1, 1.0)]),
        ("1", [MetricValue("acc,none", 1, 0.0)]),
    ]
    assert rejects == []


@pytest.mark.parametrize("order", [[0, 1, 0, 1], [0, 0, 1, 1], [1, 0, 1, 0]])
def test_rows_of_a_document_are_in_the_order_of_the_filters(order: list[int]) -> None:
    rows, rejects = read(lines([unnamed(doc_id, number) for number, doc_id in enumerate(order)]), task(TWO_FILTERS))
    found = {(row.instance_id, row.sample.filter): row.values[0].sum for row in rows}
    places = [[number for number, doc_id in enumerate(order) if doc_id == document] for document in (0, 1)]
    assert found == {
        (str(document), name): place
        for document in (0, 1)
        for name, place in zip(("strict", "flexible"), places[document], strict=True)
    }
    assert rejects == []


def test_a_document_with_more_or_fewer_rows_than_filters_leaves_doubt() -> None:
    written = [unnamed(doc_id, 1) for doc_id in (0, 1, 2, 2, 0, 2)]
    rows, rejects = read(lines(written), task(TWO_FILTERS))
    assert [(row.instance_id, row.sample.filter) for row in rows] == [("0", "strict"), ("0", "flexible")]
    assert rejects == [(Reason.UNEXPECTED_SHAPE, f"$[{place}].filter") for place in (1, 2, 3, 5)]


def test_rows_of_a_task_that_the_results_say_nothing_of_have_no_filter() -> None:
    rows, rejects = read(lines([unnamed(0, 1)]), task())
    assert (rows, rejects) == ([], [(Reason.UNEXPECTED_SHAPE, "$[0].filter")])


@pytest.mark.parametrize("indent", [None, 2])
def test_one_list_is_read_like_lines(indent: int | None) -> None:
    written = [line(0, acc=1), line(1, acc="no number"), line(2, acc=float("nan"))]
    as_list, of_list = read(json.dumps(written, indent=indent).encode())
    as_lines, of_lines = read(lines(written))
    assert [(row.instance_id, row.values) for row in as_list] == [(row.instance_id, row.values) for row in as_lines]
    assert of_list == of_lines
    assert [place for _, place in of_list] == ["$[1].acc", "$[2].acc"]


def test_an_element_that_is_no_row_costs_that_element() -> None:
    rows, rejects = read(json.dumps([line(0, acc=1), 7, line(2, acc=1)]).encode())
    assert [row.instance_id for row in rows] == ["0", "2"]
    assert rejects == [(Reason.UNEXPECTED_SHAPE, "$[1]")]


def test_a_list_cut_short_is_a_reject_of_the_file_and_never_a_score() -> None:
    reader = SamplesFileReader(task(UNNAMED), "samples.json")
    raw = json.dumps([line(0, acc=1), line(1, acc=1)], indent=2).encode()
    assert list(reader.rows(BytesIO(raw[:-20]))) == []
    assert [reject.reason for reject in reader.take_rejects()] == [Reason.NOT_JSON]
    assert not reader.completeness.is_complete


def test_an_odd_field_costs_that_field() -> None:
    odd = line(0, acc=1) | {"arguments": "text", "doc_hash": None, "target_hash": 7, "resps": 3}
    rows, rejects = read(lines([odd]))
    assert [row.values[0].sum for row in rows] == [1.0]
    assert rejects == [(Reason.UNEXPECTED_SHAPE, "$[0].arguments")]


def test_every_reject_names_the_version_of_lm_eval() -> None:
    for stated, told in (("0.4.5", "(lm-eval 0.4.5)"), (None, "(version of lm-eval not stated)")):
        reader = SamplesFileReader(task(lm_eval_version=stated), "samples.jsonl")
        list(reader.rows(BytesIO(b"nonsense\n" + lines([line(0, acc="x")]))))
        rejects = reader.take_rejects()
        assert len(rejects) == 2
        assert all(reject.detail.endswith(told) for reject in rejects)


def counted(doc_ids: list[int], size: int | None, **content: Any) -> SamplesFileReader:
    stated = {} if size is None else {"n-samples": {"quiz": {"original": 100, "effective": size}}}
    reader = SamplesFileReader(task(UNNAMED, **stated, **content), "samples.jsonl")
    list(reader.rows(BytesIO(lines([hashed(doc_id) for doc_id in doc_ids]))))
    return reader


def hashed(doc_id: int) -> dict[str, Any]:
    return line(doc_id, acc=1) | {"doc_hash": f"d{doc_id}", "prompt_hash": "p", "target_hash": "t"}


def hash_of(doc_ids: list[int]) -> dict[str, Any]:
    text = "".join(f"d{doc_id}pt" for doc_id in doc_ids)
    return {"task_hashes": {"quiz": hashlib.sha256(text.encode()).hexdigest()}}


def test_the_number_of_documents_tells_where_there_is_no_hash() -> None:
    assert counted([0, 1, 2], 3).completeness.is_complete
    assert counted([0, 1, 2], None).completeness.is_complete
    cut = counted([0, 1], 3)
    assert not cut.completeness.is_complete
    assert cut.completeness.n_rejected == 1
    [reject] = cut.take_rejects()
    assert "lm-eval counted 3 documents, and the file has rows of 2" in reject.detail


def test_a_file_without_rows_is_told() -> None:
    empty = counted([], None)
    assert empty.completeness.reason == "the file has no rows"
    assert len(empty.take_rejects()) == 1


def test_the_hash_tells_before_the_number_of_documents() -> None:
    assert counted([0, 1, 2], 3, **hash_of([0, 1, 2])).completeness == TaskCompleteness()
    assert not counted([0, 1, 2], 3, **hash_of([0, 1, 3])).completeness.is_complete


def test_documents_that_were_chosen_are_a_subset_and_all_there() -> None:
    # lm-eval 0.4.9 to 0.4.11 count all documents of the task
    chosen = counted([0, 3], 100, **hash_of([0, 3]))
    assert chosen.completeness == TaskCompleteness(chosen=(0, 3))
    assert chosen.take_rejects() == ()


def test_a_document_without_the_row_of_a_filter_is_told() -> None:
    reader = SamplesFileReader(task(TWO_FILTERS), "samples.jsonl")
    list(reader.rows(BytesIO(lines([line(0, "strict", acc=1), line(0, "flexible", acc=1), line(1, "strict", acc=1)]))))
    assert reader.completeness.reason == "some documents have fewer rows than others"

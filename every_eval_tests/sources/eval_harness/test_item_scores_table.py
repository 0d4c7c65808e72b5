"""The response matrix of a task: a row for each document, with the task's main metric."""

from hashlib import sha256

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.sources.eval_harness.item_scores_table import item_scores_table
from every_eval.sources.eval_harness.question import Question
from every_eval.sources.source import Run
from every_eval_tests.sources.eval_harness.output import FILTERS, Output, line, metrics, rows_of, task

RUN = Run("eval_harness", "main", "m/results_x", "quiz", "main/m")


def test_each_document_has_the_value_of_the_main_metric_alone(output: Output) -> None:
    run = output.read(output.run(FILTERS, "gsm8k_sc_local"))
    rows = run.item_scores.to_pylist()
    written = [row for row in output.rows(FILTERS, "gsm8k_sc_local") if row["filter"] == "score-first"]
    assert [(row["instance_id"], row["value"]) for row in rows] == [
        (str(row["doc_id"]), row["exact_match"]) for row in written
    ]
    assert {row["metric_name"] for row in rows} == {"exact_match,score-first"}


def test_an_item_follows_from_the_published_sample_as_the_contract_says(output: Output) -> None:
    run = output.read(output.run(FILTERS, "gsm8k_sc_local"))
    expected = {}
    for sample in run.samples.to_pylist():
        references = [[reference["text"], reference["tags"]] for reference in sample["references"]]
        question = canonical_json([sample["raw_input"], [], references])
        expected[sample["instance_id"]] = sha256(question.encode()).hexdigest()[:32]
    assert {row["instance_id"]: row["item"] for row in run.item_scores.to_pylist()} == expected


def test_a_pair_is_a_ratio() -> None:
    of = task(metrics(("word_perplexity", None)), {"word_perplexity,none": 7.4})
    rows = rows_of(of, [line(3, word_perplexity=[-146.0, 73]), line(4, word_perplexity=[-10.0, 0])])
    table = item_scores_table(
        rows, [(text, Question.of(row, of)) for text, row in zip(("a", ""), rows, strict=True)], {}, of, RUN
    )

    ITEM_SCORES.validate(table)
    found = ITEM_SCORES.decode(table).to_pylist()
    assert [(row["value"], row["numerator"], row["denominator"]) for row in found] == [
        (-146.0 / 73, -146.0, 73.0),
        (None, -10.0, 0.0),
    ]
    assert [row["item"] is None for row in found] == [False, True]

import hashlib
import json
from typing import Any

from every_eval.sources.eval_harness.question import Question
from every_eval.sources.eval_harness.samples_table import output, raw_inputs, responses, samples_table, texts
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.source import Run, RunRows
from every_eval_tests.sources.eval_harness.output import (
    AGAIN,
    CHAT,
    FILTERS,
    Output,
    line,
    metrics,
    rows_of,
    sample_rows,
    task,
)

LETTERS = ["A", "B", "C", "D"]


def table(written: list[dict[str, Any]], of: Task, run: Run) -> list[dict[str, Any]]:
    rows = rows_of(of, written)
    questions = [Question.of(row, of) for row in rows]
    return sample_rows(RunRows(samples=samples_table(rows, questions, raw_inputs(rows), of, run)))


def test_a_multiple_choice_keeps_its_choices_and_their_log_likelihoods(output: Output) -> None:
    rows = sample_rows(output.read(output.run(AGAIN, "mmlu_local_astronomy")))
    upstream = output.rows(AGAIN, "mmlu_local_astronomy")

    assert len(rows) == len(upstream) == 18
    for row, written in zip(rows, upstream, strict=True):
        assert json.loads(row["raw_input"]) == written["doc"]
        assert json.loads(row["output"]) == written["filtered_resps"]
        assert [reference["text"] for reference in row["references"]] == LETTERS
        assert row["ground_truth"] == [written["doc"]["answerKey"]]
        assert row["prompt"] == written["arguments"]["gen_args_0"]["arg_0"]
        # acc is 1 where the likeliest choice is the correct one
        assert row["evaluation_score"] == written["acc"] == (row["mapped_output"] == row["ground_truth"][0])
    assert {row["evaluation_method_name"] for row in rows} == {"acc,none"}
    assert {row["split"] for row in rows} == {"test"}


def test_every_filter_has_its_rows_and_its_metric(output: Output) -> None:
    rows = sample_rows(output.read(output.run(FILTERS, "gsm8k_sc_local")))
    upstream = output.rows(FILTERS, "gsm8k_sc_local")

    assert [(row["instance_id"], row["output"], row["evaluation_score"]) for row in rows] == [
        (str(written["doc_id"]), written["filtered_resps"][0], written["exact_match"]) for written in upstream
    ]
    assert {(row["occurrence"], row["evaluation_method_name"]) for row in rows} == {
        (0, "exact_match,score-first"),
        (1, "exact_match,maj@4"),
    }
    assert {row["mapped_output"] for row in rows} == {None}


def test_all_responses_are_kept_as_they_were_before_a_filter(output: Output) -> None:
    rows = sample_rows(output.read(output.run(FILTERS, "gsm8k_sc_local")))
    upstream = output.rows(FILTERS, "gsm8k_sc_local")

    assert [len(row["responses"]) for row in rows] == [4] * 72
    assert [[row["responses"]] for row in rows] == [written["resps"] for written in upstream]
    assert any(row["output"] not in row["responses"] for row in rows)


def test_responses_that_are_no_texts_are_json_one_for_each_request() -> None:
    stated = [[[["-1.5", "False"]], [["-0.5", "True"]]], ["one", "two"], None, [["a", None]], []]
    assert responses(stated).to_pylist() == [
        ['["-1.5","False"]', '["-0.5","True"]'],
        ["one", "two"],
        None,
        ["a", "null"],
        [],
    ]


def test_a_chats_messages_are_the_prompt_and_a_documents_own_list_the_references(output: Output) -> None:
    row, *_ = sample_rows(output.read(output.run(CHAT, "triviaqa_local")))
    written, *_ = output.rows(CHAT, "triviaqa_local")

    assert json.loads(row["prompt"])[-1]["role"] == "user"
    assert row["prompt"] == written["arguments"]["gen_args_0"]["arg_0"][0]
    # the target is the text "['Chloé', 'chloé', 'Dr. Chloé']"
    assert row["ground_truth"] == written["doc"]["answer"]["aliases"]
    assert [reference["tags"] for reference in row["references"]] == [["correct"]] * 3


def test_the_text_that_a_perplexity_is_of_has_no_score_of_its_own(output: Output) -> None:
    row, *_ = sample_rows(output.read(output.run(AGAIN, "wikitext_local")))
    written, *_ = output.rows(AGAIN, "wikitext_local")

    assert row["evaluation_method_name"] == "word_perplexity,none"
    assert row["evaluation_score"] is None
    assert (row["prompt"], row["output"]) == (written["doc"]["page"], written["filtered_resps"][0])


def test_the_id_of_a_sample_is_a_digest_of_its_key() -> None:
    run = Run("eval_harness", "main", "m/results_x", "quiz", "main/m")
    of = task({"filter_list": [{"name": "strict"}, {"name": "flexible"}]} | metrics(("acc", None)))
    [row] = table([line(7, "flexible", acc=1)], of, run)
    key = ["eval_harness", "main", "m/results_x", "quiz", "7", None, 0, None, 1]
    written = json.dumps(key, separators=(",", ":"))
    assert row["evaluation_id"] == hashlib.sha256(written.encode()).hexdigest()


def test_a_dataset_on_the_hub_is_pointed_into() -> None:
    of = task({"dataset_path": "cais/mmlu", "test_split": "test"})
    run = Run("eval_harness", "main", "m/results_x", "quiz", "main/m")
    [row] = table([line(7, acc=1)], of, run)
    assert (row["hf_split"], row["hf_index"]) == ("test", 7)


def test_an_output_is_a_text_where_it_is_one_and_json_else() -> None:
    stated = [["42"], ["4", "2"], [["-1.5", "False"]], None]
    assert texts([output(item) for item in stated]) == ["42", '["4","2"]', '[["-1.5","False"]]', None]

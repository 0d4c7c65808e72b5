import json
from pathlib import Path

import pytest

from every_eval.sources.eval_harness.unstamped_samples import samples_of, unambiguous
from every_eval_tests.sources.eval_harness.output import Output, line, metrics, results, statistics

STATED = "pretrained=acme/tiny,dtype=float16"


@pytest.mark.parametrize(
    "name",
    [
        "pretrained=acme__tiny,dtype=float16_quiz.jsonl",
        "pretrained__acme__tiny,dtype__float16_quiz.jsonl",
        "samples_quiz.jsonl",
    ],
)
def test_a_samples_file_is_named_after_the_models_arguments_and_the_task(name: str) -> None:
    of = results(results={"quiz": {}, "other": {}}, config={"model_args": STATED})
    assert samples_of(of, [name, "pretrained=acme__large_quiz.jsonl", "notes.jsonl"]) == {"quiz": name}


def test_a_name_may_state_more_arguments_than_the_results_file() -> None:
    of = results(results={"quiz": {}}, config={"model_args": {"pretrained": "acme/tiny"}})
    assert samples_of(of, ["pretrained=acme__tiny,dtype=float16_quiz.jsonl"]) != {}
    assert samples_of(of, ["pretrained=acme__tiny2,dtype=float16_quiz.jsonl"]) == {}


def test_two_names_that_fit_leave_doubt() -> None:
    of = results(results={"quiz": {}}, config={"model_args": {"pretrained": "acme/tiny"}})
    names = [f"pretrained=acme__tiny,dtype={kind}_quiz.jsonl" for kind in ("float16", "float32")]
    assert samples_of(of, names) == {}


def test_a_model_without_arguments_is_named_exactly() -> None:
    of = results(results={"quiz": {}}, config={"model_args": ""})
    assert samples_of(of, ["_quiz.jsonl", "pretrained=acme__tiny_quiz.jsonl"]) == {"quiz": "_quiz.jsonl"}
    assert samples_of(of, ["pretrained=acme__tiny_quiz.jsonl"]) == {}


def test_a_name_belongs_to_the_longest_task_that_it_ends_in() -> None:
    of = results(results={"quiz": {}, "pop_quiz": {}}, config={"model_args": ""})
    assert samples_of(of, ["_pop_quiz.jsonl", "_quiz.jsonl"]) == {"pop_quiz": "_pop_quiz.jsonl", "quiz": "_quiz.jsonl"}


def test_a_file_that_two_results_files_claim_is_of_neither() -> None:
    claims = {"a.json": {"quiz": "_quiz.jsonl", "maths": "_maths.jsonl"}, "b.json": {"quiz": "_quiz.jsonl"}}
    assert unambiguous(claims) == {"a.json": {"maths": "_maths.jsonl"}, "b.json": {}}


def test_old_names_are_read_and_doubtful_ones_told(tmp_path: Path) -> None:
    old_names = Output(tmp_path)
    folder = tmp_path / "old" / "out"
    folder.mkdir(parents=True)
    reported = {"results": {"quiz": {"acc,none": 0.5}}, "configs": {"quiz": metrics(("acc", "mean"))}}
    (folder / "results.json").write_text(json.dumps(reported | {"config": {"model_args": STATED}}))
    rows = [line(0, acc=1), line(1, acc=0)]
    (folder / "pretrained=acme__tiny,dtype=float16_quiz.jsonl").write_text(json.dumps(rows, indent=2))
    (folder / "_other.jsonl").write_text("[]")

    runs = {run.suite: old_names.read(run) for run in old_names.discover("old").runs}
    assert set(runs) == {"out/results", "out/_other"}
    row = statistics(runs["out/results"])["acc,none"]
    # the rows are one list, as lm-eval 0.4.0 writes it
    assert (row["mean"], row["reported_mean"], row["n_scored"]) == (0.5, 0.5, 2)
    assert runs["out/results"].rejects == ()
    [reject] = runs["out/_other"].rejects
    assert reject.file == "_other.jsonl"

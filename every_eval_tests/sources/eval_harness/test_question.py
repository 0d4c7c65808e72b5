from typing import Any

import pytest

from every_eval.sources.eval_harness.question import Question, choices, chosen_choice, correct_choices, targets
from every_eval.sources.eval_harness.sample_rows import WrittenRow
from every_eval_tests.sources.eval_harness.output import task

LETTERS = ["A", "B", "C", "D"]


def sent(*pairs: tuple[Any, ...]) -> dict[str, Any]:
    return {f"gen_args_{i}": {f"arg_{j}": argument for j, argument in enumerate(pair)} for i, pair in enumerate(pairs)}


def multiple_choice(arguments: Any, **columns: Any) -> Question:
    sample = WrittenRow(0, "none", columns.pop("metrics", ["acc"]), arguments=arguments, **columns)
    return Question.of(sample, task({"output_type": "multiple_choice", "target_delimiter": " "}))


@pytest.mark.parametrize(
    ("target", "texts", "correct"),
    [
        ("D", LETTERS, [3]),
        ("2", LETTERS, [2]),
        ("[0, 3]", LETTERS, [0, 3]),
        ("4", LETTERS, []),
        ("-100", LETTERS, []),
        ("E", LETTERS, []),
        ("", LETTERS, []),
        (None, LETTERS, []),
        # "1" is the third choice's text, and the second one's position
        ("1", ["3", "2", "1"], []),
        ("0", ["0", "1"], [0]),
    ],
)
def test_a_target_is_a_choice_or_its_position_and_nothing_where_both_hold(
    target: str | None, texts: list[str], correct: list[int]
) -> None:
    assert correct_choices(target, texts) == correct


def test_a_target_that_is_no_choice_stands_beside_them() -> None:
    answer = multiple_choice(sent(("Q", " a"), ("Q", " b")), target="c", filtered_resps=[["-1", "x"], ["-2", "x"]])
    assert answer.references == [
        {"text": "a", "tags": []},
        {"text": "b", "tags": []},
        {"text": "c", "tags": ["correct"]},
    ]
    assert (answer.correct, answer.chosen) == (["c"], "a")


@pytest.mark.parametrize(
    ("responses", "chosen"),
    [
        ([["-2.5", "False"], ["-1.5", "True"]], 1),
        ([[-2.5, False], [-1.5, True]], 1),
        ([["-1", "False"], ["-1", "False"]], 0),
        ([["nan", "False"], ["-1", "False"]], None),
        ([["-1", "False"]], None),
        ([["?", "False"], ["-1", "False"]], None),
        (["", ""], None),
        (None, None),
    ],
)
def test_the_likeliest_choice_is_chosen_and_none_where_one_is_unknown(responses: Any, chosen: int | None) -> None:
    assert chosen_choice(responses, 2) == chosen


def test_choices_are_contexts_where_the_continuations_are_the_same() -> None:
    assert choices([["The cat", " sat"], ["The dog", " sat"]], " ") == ["The cat", "The dog"]
    assert choices([["Q", " a"]], " ") == ["a"]
    assert choices([["Q", "a"], ["Q", " b"]], "") == ["a", " b"]


def test_prompts_that_differ_are_all_kept() -> None:
    answer = multiple_choice(sent(("The cat", " sat"), ("The dog", " sat")), target="1")
    assert answer.prompt == '["The cat","The dog"]'
    assert answer.correct == ["The dog"]


def test_requests_without_context_are_no_choices() -> None:
    # acc_mutual_info divides by the likelihood of each choice alone
    arguments = sent(("Q", " a"), ("Q", " b"), ("", " a"), ("", " b"))
    responses = [["-3", "x"], ["-2", "x"], ["-1", "x"], ["-9", "x"]]
    answer = multiple_choice(arguments, target="0", filtered_resps=responses, metrics=["acc", "acc_mutual_info"])
    assert [reference["text"] for reference in answer.references] == ["a", "b"]
    assert (answer.prompt, answer.chosen) == ("Q", "b")


def test_arguments_may_be_lists() -> None:
    assert multiple_choice([["Q", " a"], ["Q", " b"]], target="0").correct == ["a"]


def test_a_row_without_arguments_has_no_prompt() -> None:
    assert Question.of(WrittenRow(0, "none", []), task()).prompt is None


@pytest.mark.parametrize(
    ("target", "document", "expected"),
    [
        ("4", {"answer": "4"}, ["4"]),
        (None, {}, []),
        ("['a', 'b']", {"answers": {"all": ["a", "b"]}}, ["a", "b"]),
        ("['a', 'b']", {"answers": ["b", "a"]}, ["['a', 'b']"]),
        ("[INST]", {"list": [["x"], "y"]}, ["[INST]"]),
        ("[1, 2]", [[1, 2]], ["1", "2"]),
    ],
)
def test_a_target_is_a_list_only_if_the_document_holds_that_list(
    target: str | None, document: Any, expected: list[str]
) -> None:
    assert targets(target, document) == expected

from typing import Any

import pytest

from every_eval.sources.eval_harness.question import Question, choices, chosen_choice, correct_choices, targets
from every_eval.sources.eval_harness.sample_rows import MetricValue, ScoredRow, WrittenRow
from every_eval_tests.sources.eval_harness.output import task

LETTERS = ["A", "B", "C", "D"]


def sent(*pairs: tuple[Any, ...]) -> dict[str, Any]:
    return {f"gen_args_{i}": {f"arg_{j}": argument for j, argument in enumerate(pair)} for i, pair in enumerate(pairs)}


def multiple_choice(arguments: Any, **columns: Any) -> Question:
    metrics = columns.pop("metrics", ["acc"])
    values = tuple(MetricValue(f"{name},none", 1, score) for name, score in columns.pop("scores", {}).items())
    sample = WrittenRow(0, "none", metrics, arguments=arguments, **columns)
    of = task({"output_type": "multiple_choice", "target_delimiter": " "})
    return Question.of(ScoredRow(sample, 0, values, sample.requests() or []), of)


@pytest.mark.parametrize(
    ("target", "texts", "correct"),
    [
        ("D", LETTERS, [3]),
        ("2", LETTERS, [2]),
        ("[0, 3]", LETTERS, [0, 3]),
        ("4", LETTERS, None),
        ("-100", LETTERS, None),
        ("E", LETTERS, []),
        ("", LETTERS, []),
        (None, LETTERS, []),
        # "1" is the third choice's text, and the second one's position
        ("1", ["3", "2", "1"], None),
        ("0", ["0", "1"], [0]),
    ],
)
def test_a_target_is_a_choice_or_its_position_and_unknown_where_both_hold(
    target: str | None, texts: list[str], correct: list[int] | None
) -> None:
    assert correct_choices(target, texts) == correct


@pytest.mark.parametrize(
    ("verdicts", "correct"),
    [
        # the model chose 1, the text: it is the correct choice, or the position is
        ([(1, True)], [1]),
        ([(1, False)], [3]),
        ([(3, True)], [3]),
        # another choice was wrong, which says nothing of either
        ([(0, False)], None),
        # and then the next score decides
        ([(0, False), (3, True)], [3]),
        ([], None),
    ],
)
def test_scores_decide_what_a_number_among_numbers_means(
    verdicts: list[tuple[int, bool]], correct: list[int] | None
) -> None:
    # "3" is the text of the second choice, and the position of the fourth
    assert correct_choices("3", ["1", "3", "5", "4"], verdicts) == correct


def test_a_number_that_is_no_choice_is_the_choice_that_was_scored_as_right() -> None:
    assert correct_choices("7", LETTERS, [(2, True)]) == [2]
    assert correct_choices("7", LETTERS, [(2, False)]) is None


@pytest.mark.parametrize(
    ("scores", "correct"),
    [
        # "1" is the text of the first choice and the position of the second; the second is likeliest
        ({"acc": 1.0}, ["1234"]),
        ({"acc": 0.0}, ["1"]),
        # a character of the third is likeliest, -2 / 8: it is neither of the two
        ({"acc_norm": 0.0}, None),
        ({"acc_norm": 0.0, "acc": 1.0}, ["1234"]),
        ({"f1": 1.0}, None),
    ],
)
def test_a_row_decides_by_its_own_scores(scores: dict[str, float], correct: list[str] | None) -> None:
    answer = multiple_choice(
        sent(("Q", " 1"), ("Q", " 1234"), ("Q", " 12345678")),
        target="1",
        filtered_resps=[["-3", "x"], ["-1.5", "x"], ["-2", "x"]],
        scores=scores,
    )
    assert answer.correct == correct
    assert len(answer.texts) == 3


def test_choices_without_their_requests_are_unknown() -> None:
    # lm-eval 0.4.0 keeps the first request alone
    answer = multiple_choice(["Q", " a"], target="b", filtered_resps=[[-2.0, False], [-1.0, True]])
    assert (answer.prompt, answer.correct, answer.chosen) == ("Q", ["b"], None)


def test_a_target_that_is_no_choice_stands_beside_them() -> None:
    answer = multiple_choice(sent(("Q", " a"), ("Q", " b")), target="c", filtered_resps=[["-1", "x"], ["-2", "x"]])
    assert (answer.texts, answer.positions) == (["a", "b", "c"], [2])
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
    assert answer.texts == ["a", "b"]
    assert (answer.prompt, answer.chosen) == ("Q", "b")


def test_arguments_may_be_lists() -> None:
    assert multiple_choice([["Q", " a"], ["Q", " b"]], target="0").correct == ["a"]


def test_a_row_without_arguments_has_no_prompt() -> None:
    assert Question.of(ScoredRow(WrittenRow(0, "none", []), 0, ()), task()).prompt is None


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

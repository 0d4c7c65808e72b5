"""The scores in annotations, in the shapes that HELM's annotators write."""

import json
from typing import Any

import pyarrow as pa
import pytest

from every_eval.sources.helm.reading.judgements import Panel, find_judgements


def _found(value: Any) -> list[tuple[Any, ...]]:
    """Return judge, criterion, score and explanation of the scores of the annotator `a`."""
    judgements = find_judgements(json.dumps({"a": value}))
    assert {each.annotator for each in judgements} <= {"a"}
    return [tuple(each[1:]) for each in judgements]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (  # model_as_judge.py
            {"prompt_text": "p", "gpt_score": 1, "gpt_reasoning": "why", "llama_score": None, "llama_reasoning": None},
            [("gpt", "score", 1.0, "why"), ("llama", "score", None, None)],
        ),
        ({"x1_score": 0.5, "x1_reasoning": "why"}, [("x1", "score", 0.5, "why")]),
        ({"my_judge_score": 0.5, "my_judge_reasoning": "why"}, [("my_judge", "score", 0.5, "why")]),
        (  # omni_math_annotator.py
            {"gpt_student_final_answer": "4", "gpt_justification": "j", "gpt_equivalence_judgement": True},
            [("gpt", "equivalence_judgement", 1.0, "j")],
        ),
        (
            {"prompt_text": None, "empty_output_equivalence_judgement": False},
            [(None, "equivalence_judgement", 0.0, "The output is empty, so no judge was asked.")],
        ),
        (  # wildbench_annotator.py
            {"gpt_strengths": "s", "gpt_weaknesses": "w", "gpt_score": 8.0},
            [("gpt", "score", 8.0, '{"strengths":"s","weaknesses":"w"}')],
        ),
        (  # juries of MedHELM
            {"prompt_text": "p", "gpt": {"accuracy": {"score": 3, "explanation": "e"}, "clarity": {"score": None}}},
            [("gpt", "accuracy", 3.0, "e"), ("gpt", "clarity", None, None)],
        ),
        ({"score": 0.25, "reasoning": "r", "category": "c"}, [(None, "score", 0.25, "r")]),
        ({"score": None, "reasoning": "x"}, [(None, "score", None, "x")]),
        ({"pass_at_one": True, "query_time": 0.5}, [(None, "pass_at_one", 1.0, None), (None, "query_time", 0.5, None)]),
        ({"times": [1, {"t": 2}]}, [(None, "times.0", 1.0, None), (None, "times.1.t", 2.0, None)]),
        (3, [(None, "a", 3.0, None)]),
        ("text", []),
        ({"prompt_text": "p", "gpt_answer": "x"}, []),
        ({"gpt_score": "NaN"}, [("gpt", "score", None, None)]),
    ],
)
def test_each_shape_gives_its_scores(value: Any, expected: list[tuple[Any, ...]]) -> None:
    assert _found(value) == expected


def test_annotations_of_another_type_hold_no_scores() -> None:
    assert find_judgements(None) == find_judgements("[1]") == find_judgements("7") == []


def test_outputs_that_no_judge_scored_are_counted_by_the_criteria_of_the_judges() -> None:
    scored = {"a": {"gpt": {"accuracy": {"score": 3}}}}
    by_rule = {"a": {"empty_output_equivalence_judgement": False}}
    refused = {"a": {"gpt": {"accuracy": {"score": None}}}}
    silent = {"a": {"prompt_text": "p"}}
    jury = Panel.of(pa.array([json.dumps(each) for each in (scored, by_rule, refused, silent)] + [None]))
    equal = {"a": {"gpt_equivalence_judgement": True, "gpt_justification": "j"}}
    judged = Panel.of(pa.array([json.dumps(each) for each in (equal, by_rule)]))

    assert (jury.judges, jury.n_unjudged) == ({"gpt"}, 3)
    assert (judged.judges, judged.n_unjudged) == ({"gpt"}, 0)
    assert Panel.join([jury, judged]).judges == {"gpt"}
    assert Panel.of(pa.array([json.dumps(silent)])).n_unjudged is None

from typing import Any

import pytest

from every_eval.sources.inspect.evaluation import Evaluation, ScoreName, metric_name
from every_eval.sources.inspect.records import Header


def evaluation(results: Any = None, **spec: Any) -> Evaluation:
    stated = {"task": "quiz", "model": "openai/gpt-4o", **spec}
    return Evaluation(Header.of({"eval": stated, "status": "success", "results": results}), "final")


def score(name: str, *metrics: str, scorer: str | None = None, reducer: str | None = None) -> dict[str, Any]:
    stated = {metric: {"name": metric, "value": 0.5} for metric in metrics}
    return {"name": name, "scorer": scorer or name, "metrics": stated} | ({"reducer": reducer} if reducer else {})


@pytest.mark.parametrize(
    ("spec", "variant"),
    [
        ({}, "quiz"),
        ({"task_version": 0}, "quiz:version=0"),
        ({"task_version": "1-A", "task_args": {"cot": True, "subset": None}}, "quiz:version=1-A,cot=true"),
        ({"task_args": {"path": "/home/me/x.jsonl", "token": "abc"}}, "quiz:path=x.jsonl"),
        ({"solver": "agent", "solver_args": {"attempts": 2}}, "quiz:solver=agent,solver.attempts=2"),
        ({"config": {"limit": 10, "epochs": 3, "token_limit": None}}, "quiz:limit=10"),
        ({"config": {"sample_id": [1, "a"]}}, 'quiz:sample_id=[1,"a"]'),
        ({"task_args": ["odd"], "config": "odd", "solver": 5}, "quiz"),
    ],
)
def test_a_variant_is_what_is_held_fixed_when_models_are_compared(spec: dict[str, Any], variant: str) -> None:
    assert evaluation(**spec).variant == variant


def test_a_long_argument_is_a_digest() -> None:
    first, second = (evaluation(task_args={"prompt": text * 100}).variant for text in ("a", "b"))
    assert first != second
    assert len(first) < 40


def test_part_of_a_dataset_is_partial() -> None:
    assert evaluation(config={"limit": [0, 10]}).is_partial
    assert not evaluation(config={"limit": None, "message_limit": 5}).is_partial


def test_a_metric_has_the_name_of_its_score_and_its_reducer() -> None:
    found = evaluation(
        {
            "scores": [
                score("match", "accuracy", "stderr", reducer="mean"),
                score("match", "accuracy", reducer="pass_at_2"),
                score("match1", "mean", scorer="match"),
                score("correct", "accuracy", scorer="rubric"),
            ]
        }
    )
    assert [metric_name(each, next(iter(each.metrics))) for each in found.scores] == [
        "accuracy,match",
        "accuracy,match,pass_at_2",
        "mean,match1",
        "accuracy,rubric.correct",
    ]
    assert found.value_name("match1") == "mean,match1"
    assert found.value_name("unreported") == "mean,unreported"


def test_the_headline_comes_first_and_every_other_scorer_has_its_first_metric() -> None:
    scores = [
        score("match", "accuracy", "stderr", reducer="mean"),
        score("match", "accuracy", reducer="pass_at_2"),
        score("correct", "accuracy", scorer="rubric", reducer="mean"),
        score("words", "mean", scorer="rubric", reducer="mean"),
    ]
    headline = {"scorer": "rubric", "score": "words", "metric": "mean", "reducer": "mean"}
    found = evaluation({"scores": scores, "headline": headline})
    assert found.main_metrics == ("mean,rubric.words", "accuracy,match")
    assert found.main_score == ScoreName("rubric", "words")
    assert evaluation({"scores": scores}).main_metrics == ("accuracy,match", "accuracy,rubric.correct")
    assert evaluation({"scores": []}).main_metrics == ()


def test_without_results_the_declared_metrics_name_the_scores() -> None:
    scorers = [{"name": "match", "metrics": [{"name": "inspect_ai/accuracy"}, {"name": "inspect_ai/stderr"}]}, None]
    assert evaluation(scorers=scorers).main_metrics == ("accuracy,match",)


def test_settings_that_change_scores_are_columns() -> None:
    def settings(**stated: Any) -> list[Any]:
        found = evaluation(model_generate_config=stated).settings
        return [found[name] for name in ("temperature", "max_tokens", "num_outputs", "n_in_context_examples")]

    assert settings(temperature=1, max_tokens=5, num_choices=2) == [1.0, 5, 2, None]
    assert settings(temperature="hot", max_tokens=-1, num_choices=True) == [None] * 4

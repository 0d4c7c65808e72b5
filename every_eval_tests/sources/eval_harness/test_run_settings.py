from typing import Any

import pytest

from every_eval.sources.eval_harness.run_settings import run_settings
from every_eval_tests.sources.eval_harness.output import results

NOTHING = {"temperature": None, "max_tokens": None, "num_outputs": None, "n_in_context_examples": None}


def settings(of_task: dict[str, Any], **content: Any) -> dict[str, Any]:
    return dict(run_settings(results(configs={"quiz": {"output_type": "generate_until"} | of_task}, **content), "quiz"))


def test_the_configuration_of_a_task_states_its_generation() -> None:
    stated = {"generation_kwargs": {"temperature": 0.7, "max_gen_toks": 256, "until": ["."]}, "repeats": 64}
    assert settings(stated, **{"n-shot": {"quiz": 5}}) == {
        "temperature": 0.7,
        "max_tokens": 256,
        "num_outputs": 64,
        "n_in_context_examples": 5,
    }


@pytest.mark.parametrize(
    "gen_kwargs",
    [
        "temperature=0.2,max_new_tokens=32,n=2",
        {"temperature": "0.2", "max_new_tokens": "32", "num_return_sequences": 2},
    ],
)
def test_the_command_line_wins_whether_text_or_object(gen_kwargs: object) -> None:
    stated = {"generation_kwargs": {"temperature": 0.7, "do_sample": True}, "repeats": 3}
    found = settings(stated, config={"gen_kwargs": gen_kwargs})
    # three requests with two completions each
    assert found == NOTHING | {"temperature": 0.2, "max_tokens": 32, "num_outputs": 6}


def test_an_argument_of_the_model_limits_the_tokens_if_nothing_else_does() -> None:
    config = {"model_args": "pretrained=a/b,max_gen_toks=100"}
    assert settings({}, config=config)["max_tokens"] == 100
    assert settings({"generation_kwargs": {"max_gen_toks": 8}}, config=config)["max_tokens"] == 8


def test_settings_of_a_generation_say_nothing_of_log_likelihoods() -> None:
    stated = {"output_type": "multiple_choice", "generation_kwargs": {"temperature": 1}, "repeats": 1}
    assert settings(stated, config={"gen_kwargs": "temperature=1"}) == NOTHING


@pytest.mark.parametrize("odd", [None, "x", [1], True, -1, 1.5, 1 << 63, float("inf")])
def test_a_setting_of_another_kind_is_unknown(odd: object) -> None:
    stated = {"generation_kwargs": {"max_gen_toks": odd}, "repeats": odd, "num_fewshot": odd}
    assert settings(stated) == NOTHING
    assert settings({"generation_kwargs": [odd]}, config={"gen_kwargs": odd}) == NOTHING


@pytest.mark.parametrize("odd", ["hot", "nan", float("inf"), None, {}])
def test_a_temperature_is_a_finite_number(odd: object) -> None:
    assert settings({"generation_kwargs": {"temperature": odd}}) == NOTHING

import json
from typing import Any

import pytest

from every_eval.sources.eval_harness.evaluated_model import EvaluatedModel, model_arguments, model_of
from every_eval_tests.sources.eval_harness.output import CHAT, Output, results


def model(arguments: Any, **content: Any) -> EvaluatedModel:
    return model_of(results(config={"model": "hf", "model_args": arguments}, **content))


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ({"pretrained": "EleutherAI/pythia-1.4b"}, "EleutherAI/pythia-1.4b"),
        ({"pretrained": "EleutherAI/pythia-1.4b", "revision": "step100000"}, "EleutherAI/pythia-1.4b@step100000"),
        ({"pretrained": "a/b", "revision": "main"}, "a/b"),
        ({"pretrained": "a/b", "peft": "c/d"}, "a/b+c/d"),
        ({"pretrained": "a/b", "delta": "c/d", "revision": "x"}, "a/b@x+c/d"),
        ({"model": "gpt-3.5-turbo-0125"}, "gpt-3.5-turbo-0125"),
        ({"engine": "davinci"}, "davinci"),
        ({"dtype": "float16"}, None),
        ({}, None),
        (None, None),
    ],
)
def test_the_name_is_what_the_arguments_state(arguments: Any, name: str | None) -> None:
    assert model(arguments).name == name


def test_arguments_are_the_same_as_a_text_and_as_a_mapping() -> None:
    as_text = model("pretrained=a/b,load_in_4bit=True,revision=x")
    assert as_text == model({"pretrained": "a/b", "load_in_4bit": True, "revision": "x"})
    assert as_text == EvaluatedModel("a/b@x", "b", "hf(load_in_4bit=True)")


def test_a_key_that_ends_in_another_is_not_taken_for_it() -> None:
    # lm-eval itself looks for "model=" anywhere in the text
    assert model("base_model=a/b").name is None


@pytest.mark.parametrize("name", ["/data/ckpts/llama", "gpt-4", "a/b/c"])
def test_a_name_that_is_not_creator_and_name_states_no_family(name: str) -> None:
    assert model({"pretrained": name}).family is None


def test_the_family_is_that_of_the_base() -> None:
    assert model({"pretrained": "a/b-1.4", "revision": "x", "peft": "c/d"}).family == "b-1.4"


def test_how_prompts_were_wrapped_belongs_to_the_deployment(output: Output) -> None:
    content = output.results(CHAT)
    deployment = model_of(results(**content)).deployment
    sha = content["chat_template_sha"][:8]
    assert deployment == (
        f"local-chat-completions(base_url=http://127.0.0.1:8000/v1/chat/completions,chat_template={sha},"
        'fewshot_as_multiturn=True,gen_kwargs={"max_gen_toks":512,"temperature":0.7})'
    )


def test_the_order_of_arguments_means_nothing() -> None:
    assert model({"b": 1, "a": 2}).deployment == model({"a": 2, "b": 1}).deployment == "hf(a=2,b=1)"


def test_secrets_are_withheld() -> None:
    secret = "hf_abcdef"
    for arguments in ({"pretrained": "a/b", "token": secret}, f"pretrained=a/b,token={secret}"):
        evaluation = results(config={"model_args": arguments})
        assert model_arguments(evaluation)["token"] == "(withheld)"
        assert secret not in json.dumps([model_arguments(evaluation), model_of(evaluation).deployment])

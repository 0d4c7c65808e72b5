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
        f"local-chat-completions(chat_template={sha},"
        'fewshot_as_multiturn=True,gen_kwargs={"max_gen_toks":512,"temperature":0.7})'
    )


def test_the_order_of_arguments_means_nothing() -> None:
    assert model({"tp_size": 1, "dtype": 2}).deployment == "hf(dtype=2,tp_size=1)"
    assert model({"dtype": 2, "tp_size": 1}).deployment == "hf(dtype=2,tp_size=1)"


@pytest.mark.parametrize(
    "arguments",
    [
        {"pretrained": "a/b", "header": {"Authorization": "Bearer SECRET"}},
        {"pretrained": "a/b", "base_url": "http://user:SECRET@host/v1"},
        "pretrained=a/b,api_key=SECRET",
        "pretrained=a/b,header={'Authorization': 'Bearer SECRET', 'X': 'SECRET'}",
    ],
)
def test_only_names_of_other_arguments_are_published(arguments: Any) -> None:
    evaluation = results(config={"model": "hf", "model_args": arguments, "gen_kwargs": {"extra_headers": "SECRET"}})
    found = model_of(evaluation)
    assert (found.name, found.deployment) == ("a/b", "hf")
    assert "SECRET" not in str(model_arguments(evaluation).shown)


def test_of_a_folder_only_the_name_is_published() -> None:
    found = model({"pretrained": "/home/bob/ckpts/llama-ft/", "peft": "./out/lora-3", "tokenizer": "/home/bob/tok"})
    assert (found.name, found.family, found.deployment) == ("llama-ft+lora-3", None, "hf(tokenizer=tok)")


def test_models_that_differ_only_in_withheld_values_are_told_apart_by_their_number() -> None:
    one, other = model("pretrained=/a/x"), model("pretrained=/b/x")
    assert (one.name, one.deployment) == (other.name, other.deployment)
    assert one.distinction != other.distinction
    evaluation = results(config={"model": "hf", "model_args": "pretrained=/b/x"})
    assert model_of(evaluation, ordinal=2).deployment == "hf(withheld=#2)"


def test_a_new_token_is_no_other_model() -> None:
    assert model("pretrained=a/b,token=1") == model("pretrained=a/b,token=2")

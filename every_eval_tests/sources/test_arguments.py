from typing import Any

import pytest

from every_eval.sources.arguments import (
    names_in,
    public_arguments,
    public_name,
    public_text,
    redacted,
    split_text,
    without_credentials,
)


@pytest.mark.parametrize(
    "stated",
    [
        {"model": "a/b", "header": {"Authorization": "Bearer SECRET"}},
        {"model": "a/b", "headers": ["Authorization: SECRET"]},
        {"model": "a/b", "base_url": "https://user:SECRET@host/v1?key=SECRET"},
        {"model": "a/b", "env": {"OPENAI_API_KEY": "SECRET"}},
        {"model": "a/b", "brand_new_argument": "SECRET"},
        {"model": "a/b", "quantization_config": {"token": "SECRET"}},
        {"model": "a/b", "SECRET of sixteen": 1, "tokenizer": "https://SECRET@host"},
        {"model": "a/b", "dtype": ["Bearer SECRET"], "tokenizer": {"model": {"auth": "SECRET"}}},
        "model=a/b,header={'Authorization': 'Bearer SECRET','dtype=': 'SECRET,dtype=SECRET'}",
        "model=a/b,token=abc,SECRET==,timeout=1",
        'model=a/b,quantization_config={"token": "SECRET"}',
        "model=a/b,tokenizer={SECRET}",
        "model=a/b,tokenizer=x?auth=SECRET",
        "SECRET,model=a/b",
    ],
)
def test_no_value_of_another_argument_is_shown(stated: Any) -> None:
    found = public_arguments(stated)
    assert found.shown["model"] == "a/b"
    assert found.withheld
    assert "SECRET" not in str((found.shown, found.withheld))


@pytest.mark.parametrize(
    "credential",
    [
        "sk-proj-a1B2c3D4e5",
        "hf_a1B2c3D4e5F6",
        "ghp_a1B2c3D4e5F6",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.e30.abc",
        "Bearer abcdef",
        "xoxb-123-456-abc",
    ],
)
def test_a_permitted_name_does_not_permit_what_looks_like_a_credential(credential: str) -> None:
    assert public_arguments({"revision": credential}).withheld == ("revision",)
    assert public_arguments({credential: "x"}).withheld == ("(unnamed)",)
    assert credential not in redacted(f"say {credential} twice: {credential}")


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("meta-llama/Llama-2-7b-hf", "meta-llama/Llama-2-7b-hf"),
        ("gpt-4", "gpt-4"),
        ("cuda:0", "cuda:0"),
        ("hf-causal-experimental", "hf-causal-experimental"),
        ("sk-learn", "sk-learn"),
        ("Token abc", None),
        ("0.9", "0.9"),
        ("/data/ckpts/llama-ft-500/", "llama-ft-500"),
        ("./out/last", "last"),
        ("~/models/x", "x"),
        ("models/bob/x", "x"),
        ("C:\\models\\x", "x"),
        ("..", None),
        ("http://127.0.0.1:8000/v1", None),
        ("a?token=b", None),
    ],
)
def test_a_path_is_reduced_to_its_name_and_an_address_is_withheld(value: str, shown: str | None) -> None:
    assert public_text(value) == shown


def test_arguments_without_a_value_are_shown_and_withhold_nothing() -> None:
    found = public_arguments({"header": None, "dtype": None})
    assert (found.shown, found.withheld) == ({"header": None, "dtype": None}, ())


def test_values_keep_their_types_and_their_order() -> None:
    stated = {"tp_size": 2, "quantization_config": {"load_in_4bit": True}, "until": ["\n\n", "."], "dtype": "auto"}
    found = public_arguments(stated)
    assert list(found.shown.items()) == list(stated.items())
    assert (found.withheld, found.distinction) == ((), "")


@pytest.mark.parametrize(
    ("name", "public"),
    [
        ("acme__tiny", "acme__tiny"),
        ("__data__ckpts__llama", "…__llama"),
        (".cache", ".cache"),
        ("pretrained=a__b,token=c,dtype=auto", "pretrained=a__b,token=…,dtype=auto"),
        ("pretrained__a__b,api_key__c__d", "pretrained__a__b,api_key__…"),
        ("header={'x': 'SECRET, SECRET', 'y': 'SECRET'}", "header=…,…"),
        ("bob:SECRET@host", "…"),
        ("results=SECRET", "results=…"),
    ],
)
def test_the_name_of_a_file_keeps_what_describes_the_model(name: str, public: str) -> None:
    assert public_name(name) == public


def test_a_user_name_and_password_need_no_scheme_to_be_withheld() -> None:
    assert public_text("bob:SECRET@host/v1") is None
    assert public_arguments("model=bob:SECRET@host").withheld == ("model",)


def test_another_list_of_names_can_be_permitted() -> None:
    assert public_arguments({"subject": "law", "model": "x"}, names_in("subject task")).withheld == ("model",)


def test_only_withheld_values_other_than_credentials_tell_models_apart() -> None:
    def distinction(**arguments: Any) -> str:
        return public_arguments(arguments).distinction

    assert distinction(token="1") == distinction(token="2") == distinction(dtype="auto") == ""
    assert distinction(base_url="http://a") != distinction(base_url="http://b")
    assert distinction(pretrained="/a/x") != distinction(pretrained="/b/x")
    assert distinction(base_url="u", header=1) == distinction(header=1, base_url="u")


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("a=b,c=d", [("a", "b"), ("c", "d")]),
        ("a=[1,2],b={'x': 1, 'y': 2}", [("a", "[1,2]"), ("b", "{'x': 1, 'y': 2}")]),
        # an apostrophe that begins no quotation
        ("model=bob's,dtype=auto", [("model", "bob's"), ("dtype", "auto")]),
        ("a=b,c,d=e", [("a", "b,c"), ("d", "e")]),
        ("", []),
    ],
)
def test_the_text_of_a_command_line_is_split_at_its_commas(text: str, pairs: list[tuple[str, str]]) -> None:
    assert split_text(text) == pairs


def test_the_padding_of_base64_is_no_argument() -> None:
    assert split_text("token=abc,def==,trust_remote_code=") == [("token", "abc,def=="), ("trust_remote_code", "")]


def test_a_specification_without_credentials_stays_as_it_is() -> None:
    spec = '{"name":"mmlu:subject=law","adapter_spec":{"max_tokens":5,"eos_token":"</s>","temperature":0.0},"b":1e2}'
    assert without_credentials(spec) == spec


def test_a_specification_loses_its_credentials() -> None:
    spec = """{"args":{"api_key":"SECRET","hf_token":"SECRET","headers":{"X":"SECRET"},"url":"http://a:SECRET@host",
        "list":[{"OPENAI_API_KEY":"SECRET"}],"subject":"law","token":null}}"""
    shown = without_credentials(spec)
    assert "SECRET" not in shown
    assert '"subject":"law","token":null' in shown


def test_prompts_that_speak_of_tokens_stay_as_they_are() -> None:
    prompts = {"description": "Answer basic questions, token by token. The bearer of a task-specific risk-free ring."}
    assert redacted(prompts) == prompts

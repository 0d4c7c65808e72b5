import pytest

from every_eval.sources.inspect.evaluated_model import model_of, role_models, split_model
from every_eval.sources.inspect.records import EvalSpec


@pytest.mark.parametrize(
    ("stated", "name", "provider"),
    [
        ("openai/gpt-4o-mini", "openai/gpt-4o-mini", "openai"),
        ("together/meta-llama/Llama-3.1-8B", "meta-llama/Llama-3.1-8B", "together"),
        ("hf/mistralai/Mistral-7B-Instruct-v0.3", "mistralai/Mistral-7B-Instruct-v0.3", "hf"),
        ("openai/azure/gpt-4o", "openai/gpt-4o", "openai/azure"),
        ("google/vertex/gemini-2.0-flash", "google/gemini-2.0-flash", "google/vertex"),
        ("vllm//data/ckpts/llama-ft", "vllm/llama-ft", "vllm"),
        ("hf/./llama", "hf/llama", "hf"),
        ("vllm/https://internal.example/v1", None, "vllm"),
        ("openai/sk-abcdefghijklmnopqrst", None, "openai"),
        ("none/none", None, "none"),
        ("gpt-4", None, "gpt-4"),
    ],
)
def test_a_model_has_its_name_on_the_hub_or_that_of_its_provider(stated: str, name: str | None, provider: str) -> None:
    assert split_model(stated) == (name, provider)


def spec(**fields: object) -> EvalSpec:
    return EvalSpec("task", "hf/owner/model", **fields)  # type: ignore[arg-type]


def test_the_deployment_has_the_arguments_that_describe_the_model() -> None:
    found = model_of(
        spec(
            model_args={"dtype": "bfloat16", "api_key": "secret", "custom": 1, "device": None},
            model_generate_config={"temperature": 0.5, "reasoning_effort": "high"},
        )
    )
    assert (found.name, found.family) == ("owner/model", "model")
    assert found.deployment == "hf(dtype=bfloat16,reasoning_effort=high)"
    assert found.arguments.withheld == ("api_key", "custom")


@pytest.mark.parametrize("odd", [None, [], "text", {"grader": None}, {"grader": {"model": 5}}])
def test_odd_arguments_and_roles_are_left_out(odd: object) -> None:
    assert model_of(spec(model_args=odd, model_generate_config=odd)).deployment == "hf"
    assert role_models(spec(model_roles=odd)) == {}


def test_the_models_of_roles_are_named() -> None:
    roles = {"grader": {"model": "openai/gpt-4o", "config": {}}, "red_team": "hf/owner/other"}
    assert role_models(spec(model_roles=roles)) == {"grader": "openai/gpt-4o", "red_team": "owner/other"}

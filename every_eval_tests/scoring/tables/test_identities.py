from typing import Any

import pyarrow as pa

from every_eval.contracts.identities import IDENTITIES
from every_eval.scoring.tables.identities import NAME_COLUMNS, Name, identities, names_in
from every_eval.scoring.tables.registry import Registry

NO_REGISTRY = Registry({})


def rows(*names: Name, registry: Registry = NO_REGISTRY) -> dict[tuple[str, str, str], dict[str, Any]]:
    table = identities(names, registry)
    IDENTITIES.validate(table)
    return {(row["kind"], row["source"], row["source_name"]): row for row in table.to_pylist()}


def test_models_with_equal_creator_and_name_have_one_identity_whatever_the_case() -> None:
    found = rows(
        ("helm", "mistralai/mistral-7b-v0.1", "mistralai/mistral-7b-v0.1", "gsm"),
        ("eval_harness", "mistralai/Mistral-7B-v0.1", "hf(dtype=bfloat16)", "gsm8k"),
    )
    models = [row for row in found.values() if row["kind"] == "model"]
    assert {row["identity"] for row in models} == {"mistralai/mistral-7b-v0.1"}
    assert {(row["rule"], row["confidence"]) for row in models} == {("creator_and_name", "equal_names")}


def test_helms_name_of_a_model_is_joined_with_the_repo_that_helm_declares_to_load() -> None:
    found = rows(
        ("helm", "meta/llama-3.1-8b-instruct", "huggingface/llama-3.1-8b-instruct", None),
        ("inspect", "meta/llama-3.1-8b-instruct", "openrouter", None),
        ("eval_harness", "meta-llama/Llama-3.1-8B-Instruct", "vllm", None),
        ("helm", "eleutherai/pythia-6.9b", "huggingface/pythia-6.9b", None),
    )
    columns = ("identity", "rule", "confidence", "hugging_face_id")
    said = {key[1:]: tuple(row[name] for name in columns) for key, row in found.items()}
    # helm/config/model_deployments.yaml of crfm-helm 0.5.16: pretrained_model_name_or_path of the first model; the last
    # has none, so that HELM's client loads it by its own name.
    llama, repo = "meta-llama/llama-3.1-8b-instruct", "meta-llama/Llama-3.1-8B-Instruct"
    pythia = "eleutherai/pythia-6.9b"
    assert said == {
        ("helm", "meta/llama-3.1-8b-instruct"): (llama, "declared_repo", "declared", repo),
        ("inspect", "meta/llama-3.1-8b-instruct"): (llama, "declared_repo", "equal_names", None),
        ("eval_harness", "meta-llama/Llama-3.1-8B-Instruct"): (llama, "creator_and_name", "equal_names", repo),
        ("helm", "eleutherai/pythia-6.9b"): (pythia, "creator_and_name", "equal_names", pythia),
    }


def test_a_name_that_no_rule_joins_keeps_its_source() -> None:
    names = ("gpt2", "a/b@step1000", "a/b+c/lora")
    found = rows(*(("eval_harness", name, "hf", None) for name in names), ("inspect", "gpt2", "hf", None))
    assert found["model", "eval_harness", "gpt2"]["identity"] == "eval_harness:gpt2"
    assert found["model", "inspect", "gpt2"]["identity"] == "inspect:gpt2"
    for name in names:
        row = found["model", "eval_harness", name]
        assert (row["identity"], row["rule"], row["confidence"]) == (f"eval_harness:{name}", "own_name", "none")


def test_a_name_on_the_hub_is_stated_by_the_backend_that_loads_it_from_there() -> None:
    found = rows(
        ("helm", "meta/llama-2-70b", "huggingface/llama-2-70b", None),
        ("eval_harness", "EleutherAI/pythia-1.4b@step100000", "hf(dtype=float16)", None),
        ("eval_harness", "gpt-3.5-turbo-0125", "local-chat-completions", None),
        ("eval_harness", "gpt2", "hf", None),
        ("inspect", "mistralai/Mistral-7B-Instruct-v0.3", "vllm", None),
        ("inspect", "meta-llama/Llama-3.1-8B-Instruct-Turbo", "together", None),
    )
    stated = {name: row["hugging_face_id"] for (_, _, name), row in found.items() if row["hugging_face_id"]}
    assert stated == {
        "EleutherAI/pythia-1.4b@step100000": "EleutherAI/pythia-1.4b",
        "mistralai/Mistral-7B-Instruct-v0.3": "mistralai/Mistral-7B-Instruct-v0.3",
    }


def test_scenarios_are_joined_by_the_declared_names_or_by_equal_names() -> None:
    found = rows(
        ("helm", None, None, "gsm"),
        ("eval_harness", None, None, "gsm8k_cot"),
        ("helm", None, None, "boolq"),
        ("eval_harness", None, None, "boolq"),
    )
    said = {key[1:]: (row["identity"], row["confidence"]) for key, row in found.items()}
    assert said == {
        ("helm", "gsm"): ("gsm8k", "declared"),
        ("eval_harness", "gsm8k_cot"): ("gsm8k", "declared"),
        ("helm", "boolq"): ("boolq", "equal_names"),
        ("eval_harness", "boolq"): ("boolq", "equal_names"),
    }


def test_the_registry_stands_beside_the_identity_and_never_replaces_it() -> None:
    entry = {"canonical_id": "openai/gpt-4", "strategy": "fuzzy", "status": "pending", "confidence": 0.6}
    names = (("helm", "openai/gpt-4-0613", "openai/gpt-4-0613", "openai/gpt-4-0613"),)
    found = rows(*names, registry=Registry({("model", "openai/gpt-4-0613"): entry}))
    model = found["model", "helm", "openai/gpt-4-0613"]
    assert model["identity"] == "openai/gpt-4-0613"
    assert (model["registry_id"], model["registry_strategy"]) == ("openai/gpt-4", "fuzzy")
    assert (model["registry_status"], model["registry_confidence"]) == ("pending", 0.6)
    assert found["scenario", "helm", "openai/gpt-4-0613"]["registry_id"] is None


def test_names_are_distinct_and_their_order_changes_nothing() -> None:
    values = [("helm", "a/b", None, "gsm"), ("helm", "a/b", None, "gsm"), ("helm", "a/c", "x/a", None)]
    table = pa.table(
        {
            name: pa.array(column, pa.string())
            for name, column in zip(NAME_COLUMNS, zip(*values, strict=True), strict=True)
        }
    )
    names = names_in(table)
    assert names == set(values)
    forwards, backwards = sorted(names, key=str), sorted(names, key=str, reverse=True)
    assert identities(forwards, NO_REGISTRY) == identities(backwards, NO_REGISTRY)
    assert names_in(table.slice(0, 0)) == set()

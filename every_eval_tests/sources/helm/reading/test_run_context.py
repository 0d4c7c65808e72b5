import json

import pytest

from every_eval.sources.helm.reading.records import AdapterSpec, RunSpec, Scenario, ScenarioSpec
from every_eval.sources.helm.reading.run_context import RunContext, model_family, task, variant
from every_eval.sources.source import Run


def _context(facts: dict[str, str], **spec: object) -> RunContext:
    run = Run("helm", "lite", "v1", "gsm:model=a_b", "lite/benchmark_output/runs/v1/gsm:model=a_b", facts=facts)
    return RunContext(run, RunSpec("gsm:model=a_b", **spec), "{}", Scenario("gsm"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "held_fixed"),
    [
        ("mmlu:subject=anatomy,model=x", "mmlu:subject=anatomy"),
        ("mmlu:model=x,subject=anatomy", "mmlu:subject=anatomy"),
        ("gsm:model=x", "gsm"),
        ("gsm:model_deployment=together_x", "gsm"),
        ("gsm", "gsm"),
        ("a:model=x,model_deployment=y,groups=z", "a:groups=z"),
        ("a:submodel=x", "a:submodel=x"),
        ("a:args=b:c,model=x", "a:args=b:c"),
    ],
)
def test_a_variant_is_what_is_held_fixed_when_models_are_compared(name: str, held_fixed: str) -> None:
    assert variant(name) == held_fixed


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, None),
        ({"subject": "anatomy"}, "subject=anatomy"),
        ({"source": "cs", "target": "en"}, "source=cs,target=en"),
        ({"level": 5, "chain": True, "of": None, "list": [1, "a"]}, 'level=5,chain=true,of=null,list=[1,"a"]'),
    ],
)
def test_a_task_is_made_of_the_scenarios_arguments_in_their_order(arguments: dict[str, object], text: str) -> None:
    assert task(arguments) == text


@pytest.mark.parametrize(
    ("model", "family"), [("openai/gpt-4", "gpt-4"), ("a/b/c", "b/c"), ("gpt-4", None), (None, None), ("", None)]
)
def test_a_family_is_the_models_name_without_its_creator(model: str | None, family: str | None) -> None:
    assert model_family(model) == family


def test_the_main_metric_is_that_of_the_last_group_or_helms_fallback() -> None:
    context = _context({"main_metrics": '[["f1","test"],["quasi_exact_match","valid"]]'})

    assert context.main_metrics == (("f1", "test"), ("quasi_exact_match", "valid"))
    assert context.main_metric_name({"quasi_exact_match", "exact_match"}) == "quasi_exact_match"
    assert context.main_metric_name({"exact_match"}) == "exact_match"
    assert _context({"main_metrics": '[["f1","test"]]'}).main_metric_name({"exact_match"}) == "f1"
    assert _context({}).main_metric_name({"exact_match"}) is None


def test_what_a_run_and_its_index_state_is_shared_by_its_rows() -> None:
    facts = {"category": "Scenarios", "creator": "Somebody"}
    adapter = AdapterSpec("generation", "a/b", "host/b")
    shared = _context(facts, adapter_spec=adapter, scenario_spec=ScenarioSpec("X", {"k": 1}), groups=["g"]).constants

    expected = {
        "source": "helm",
        "benchmark": "lite",
        "suite": "v1",
        "source_version": "v1",
        "run": "gsm:model=a_b",
        "dataset_name": "gsm",
        "task": "k=1",
        "variant": "gsm",
        "groups": ["g"],
        "model_name": "a/b",
        "model_family": "b",
        "model_deployment": "host/b",
        "adapter_method": "generation",
        "run_spec": "{}",
        "category": "Scenarios",
        "creator": "Somebody",
        "source_url": "https://storage.googleapis.com/crfm-helm-public/lite/benchmark_output/runs/v1/gsm:model=a_b",
    }
    assert {name: shared[name] for name in expected} == expected
    assert {shared[name] for name in ("hf_split", "hf_index", "license")} == {None}


def test_what_is_not_stated_is_null() -> None:
    shared = _context({}).constants

    names = ("task", "model_name", "model_family", "model_deployment", "adapter_method", "category", "creator")
    assert {shared[name] for name in names} == {None}
    assert json.loads(shared["run_spec"]) == {}


def test_a_url_can_be_followed_whatever_the_runs_name() -> None:
    run = Run("helm", "lite", "v1", "a", "lite/runs/v1/a:b=c d?é#%,e@1")
    url = RunContext(run, RunSpec("a"), "{}", None).constants["source_url"]

    assert url == "https://storage.googleapis.com/crfm-helm-public/lite/runs/v1/a:b=c%20d%3F%C3%A9%23%25,e@1"

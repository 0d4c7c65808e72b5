from typing import Any

import pytest

from every_eval.sources.eval_harness.task import Task
from every_eval.sources.source import Run
from every_eval_tests.sources.eval_harness.output import AGAIN, FIVE_SHOT, Output, metrics, results, task

RUN = Run("eval_harness", "main", "m/results_x", "quiz", "main/m")


def filters(*names: str) -> dict[str, Any]:
    return {"filter_list": [{"name": name, "filter": []} for name in names]}


def test_a_run_is_named_by_task_version_shots_limit_and_model() -> None:
    of = task(
        versions={"quiz": 1.0},
        config={"model": "hf", "model_args": {"pretrained": "a/b"}, "limit": 20.0},
        **{"n-shot": {"quiz": 5}},
    )
    assert of.variant == "quiz:version=1.0,n_shot=5,limit=20"
    assert of.run_name == "quiz:version=1.0,n_shot=5,limit=20,model=a/b,model_deployment=hf"


@pytest.mark.parametrize(("limit", "variant"), [(None, "quiz"), (0.25, "quiz:limit=0.25"), (3, "quiz:limit=3")])
def test_what_is_not_stated_is_not_in_the_name(limit: float | None, variant: str) -> None:
    assert task(config={"limit": limit}).variant == variant


def test_the_main_metric_is_the_first_listed_that_is_reported() -> None:
    config = metrics(("perplexity", None), ("acc", None))
    assert task(config, {"acc,none": 1, "perplexity,none": 2}).main_metric == "perplexity,none"
    assert task(config, {"acc,none": 1}).main_metric == "acc,none"


def test_of_its_filters_the_first_listed_counts() -> None:
    config = metrics(("exact_match", None)) | filters("strict", "flexible")
    of = task(config, {"exact_match,flexible": 1, "exact_match,strict": 2})
    assert of.main_metric == "exact_match,strict"
    assert of.main_metric_of(["flexible"]) == "exact_match,flexible"


def test_without_a_list_the_first_reported_counts() -> None:
    assert task({}, {"acc_norm,none": 1, "acc,none": 2}).main_metric == "acc_norm,none"


def test_a_bypass_is_no_main_metric() -> None:
    assert task(metrics(("bypass", None)), {"bypass,none": 999}).main_metric is None


def test_test_data_come_before_validation_data() -> None:
    assert task({"test_split": "test", "validation_split": "dev"}).split == "test"
    assert task({"test_split": None, "validation_split": "dev"}).split == "dev"
    assert task().split is None


@pytest.mark.parametrize(
    ("config", "is_on_hub"),
    [
        ({"dataset_path": "cais/mmlu"}, True),
        ({"dataset_path": "gsm8k"}, True),
        ({"dataset_path": "json"}, False),
        ({"dataset_path": "imagefolder"}, False),
        ({"dataset_path": "/data/mmlu"}, False),
        ({"dataset_path": "cais/mmlu", "process_docs": "def process(docs): ..."}, False),
        ({}, False),
    ],
)
def test_a_dataset_is_on_the_hub_only_if_the_task_says_so(config: dict[str, Any], is_on_hub: bool) -> None:
    of = task(config | {"test_split": "test"})
    assert of.is_on_hub is is_on_hub
    assert of.shared(RUN)["hf_split"] == ("test" if is_on_hub else None)


def test_columns_that_a_real_task_shares(output: Output) -> None:
    of = Task(results(**output.results(FIVE_SHOT)), "mmlu_local_astronomy")
    shared = of.shared(RUN)
    assert shared["dataset_name"] == "mmlu_local_astronomy"
    assert shared["variant"] == "mmlu_local_astronomy:version=1.0,n_shot=5"
    assert (shared["model_name"], shared["model_family"]) == ("meta-llama/Llama-2-7b-hf", "Llama-2-7b-hf")
    assert (shared["adapter_method"], shared["split"], shared["source_url"]) == ("multiple_choice", "test", "main/m")


def test_a_task_counts_in_the_groups_above_it(output: Output) -> None:
    evaluation = results(**output.results(AGAIN))
    assert Task(evaluation, "mmlu_local_astronomy").shared(RUN)["groups"] == ["mmlu_local", "mmlu_local_stem"]
    assert Task(evaluation, "wikitext_local").shared(RUN)["groups"] == []


def test_a_placeholder_is_no_main_metric() -> None:
    reported = {"bypass,none": 999, "f1,none": "N/A", " ,none": " ", "acc,none": 0.5}
    assert task(reported=reported).main_metric == "acc,none"
    assert task(reported={"bypass,none": 999, "f1,none": "N/A"}).main_metric is None
    # A number that is not finite is a score.
    assert task(reported={"mae,none": "Infinity", "acc,none": 0.5}).main_metric == "mae,none"


def test_a_metric_without_a_filter_is_a_main_metric() -> None:
    of = task(reported={"acc": 0.5, "acc_stderr": 0.1, "acc_norm": 0.6}, has_filters=False)
    assert (of.filters(), of.main_metric) == ([""], "acc")


def test_the_facts_of_a_run_name_its_task_even_without_a_name() -> None:
    of = Task(results(), "", ordinal=2)
    assert of.facts == {"task": "", "withheld": "2"}
    assert Task.of_run(of.results, Run("eval_harness", "b", "s", "r", "f", facts=of.facts)) == of


def test_chosen_documents_have_a_variant_of_their_own() -> None:
    of = Task(results(configs={"quiz": {}}, **{"n-shot": {"quiz": 0}}), "quiz", chosen="2-abc")
    assert of.variant == "quiz:n_shot=0,samples=2-abc"
    assert (of.is_partial, task().is_partial) == (True, False)
    assert task().variant_of("2-abc") == "quiz:samples=2-abc"
    assert Task.of_run(of.results, Run("eval_harness", "b", "s", of.run_name, "f", facts=of.facts)) == of


def test_an_address_is_no_part_of_a_variant() -> None:
    stated = "https://u:secret@host"
    listed = {"test_split": stated, "output_type": stated}
    of = task(listed, **{"n-shot": {"quiz": stated}, "versions": {"quiz": stated}})
    assert (of.variant, of.split, of.output_type) == ("quiz", None, None)
    assert "secret" not in of.spec.json

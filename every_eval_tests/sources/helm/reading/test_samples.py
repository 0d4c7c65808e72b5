"""The rows of `samples`, for the shapes that files have had in HELM's versions."""

import hashlib
import json
from typing import Any

import pytest

from every_eval_tests.sources.helm.made_up import TYPOS, TYPOS_JSON, files, read, rejects, stat


def _row(content: dict[str, Any], number: int = 0, /, **rest: Any) -> dict[str, Any]:
    row: dict[str, Any] = read(content, **rest).samples.to_pylist()[number]
    return row


def test_every_column_of_a_sample() -> None:
    identity = ["helm", "lite", "v1", "quiz:subject=x,model=m_a", "id1", None, 0, None, 0]

    assert _row(files()) == {
        "evaluation_id": hashlib.sha256(json.dumps(identity, separators=(",", ":")).encode()).hexdigest(),
        "dataset_name": "quiz",
        "hf_split": None,
        "hf_index": None,
        "raw_input": "One?",
        "ground_truth": ["1", "uno"],
        "model_name": "m/a",
        "model_family": "a",
        "output": " 1",
        "evaluation_method_name": "exact_match",
        "evaluation_score": 1.0,
        "run": "quiz:subject=x,model=m_a",
        "task": "subject=x,level=2",
        "adapter_method": "generation",
        "source": "helm",
        "source_version": "v1",
        "source_url": "https://storage.googleapis.com/crfm-helm-public/lite/benchmark_output/runs/v1/quiz:subject=x,model=m_a",
        "license": None,
        "category": "Scenarios",
        "benchmark": "lite",
        "suite": "v1",
        "instance_id": "id1",
        "split": "test",
        "sub_split": None,
        "perturbation": None,
        "perturbation_name": None,
        "train_trial_index": 0,
        "reference_index": None,
        "occurrence": 0,
        "prompt": "Q: One?",
        "references": [
            {"text": "1", "tags": ["correct"]},
            {"text": "2", "tags": []},
            {"text": "uno", "tags": ["correct"]},
        ],
        "truncated_output": None,
        "mapped_output": None,
        "model_deployment": "host/a",
        "creator": "Somebody",
        "responses": None,
        "releases": [],
        "messages": None,
        "media": None,
        "output_media": None,
        "extra_data": None,
        "thinking_text": None,
        "annotations": None,
        "is_encrypted": False,
        "judges": None,
        **dict.fromkeys(("answer", "explanation", "error", "limit", "output_model")),
        "temperature": None,
        "max_tokens": None,
        "num_outputs": None,
        "n_in_context_examples": None,
    }


def test_what_a_prediction_states_beyond_its_text_is_kept() -> None:
    row = _row(files(), 1)

    assert (row["mapped_output"], row["truncated_output"], row["evaluation_score"]) == ("three", "3", 0.0)


def test_a_changed_text_has_its_own_question_prompt_and_score() -> None:
    row = _row(files(), 2)
    identity = ["helm", "lite", "v1", "quiz:subject=x,model=m_a", "id1", TYPOS, 0, None, 0]

    assert (row["perturbation"], row["perturbation_name"]) == (TYPOS_JSON, "typos")
    assert (row["raw_input"], row["prompt"], row["evaluation_score"]) == ("Oen?", "Q: Oen?", 0.0)
    spelled = json.dumps(identity, separators=(",", ":"), sort_keys=True)
    assert row["evaluation_id"] == hashlib.sha256(spelled.encode()).hexdigest()


@pytest.mark.parametrize("instance_id", ["é😀", 'a"b', "back\\slash", "a\n\t\b\f\r\x01\x1f\x7f", "/\u2028</", ""])
def test_an_id_is_of_the_canonical_json_whatever_the_text(instance_id: str) -> None:
    content = files()
    for file in ("instances.json", "display_predictions.json", "display_requests.json"):
        for item in content[file]:
            name = "id" if "id" in item else "instance_id"
            item[name] = item[name].replace("id1", instance_id)
    identity = ["helm", "lite", "v1", "quiz:subject=x,model=m_a", instance_id, None, 0, None, 0]
    spelled = json.dumps(identity, separators=(",", ":"), ensure_ascii=False)

    assert _row(content)["evaluation_id"] == hashlib.sha256(spelled.encode()).hexdigest()


@pytest.mark.parametrize("change", [{"benchmark": "mmlu"}, {"suite": "v2"}, {"name": "other"}])
def test_ids_of_other_runs_are_others(change: dict[str, str]) -> None:
    other = files()
    other["run_spec.json"]["name"] = change.get("name", other["run_spec.json"]["name"])

    assert _row(other, **change)["evaluation_id"] != _row(files())["evaluation_id"]


def test_trials_and_references_are_told_apart() -> None:
    content = files()
    [prediction] = content["display_predictions.json"][:1]
    [request] = [item for item in content["display_requests.json"] if item["request"]["prompt"] == "Q: One?"]
    marks = [{"train_trial_index": 0}, {"train_trial_index": 1}, {"train_trial_index": 1}]
    references = [{}, {"reference_index": 0}, {"reference_index": 1}]
    content["display_predictions.json"] = [
        prediction | mark | reference for mark, reference in zip(marks, references, strict=True)
    ]
    content["display_requests.json"] = [
        request | mark | {"request": {"prompt": str(number)}} for number, mark in enumerate(marks)
    ]
    entry = content["per_instance_stats.json"][0]
    content["per_instance_stats.json"] = [
        entry | {"train_trial_index": trial, "stats": [stat("exact_match", value)]}
        for trial, value in ((0, 0.25), (1, 0.75))
    ]
    rows = read(content)

    columns = ["train_trial_index", "reference_index", "occurrence", "prompt", "evaluation_score"]
    assert [tuple(row.values()) for row in rows.samples.select(columns).to_pylist()] == [
        (0, None, 0, "0", 0.25),
        (1, 0, 0, "1", None),
        (1, 1, 0, "2", None),
    ]
    assert len(set(rows.samples["evaluation_id"].to_pylist())) == 3


def test_texts_of_helms_first_version_are_plain() -> None:
    content = files()
    for instance in content["instances.json"]:
        instance["input"] = instance["input"]["text"]
        for reference in instance["references"]:
            reference["output"] = reference["output"]["text"]

    assert read(content).samples.equals(read(files()).samples)


def test_media_without_a_text_leave_it_empty() -> None:
    content = files()
    content["instances.json"][0]["input"] = {"multimedia_content": {"media_objects": []}}

    assert _row(content)["raw_input"] == ""


def test_a_chats_prompt_is_its_messages() -> None:
    content = files()
    messages = [{"role": "user", "content": "Two?"}]
    content["display_requests.json"][0]["request"] = {"prompt": "", "messages": messages}

    assert _row(content, 1)["prompt"] == '[{"content":"Two?","role":"user"}]'


def test_an_instance_without_references_has_no_truth() -> None:
    content = files()
    del content["instances.json"][1]["references"]
    row = _row(content, 1)

    assert (row["ground_truth"], row["references"]) == ([], [])


@pytest.mark.parametrize(
    ("main", "name", "scores"),
    [
        ('[["f1","test"]]', "f1", [0.5, None, 0.25]),
        ('[["f1","test"],["exact_match","test"]]', "exact_match", [1.0, 0.0, 0.0]),
        ('[["quasi_exact_match","test"]]', "exact_match", [1.0, 0.0, 0.0]),
        ('[["bleu","test"]]', "bleu", [None, None, None]),
        ("[]", None, [None, None, None]),
    ],
)
def test_the_score_is_that_of_the_main_metric(main: str, name: str | None, scores: list[float | None]) -> None:
    rows = read(files(), facts={"main_metrics": main}).samples

    assert set(rows["evaluation_method_name"].to_pylist()) == {name}
    assert rows["evaluation_score"].to_pylist() == scores


def test_a_score_of_several_values_is_their_mean() -> None:
    content = files()
    content["per_instance_stats.json"][0]["stats"][0] = stat("exact_match", 1.0, 0.0, 0.0, 1.0, 1.0)

    assert _row(content)["evaluation_score"] == 0.6


def test_without_a_scenario_its_name_is_null() -> None:
    content = files()
    content["scenario.json"] = None
    row = _row(content)

    assert (row["dataset_name"], row["output"]) == (None, " 1")
    assert rejects(read(content)) == [("file_missing", "scenario.json", None)]


def test_models_of_old_versions_have_no_deployment() -> None:
    content = files()
    content["run_spec.json"]["adapter_spec"] = {"method": "generation", "model": "text-davinci-002"}
    row = _row(content)

    assert (row["model_name"], row["model_family"], row["model_deployment"]) == ("text-davinci-002", None, None)

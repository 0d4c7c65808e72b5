import json
from typing import Any

import pytest

from every_eval.contracts.rejects import Reason
from every_eval.sources.eval_harness.results import Results
from every_eval.sources.eval_harness.results_file import decode_results
from every_eval.sources.source import Reject

WHOLE = {
    "results": {"t": {"alias": "t", "acc,none": 0.5}},
    "group_subtasks": {"t": []},
    "configs": {"t": {"task": "t"}},
    "versions": {"t": 1.0},
    "n-shot": {"t": 0},
    "higher_is_better": {"t": {"acc": True}},
    "n-samples": {"t": {"original": 4, "effective": 4}},
    "config": {"model": "hf", "model_args": {"pretrained": "a/b"}},
    "date": 1770091200.5,
    "lm_eval_version": "0.4.12",
    "chat_template_sha": None,
}
OLD = {
    "results": {"lambada": {"ppl": 12.3, "ppl_stderr": 0.4, "acc": 0.5, "acc_stderr": 0.01}, "wsc": {"acc": 0.25}},
    "versions": {"lambada": 0, "wsc": 1},
    "config": {"model": "gpt2", "model_args": "pretrained=a/old", "num_fewshot": 2},
}
GROUPS = {
    "results": {
        "mmlu": {"acc,none": 0.4, "alias": "mmlu"},
        "mmlu_stem": {"acc,none": 0.3, "alias": " - stem"},
        "mmlu_a": {"acc,none": 0.3, "alias": "  - a"},
        "mmlu_law": {"acc,none": 0.5, "alias": " - law"},
        "wsc": {"acc,none": 0.5, "alias": "wsc"},
    },
    "groups": {"mmlu": {"acc,none": 0.4}},
    "versions": {"mmlu": "N/A", "mmlu_stem": "N/A", "mmlu_a": 0.0},
    "configs": {
        name: {"metric_list": [{"metric": "acc", "higher_is_better": True}]} for name in ("mmlu_a", "mmlu_law", "wsc")
    },
}


def decode(content: Any) -> Results:
    found = decode_results(json.dumps(content).encode(), "results.json")
    assert isinstance(found, Results)
    return found


@pytest.mark.parametrize(
    ("name", "value", "place"),
    [
        ("higher_is_better", {"t": None}, "$.higher_is_better['t']"),
        ("versions", None, "$.versions"),
        ("config", None, "$.config"),
        ("config", {"model": "hf", "model_args": None}, "$.config.model_args"),
        ("n-shot", None, "$.n-shot"),
        ("task_hashes", None, "$.task_hashes"),
        ("git_hash", ["a"], "$.git_hash"),
        ("transformers_version", 5.0, "$.transformers_version"),
        ("group_subtasks", {"g": {"h": ["t"]}}, "$.group_subtasks['g']"),
        ("n-samples", {"t": 4}, "$.n-samples['t']"),
        ("configs", {"t": None}, "$.configs['t']"),
        ("date", "2026-02-03", "$.date"),
        ("chat_template_sha", {"default": "x"}, "$.chat_template_sha"),
        ("fewshot_as_multiturn", {"a": 1}, "$.fewshot_as_multiturn"),
        ("versions", {"t": [1]}, "$.versions['t']"),
    ],
)
def test_an_odd_field_costs_that_field(name: str, value: Any, place: str) -> None:
    found = decode(WHOLE | {name: value})
    [reject] = found.odd_fields
    assert (reject.reason, reject.file, reject.place) == (Reason.UNEXPECTED_SHAPE, "results.json", place)
    assert reject.detail.endswith("Written by lm-eval 0.4.12")
    assert found.reported("t")["acc,none"].value == 0.5
    assert found.odd_fields_of("t") == found.odd_fields


def test_a_file_of_the_right_types_has_no_odd_field() -> None:
    assert decode(WHOLE).odd_fields == ()


def test_an_odd_field_of_another_task_is_none_of_this_task() -> None:
    found = decode(WHOLE | {"results": {"t": {}, "u": {}}, "n-samples": {"u": 4}})
    assert (found.odd_fields_of("t"), found.odd_fields_of("u")) == ((), found.odd_fields)


@pytest.mark.parametrize("number", [b"1e999", b"-1E+400", b"1" + b"0" * 400])
def test_a_number_that_no_float_holds_costs_that_number(number: bytes) -> None:
    raw = json.dumps(WHOLE).encode().replace(b"0.5}", b'0.5, "f1,none": ' + number + b"}")
    found = decode_results(raw, "results.json")
    assert isinstance(found, Results)
    assert found.reported("t")["acc,none"].value == 0.5
    assert abs(float(str(found.reported("t")["f1,none"].value))) == float("inf")


@pytest.mark.parametrize("content", [[], {"results": []}, {"results": {}}, {"results": {}, "versions": {}}, {"a": 1}])
def test_another_file_is_a_reject(content: Any) -> None:
    found = decode_results(json.dumps(content).encode(), "x.json")
    assert isinstance(found, Reject)
    assert found.reason is Reason.UNEXPECTED_SHAPE


def test_bare_names_of_old_files_are_metrics() -> None:
    found = decode(OLD)
    assert {key: tuple(number) for key, number in found.reported("lambada").items()} == {
        "ppl": (12.3, 0.4),
        "acc": (0.5, 0.01),
    }
    assert (found.n_shot_of("lambada"), found.version("wsc"), found.is_group("wsc")) == (2, 1, False)


def test_shots_that_are_listed_without_their_tasks_are_unknown() -> None:
    assert decode(OLD | {"config": {"num_fewshot": [2, 3]}}).n_shot_of("wsc") is None


def test_groups_of_old_files_follow_from_the_indentation() -> None:
    found = decode(GROUPS)
    assert found.group_subtasks == {"mmlu": ["mmlu_stem", "mmlu_law"], "mmlu_stem": ["mmlu_a"]}
    assert list(found.leaves("mmlu")) == ["mmlu_a", "mmlu_law"]
    assert (found.version("mmlu"), found.version("mmlu_a")) == (None, 0.0)


def test_directions_of_old_files_are_those_of_the_configuration() -> None:
    found = decode(GROUPS)
    assert [found.higher(name, "acc") for name in ("mmlu_a", "mmlu_stem", "mmlu", "wsc")] == [True] * 4
    assert found.higher("wsc", "f1") is None
    found.configs["mmlu_law"]["metric_list"][0]["higher_is_better"] = False
    assert found.higher("mmlu", "acc") is None

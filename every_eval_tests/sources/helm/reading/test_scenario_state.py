"""Outputs of runs that HELM has not summarised, by the rules of its display files."""

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from every_eval.sources.helm.layout import DISPLAY_FILES
from every_eval_tests.sources.helm.made_up import (
    FILES,
    TYPOS,
    Files,
    files,
    name_of,
    raw_of,
    read,
    rejects,
    stat,
    unreadable,
)

FIXTURES = Path(__file__).parents[3] / "fixtures" / "helm_scenario_states.tar.xz"
"""Real runs of each adaptation by HELM 0.5.4 and 0.2.4, cut to one or two questions and a few metrics."""


def _state(prediction: dict[str, Any], **rest: Any) -> dict[str, Any]:
    """Return the element of scenario_state.json that HELM made the prediction of."""
    key = (prediction["instance_id"], prediction.get("perturbation"))
    [instance] = [item for item in FILES["instances.json"] if (item["id"], item.get("perturbation")) == key]
    requests = FILES["display_requests.json"]
    [request] = [item for item in requests if (item["instance_id"], item.get("perturbation")) == key]
    completion = {"text": prediction["predicted_text"], "logprob": -1.5, "tokens": [{"text": " ", "logprob": -1.5}]}
    return {
        "instance": instance,
        "train_trial_index": 0,
        "request": request["request"] | {"model": "m/a", "temperature": 0.0},
        "result": {"success": True, "completions": [completion, {"text": "second"}], "cached": False},
        "num_train_instances": 5,
        "prompt_truncated": False,
        **rest,
    }


def unsummarised(*states: dict[str, Any], method: str = "generation") -> Files:
    """Return the made-up run as HELM leaves it before it summarises."""
    content = files() | dict.fromkeys(DISPLAY_FILES)
    content["run_spec.json"]["adapter_spec"]["method"] = method
    found = list(states) or [_state(prediction) for prediction in FILES["display_predictions.json"]]
    return content | {"scenario_state.json": {"adapter_spec": {"method": method}, "request_states": found}}


def _outputs(content: Files, *columns: str) -> list[tuple[Any, ...]]:
    rows = read(content)
    assert unreadable(rows) == []
    return [tuple(row.values()) for row in rows.samples.select(columns).to_pylist()]


def test_a_run_reads_the_same_before_and_after_it_is_summarised() -> None:
    content = unsummarised()
    content["scenario_state.json"]["request_states"][1]["output_mapping"] = {"3": "three", "1": "one"}
    summarised = files()
    del summarised["display_predictions.json"][1]["truncated_predicted_text"]
    before, after = read(content), read(summarised)

    assert before.rejects == after.rejects == ()
    assert before.samples.equals(after.samples)
    assert before.metrics.equals(after.metrics)
    assert before.stats.equals(after.stats)


def test_a_calibration_is_no_output() -> None:
    first = FILES["display_predictions.json"][0]
    modes = ("original", "calibration", "original")
    states = [_state(first, reference_index=index, request_mode=mode) for index, mode in enumerate(modes)]

    content = unsummarised(*states, method="multiple_choice_separate_calibrated")
    assert _outputs(content, "reference_index") == [(0,), (2,)]
    # Elsewhere the mode says nothing.
    assert len(_outputs(unsummarised(*states), "reference_index")) == 3


@pytest.mark.parametrize(("chosen", "shown"), [(1.0, [1]), (0.0, [0]), (None, [0, 1, 2])])
def test_of_references_that_were_sent_one_by_one_the_chosen_one_is_shown(
    chosen: float | None, shown: list[int]
) -> None:
    first = FILES["display_predictions.json"][0] | {"predicted_text": "One? 1"}
    states = [_state(first, reference_index=index) for index in range(3)]
    content = unsummarised(*states, method="multiple_choice_separate_original")
    if chosen is not None:
        content["per_instance_stats.json"][0]["stats"].append(stat("predicted_index", chosen))

    found = _outputs(content, "reference_index", "output", "truncated_output")
    assert found == [(index, "One? 1", " 1") for index in shown]


def test_an_output_is_cut_where_it_repeats_the_prompt_and_nowhere_else() -> None:
    first = FILES["display_predictions.json"][0]
    states = [_state(first | {"predicted_text": text}, reference_index=0) for text in ("One? 1", "1 One?", "One?")]

    separate = unsummarised(*states, method="multiple_choice_separate_original")
    assert _outputs(separate, "truncated_output") == [(" 1",), (None,), ("",)]
    assert _outputs(unsummarised(*states), "truncated_output") == [(None,), (None,), (None,)]


@pytest.mark.parametrize(
    ("token", "cut"),
    [
        ({"text": "<|"}, "end|>a"),
        ({"text": "<|", "top_logprobs": {}}, "end|>a"),
        ({"text": "<|", "top_logprobs": {"<|": -0.5}}, None),
        ({"text": "x"}, None),
        ({"text": ""}, None),
    ],
)
def test_in_language_modelling_a_first_token_without_alternatives_is_cut(
    token: dict[str, Any], cut: str | None
) -> None:
    state = _state(FILES["display_predictions.json"][0])
    state["result"]["completions"] = [{"text": "<|end|>a", "tokens": [token, {"text": "end"}]}]

    assert _outputs(unsummarised(state, method="language_modeling"), "truncated_output") == [(cut,)]


def test_windows_of_one_text_are_numbered() -> None:
    first = FILES["display_predictions.json"][0]
    states = [_state(first | {"predicted_text": text}) for text in "abc"]

    found = _outputs(unsummarised(*states, method="language_modeling"), "output", "occurrence", "prompt")
    assert found == [("a", 0, "Q: One?"), ("b", 1, "Q: One?"), ("c", 2, "Q: One?")]


def test_what_was_asked_and_not_answered_is_no_output() -> None:
    state = _state(FILES["display_predictions.json"][0])
    del state["result"]

    assert _outputs(unsummarised(state, _state(FILES["display_predictions.json"][1])), "instance_id") == [("id2",)]


def test_an_answer_without_a_completion_is_empty() -> None:
    state = _state(FILES["display_predictions.json"][0])
    state["result"]["completions"] = []

    assert _outputs(unsummarised(state), "output") == [("",)]


def test_outputs_are_mapped_without_the_space_around_them() -> None:
    mapping = {"A": "one", "B": "two"}
    states = [
        _state(
            FILES["display_predictions.json"][0] | {"predicted_text": text}, output_mapping=mapping, train_trial_index=i
        )
        for i, text in enumerate((" A\n", "B", "C", "a"))
    ]

    assert _outputs(unsummarised(*states), "mapped_output") == [("one",), ("two",), (None,), (None,)]


@pytest.mark.parametrize(
    ("content", "reason", "place"),
    [
        (b"", "not_json", None),
        (b'{"request_states": [', "not_json", None),
        (b'{"request_states": ' + b"[" * 100_000, "not_json", None),
        ([], "unexpected_shape", "$"),
        ({}, "unexpected_shape", "$"),
        ({"request_states": {}}, "unexpected_shape", "$.request_states"),
        ({"request_states": None}, "unexpected_shape", "$.request_states"),
    ],
)
def test_a_state_that_cannot_be_read_is_a_reject(content: Any, reason: str, place: str | None) -> None:
    rows = read(unsummarised() | {"scenario_state.json": raw_of(content)})

    assert rejects(rows) == [(reason, "scenario_state.json", place)]
    assert (rows.samples.num_rows, rows.metrics.num_rows) == (0, 6)


@pytest.mark.parametrize(
    ("name", "value", "where"),
    [
        ("instance", {}, ".instance"),
        ("instance", FILES["instances.json"][0] | {"perturbation": {"name": 1}}, ""),
        ("train_trial_index", -1, ".train_trial_index"),
        ("request", "Q", ".request"),
        ("output_mapping", {"A": 1}, ".output_mapping"),
        ("result", {"completions": [{"text": 5}]}, ".result.completions[0].text"),
    ],
)
def test_an_element_that_cannot_be_read_is_a_reject_and_the_others_are_read(name: str, value: Any, where: str) -> None:
    content = unsummarised()
    content["scenario_state.json"]["request_states"][0][name] = value
    rows = read(content)

    [(reason, file, place)] = rejects(rows)
    assert (reason, file) == ("unexpected_shape", "scenario_state.json")
    assert str(place).startswith(f"$.request_states[0]{where}")
    assert rows.samples["instance_id"].to_pylist() == ["id2", "id1"]


def test_numbers_and_texts_that_json_lacks_are_mended_here_too() -> None:
    content = unsummarised()
    states = content["scenario_state.json"]["request_states"]
    states[0]["result"]["completions"][0] |= {"logprob": float("-inf"), "text": "cut \ud83d"}
    states[1]["result"]["request_time"] = float("nan")

    assert _outputs(content, "output") == [("cut \ufffd",), (" 3",), (" 2",)]


def test_a_changed_text_is_known_by_its_perturbation() -> None:
    found = _outputs(unsummarised(), "instance_id", "perturbation_name", "raw_input", "evaluation_score")

    assert found == [("id1", None, "One?", 1.0), ("id2", None, "Two?", 0.0), ("id1", TYPOS["name"], "Oen?", 0.0)]
    assert name_of("x")["split"] == "test"


def _real_run(label: str) -> Files:
    with tarfile.open(FIXTURES) as archive:
        names = [name for name in archive.getnames() if name.startswith(f"{label}/")]
        return {name.partition("/")[2]: archive.extractfile(name).read() for name in names}  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("label", "n_outputs"),
    [
        ("generation", 6),
        ("joint", 2),
        ("separate", 2),
        ("calibrated", 3),
        ("language_modeling", 2),
        ("language_modeling_0.2.4", 2),
    ],
)
def test_helms_own_display_files_say_the_same(label: str, n_outputs: int) -> None:
    whole = _real_run(label)
    name = json.loads(whole["run_spec.json"])["name"].replace("/", "_")
    displayed = read(whole | {"scenario_state.json": None}, name=name)
    from_state = read(whole | dict.fromkeys(DISPLAY_FILES), name=name)

    assert unreadable(displayed) == unreadable(from_state) == []
    assert displayed.samples.num_rows == n_outputs
    assert from_state.samples.equals(displayed.samples)

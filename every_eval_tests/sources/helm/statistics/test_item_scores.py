"""The response matrix of a run: a row for each main metric and instance."""

import json
from hashlib import sha256
from typing import Any

import pytest

from every_eval.contracts.canonical import canonical_json
from every_eval_tests.sources.helm.made_up import FACTS, TYPOS_JSON, files, read, stat


def digest(*question: Any) -> str:
    """The digest that the contract states, from the question's parts."""
    return sha256(canonical_json(list(question)).encode()).hexdigest()[:32]


ANSWERS = [["1", ["correct"]], ["2", []], ["uno", ["correct"]]]
ONE, TWO, OEN = digest("One?", [], ANSWERS), digest("Two?", [], [["2", ["correct"]]]), digest("Oen?", [], ANSWERS)


def rows(**changed: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read(files(**changed)).item_scores.to_pylist()
    return found


def entry(instance_id: str, *stats: dict[str, Any], trial: int = 0) -> dict[str, Any]:
    return {"instance_id": instance_id, "train_trial_index": trial, "stats": list(stats)}


def test_there_is_a_row_for_each_instance_with_and_without_a_perturbation() -> None:
    found = [(row["metric_name"], row["perturbation"], row["instance_id"], row["value"]) for row in rows()]
    assert found == [
        ("exact_match", None, "id1", 1.0),
        ("exact_match", None, "id2", 0.0),
        ("exact_match", TYPOS_JSON, "id1", 0.0),
    ]


def test_an_item_is_the_question_with_its_references_and_not_its_place() -> None:
    assert [row["item"] for row in rows()] == [ONE, TWO, OEN]
    moved = json.loads(json.dumps(files()).replace('"id1"', '"id7"'))
    assert [row["item"] for row in read(moved).item_scores.to_pylist()] == [ONE, TWO, OEN]


def test_a_value_is_the_mean_over_the_trials_that_have_one() -> None:
    trials = [
        entry("id1", stat("exact_match", 1.0)),
        entry("id1", stat("exact_match", 0.0), trial=1),
        entry("id1", stat("exact_match"), trial=2),
        entry("id2", stat("exact_match")),
    ]
    found = [(row["value"], row["n_trials"]) for row in rows(per_instance_stats=trials)]
    assert found == [((1.0 + 0.0) / 2, 2), (None, 0)]


def test_a_value_that_is_not_finite_is_null() -> None:
    (odd,) = rows(per_instance_stats=[entry("id1", stat("exact_match", float("nan")))])
    assert (odd["value"], odd["n_trials"]) == (None, 0)


def test_max_prob_stands_beside_the_main_metric() -> None:
    measured = [entry("id2", stat("exact_match", 1.0), stat("max_prob", 0.75), stat("f1", 0.5))]
    found = {row["metric_name"]: row["value"] for row in rows(per_instance_stats=measured)}
    assert found == {"exact_match": 1.0, "max_prob": 0.75}


def test_max_prob_is_rounded_to_steps_that_change_no_mean_by_more_than_half_a_step() -> None:
    probabilities = {"id1": 0.1, "id2": 0.99999}
    measured = [entry(name, stat("exact_match", 1.0), stat("max_prob", p)) for name, p in probabilities.items()]
    found = [row["value"] for row in rows(per_instance_stats=measured) if row["metric_name"] == "max_prob"]
    # 0.1 · 1024 = 102.4 and 0.99999 · 1024 = 1023.99
    assert found == [102 / 1024, 1024 / 1024]


def test_a_ratio_has_the_parts_of_each_instance() -> None:
    measured = [
        entry("id1", stat("logprob", -8.0), stat("num_bytes", 4.0)),
        entry("id2", stat("logprob", -3.0), stat("num_bytes", 2.0)),
    ]
    facts = FACTS | {"main_metrics": '[["logprob_per_byte","test"]]'}
    found = read(files(per_instance_stats=measured), facts=facts).item_scores.to_pylist()
    assert [(row["numerator"], row["denominator"]) for row in found] == [(-8.0, 4.0), (-3.0, 2.0)]
    assert [row["value"] for row in found] == [-8.0 / 4.0, -3.0 / 2.0]
    assert {row["metric_name"] for row in found} == {"logprob_per_byte"}


@pytest.mark.parametrize("text", ["", "[encrypted_text_5]"])
def test_a_question_that_nobody_can_read_is_no_item(text: str) -> None:
    instances = files()["instances.json"]
    instances[1]["input"]["text"] = text
    assert [row["item"] for row in rows(instances=instances)] == [ONE, None, OEN]


def test_media_and_chats_are_part_of_the_question() -> None:
    picture = {"content_type": "image/png", "location": "https://example.org/a.png"}
    chat = [{"role": "user", "content": "Two?"}]
    instances = files()["instances.json"]
    instances[0]["input"] = {"text": "One?", "multimedia_content": {"media_objects": [picture]}}
    instances[1]["input"] = {"messages": chat}
    found = [row["item"] for row in rows(instances=instances)]
    assert found == [
        digest("One?", [picture["location"]], ANSWERS),
        digest(canonical_json(chat), [], [["2", ["correct"]]]),
        OEN,
    ]


def test_a_run_without_a_main_metric_has_no_item_scores() -> None:
    assert read(files(), facts={}).item_scores.num_rows == 0


def test_control_characters_are_spelt_as_in_canonical_json() -> None:
    instances, odd = files()["instances.json"], 'a\x00\x1f\x7f"\\/\u2028é😀\n'
    instances[1]["input"]["text"] = odd
    assert rows(instances=instances)[1]["item"] == digest(odd, [], [["2", ["correct"]]])

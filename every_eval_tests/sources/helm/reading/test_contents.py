"""Inputs and outputs that are more than a text."""

import json
from typing import Any

from every_eval_tests.sources.helm.made_up import files, read, rejects

IMAGE = {"content_type": "image/png", "location": "x.png"}
TEXT = {"content_type": "text/plain", "text": "what?"}


def _media(*items: dict[str, str]) -> dict[str, Any]:
    return {"multimedia_content": {"media_objects": list(items)}}


def _first(content: dict[str, Any]) -> dict[str, Any]:
    row: dict[str, Any] = read(content).samples.to_pylist()[0]
    return row


def test_images_in_questions_answers_and_outputs_leave_their_traces() -> None:
    content = files()
    content["instances.json"][0] |= {"input": _media(IMAGE, TEXT), "extra_data": {"k": [1, 2]}}
    content["instances.json"][0]["references"] = [{"output": _media(IMAGE), "tags": ["correct"]}]
    content["display_predictions.json"][0] |= {"predicted_text": None, "base64_images": ["AAAA"]}
    row = _first(content)

    known = {"content_type": None, "location": None, "text": None}
    assert row["media"] == [known | IMAGE, known | TEXT]
    assert (row["raw_input"], row["ground_truth"]) == ("what?", ["x.png"])
    assert (row["output"], row["output_media"]) == (None, [known | {"content_type": "image"}])
    assert row["extra_data"] == '{"k":[1,2]}'


def test_the_content_of_a_file_is_never_kept() -> None:
    content = files()
    content["instances.json"][0]["input"] = _media(
        {"content_type": "image/png", "location": "data:image/png;base64,AAAA"}
    )
    content["display_predictions.json"][0]["base64_images"] = ["SECRET"]
    row = _first(content)

    assert row["media"][0]["location"] == "data:image/png;base64"
    assert "AAAA" not in json.dumps(row) and "SECRET" not in json.dumps(row)


def test_messages_without_a_question_of_the_user_have_no_text() -> None:
    content = files()
    content["instances.json"][0]["input"] = {"text": "", "messages": [{"role": "system", "content": "s"}]}
    row = _first(content)

    assert (row["raw_input"], row["messages"]) == ("", '[{"content":"s","role":"system"}]')


def test_a_message_in_parts_is_json() -> None:
    content = files()
    content["instances.json"][0]["input"] = {"messages": [{"role": "user", "content": [{"type": "text", "text": "q"}]}]}

    assert _first(content)["raw_input"] == '[{"text":"q","type":"text"}]'


def test_texts_that_stand_for_encrypted_texts_are_marked() -> None:
    content = files()
    content["instances.json"][1]["input"]["text"] = "[encrypted_text_7]"

    assert [row["is_encrypted"] for row in read(content).samples.to_pylist()] == [False, True, False]


def test_numbers_of_instances_are_the_texts_of_the_numbers() -> None:
    content = files()
    for file in ("instances.json", "display_predictions.json", "display_requests.json", "per_instance_stats.json"):
        for item in content[file]:
            name = "id" if "id" in item else "instance_id"
            number = int(item[name].removeprefix("id"))
            item[name] = number if file == "per_instance_stats.json" else str(number)
    rows = read(content)

    assert rejects(rows) == []
    assert [(row["instance_id"], row["evaluation_score"]) for row in rows.samples.to_pylist()] == [
        ("1", 1.0),
        ("2", 0.0),
        ("1", 0.0),
    ]

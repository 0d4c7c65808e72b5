import json

import pytest

from every_eval.sources.inspect.public_texts import (
    content_text,
    input_text,
    media,
    messages_json,
    public_message,
    reasoning,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("timeout after 3/4 of 10 s", "timeout after 3/4 of 10 s"),
        ("no file /home/me/evals/task.py: gone", "no file task.py: gone"),
        (r"no file C:\Users\me\task.py", "no file task.py"),
        ("~/evals/data/x.json", "x.json"),
        ("POST https://user:pass@host.example:8000/v1?key=1 failed", "POST (address) failed"),
        ("key sk-abcdefghijklmnopqrst is wrong", "key [redacted] is wrong"),
        (None, None),
    ],
)
def test_a_message_of_an_error_has_no_path_no_address_and_no_credential(text: str | None, expected: str | None) -> None:
    assert public_message(text) == expected


TEXT = {"type": "text", "text": "what?"}


def test_the_input_is_the_last_message_of_the_user() -> None:
    messages = [
        {"role": "system", "content": "You count."},
        {"role": "user", "content": "first"},
        {"role": "assistant", "content": "1"},
        {"role": "user", "content": [TEXT, {"type": "image", "image": "x"}, TEXT]},
    ]
    assert input_text(messages) == "what?\nwhat?"
    assert input_text("plain") == "plain"
    assert input_text([]) == ""


@pytest.mark.parametrize(
    ("stated", "content_type", "location"),
    [
        ("data:image/png;base64,AAAA", "image/png", None),
        ("attachment://0123", "image", "attachment://0123"),
        ("https://example.org/a.png", "image", "https://example.org/a.png"),
        ("/home/me/pictures/a.png", "image", "a.png"),
        ("<base64-data-removed>", "image", "<base64-data-removed>"),
        (None, "image", None),
    ],
)
def test_media_are_places_and_never_contents(stated: object, content_type: str, location: str | None) -> None:
    found = media([{"role": "user", "content": [TEXT, {"type": "image", "image": stated}]}])
    assert found is not None
    assert found[1] == {"content_type": content_type, "location": location, "text": None}
    assert "AAAA" not in messages_json([{"role": "user", "content": [{"type": "image", "image": stated}]}])


def test_a_text_alone_has_no_media() -> None:
    assert media([{"role": "user", "content": [TEXT]}]) is None
    assert media("text") is None


def test_reasoning_is_published_unless_it_is_encrypted() -> None:
    plain = {"type": "reasoning", "reasoning": "I add."}
    encrypted = {"type": "reasoning", "reasoning": "BLOB", "signature": "SIG", "summary": "adds", "redacted": True}
    assert reasoning([plain, TEXT, encrypted]) == "I add.\n[encrypted reasoning]\nadds"
    assert reasoning("text") is None
    shown = messages_json([{"role": "assistant", "content": [plain, encrypted], "metadata": {"a": 1}}])
    assert "BLOB" not in shown
    assert "SIG" not in shown
    assert json.loads(shown)[0].keys() == {"role", "content"}


def test_calls_of_tools_and_their_errors_are_shown() -> None:
    call = {"id": "1", "function": "run", "arguments": {"cmd": "ls"}, "view": {"title": "x"}}
    error = {"type": "unknown", "message": "no file /home/me/evals/task.py"}
    shown = json.loads(
        messages_json(
            [
                {"role": "assistant", "content": "", "tool_calls": [call, None]},
                {"role": "tool", "content": "", "tool_call_id": "1", "error": error},
                None,
            ]
        )
    )
    assert shown[0]["tool_calls"] == [{"id": "1", "function": "run", "arguments": {"cmd": "ls"}}]
    assert (shown[1]["tool_call_id"], shown[1]["error"]) == ("1", "no file task.py")


@pytest.mark.parametrize("odd", [None, 5, {"type": "text"}, [None, 5, {"type": "text"}]])
def test_odd_contents_have_no_text(odd: object) -> None:
    assert content_text(odd) == ""
    assert json.loads(messages_json([{"role": "user", "content": odd}]))[0]["role"] == "user"

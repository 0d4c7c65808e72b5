"""A conversation of several turns, as the schema's list of messages."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from every_eval.export.eee.json_text import text_map

SINGLE_TURN: Final = "single_turn"
MULTI_TURN: Final = "multi_turn"
AGENTIC: Final = "agentic"

Row = Mapping[str, Any]


def conversation(sample: Row, n_turns: int | None) -> list[dict[str, Any]] | None:
    """Return the messages of a sample in which the model answered more than once; null if it answered once.

    A source that counts turns but publishes no messages, as Inspect's logs do by default, gives the input and the last
    output alone.
    """
    known = _published(sample)
    if sum(message.get("role") == "assistant" for message in known) < 2 and not any(map(_calls, known)):
        if (n_turns or 1) < 2:
            return None
        known = [{"role": "user", "content": sample["raw_input"]}, _answer(sample)]
    return [_message(turn, message) for turn, message in enumerate(known)]


def kind_of(messages: Sequence[Row] | None) -> str:
    """Return the schema's type of an interaction: single turn without messages, agentic if the model called tools."""
    if messages is None:
        return SINGLE_TURN
    return AGENTIC if count_tool_calls(messages) else MULTI_TURN


def count_tool_calls(messages: Sequence[Row]) -> int:
    """Count the tool calls in all messages."""
    return sum(len(message.get("tool_calls") or ()) for message in messages)


def _published(sample: Row) -> list[Row]:
    """Return the messages that are published, with the answer at the end.

    Where a source publishes the whole conversation, each response is a message, as JSON; of the others, the messages
    are the prompt.
    """
    responses = [_decoded(text) for text in sample["responses"] or ()]
    if responses and all(isinstance(response, dict) and "role" in response for response in responses):
        return [*_decoded_list(sample["prompt"]), *responses]
    prompt = _decoded_list(sample["messages"])
    return [*prompt, _answer(sample)] if prompt else []


def _answer(sample: Row) -> Row:
    return {"role": "assistant", "content": sample["output"], "reasoning_trace": sample["thinking_text"]}


def _decoded_list(text: str | None) -> list[Row]:
    found = _decoded(text)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _decoded(text: str | None) -> Any:  # noqa: ANN401 - any JSON value
    try:
        return None if text is None else msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None


def _message(turn: int, message: Row) -> dict[str, Any]:
    content = message.get("content")
    found: dict[str, Any] = {"turn_idx": turn, "role": str(message.get("role") or "unknown")}
    found["content"] = content if isinstance(content, str | None) else msgspec.json.encode(content).decode()
    if message.get("reasoning_trace"):
        found["reasoning_trace"] = message["reasoning_trace"]
    if calls := _calls(message):
        found["tool_calls"] = [
            {
                "id": str(call.get("id") or f"{turn}.{number}"),
                "name": str(call.get("function") or call.get("name") or "unknown"),
                "arguments": text_map(arguments if isinstance(arguments := call.get("arguments"), dict) else {}),
            }
            for number, call in enumerate(calls)
        ]
    if message.get("tool_call_id"):
        found["tool_call_id"] = [str(message["tool_call_id"])]
    return found


def _calls(message: Row) -> list[Row]:
    calls = message.get("tool_calls")
    return [call for call in calls if isinstance(call, dict)] if isinstance(calls, list) else []

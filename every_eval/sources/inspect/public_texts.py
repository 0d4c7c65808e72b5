"""Texts of a log as they may be published: without addresses, paths, contents of files and encrypted reasoning."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

from every_eval.contracts.canonical import canonical_json
from every_eval.sources.arguments import public_text, redacted
from every_eval.sources.inspect.log_json import finite

ENCRYPTED: Final = "[encrypted reasoning]"
"""Stands for reasoning that the provider encrypted, which nobody but the provider can read."""

_ADDRESS: Final = re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"<>)\]]+")
_PATH: Final = re.compile(r"(?:~|\b[A-Za-z]:)?(?:[/\\][\w.@+-]+){2,}[/\\]?")
_MEDIA: Final = ("image", "audio", "video", "document")
_DATA_URI: Final = re.compile(r"data:([\w.+-]+/[\w.+-]+)?[;,]")
_TOOL_FIELDS: Final = ("id", "function", "name", "arguments")


def public_message(text: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """Return a message of an error, with `(address)` for addresses and with the last part of each path."""
    if not isinstance(text, str):
        return None
    without = _PATH.sub(lambda match: re.split(r"[/\\]", match[0].rstrip("/\\"))[-1], _ADDRESS.sub("(address)", text))
    return str(redacted(without))


@lru_cache(maxsize=1024)
def public_name(name: Any) -> str | None:  # noqa: ANN401 - any hashable value
    """Return the name of a model that answered: of a path the last part; null for an address, and for no text."""
    return public_text(name) if isinstance(name, str) else None


def content_text(content: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the texts of a message's content, one below the other."""
    if isinstance(content, str):
        return content
    return "\n".join(str(part["text"]) for part in _parts(content) if part.get("type") == "text" and "text" in part)


def input_text(stated: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return the text of a sample's input: of a conversation, that of the last message of the user."""
    if isinstance(stated, str):
        return stated
    messages = [item for item in stated if isinstance(item, dict)] if isinstance(stated, list) else []
    of_user = [item for item in messages if item.get("role") == "user"] or messages
    return content_text(of_user[-1].get("content")) if of_user else ""


def media(stated: Any) -> list[Mapping[str, str | None]] | None:  # noqa: ANN401 - any JSON value
    """Return images, sounds, videos and documents of a sample's input, and the texts among them; null without any."""
    messages = stated if isinstance(stated, list) else []
    parts = [part for message in messages if isinstance(message, dict) for part in _parts(message.get("content"))]
    if not any(part.get("type") in _MEDIA for part in parts):
        return None
    return [_medium(part) for part in parts if part.get("type") in (*_MEDIA, "text")]


def reasoning(content: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """Return the reasoning in a message's content; of encrypted reasoning only the provider's summary, and a mark."""
    texts = list(_reasoning(content))
    return "\n".join(texts) if texts else None


def _reasoning(content: Any) -> Iterator[str]:  # noqa: ANN401 - any JSON value
    for part in _parts(content):
        if part.get("type") == "reasoning":
            summary, text = part.get("summary"), part.get("reasoning")
            if part.get("redacted"):
                yield ENCRYPTED
            if part.get("redacted") or not text:
                text = summary
            if isinstance(text, str) and text:
                yield text


def messages_json(messages: Sequence[Any]) -> str:
    """Return messages as JSON."""
    return canonical_json([public_chat_message(message) for message in messages if isinstance(message, dict)])


def public_chat_message(message: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a message with its role, its content and its calls of tools."""
    shown: dict[str, Any] = {"role": message.get("role"), "content": _content(message.get("content"))}
    calls = message.get("tool_calls")
    if isinstance(calls, list):
        shown["tool_calls"] = [
            {name: call[name] for name in _TOOL_FIELDS if name in call} for call in calls if isinstance(call, dict)
        ]
    shown |= {name: message[name] for name in ("tool_call_id", "function") if message.get(name)}
    if isinstance(message.get("model"), str):
        shown["model"] = public_name(message["model"])
    error = message.get("error")
    if isinstance(error, dict):
        shown["error"] = public_message(error.get("message"))
    return dict(redacted(finite(shown)))


def _content(content: Any) -> Any:  # noqa: ANN401 - any JSON value
    return content if isinstance(content, str) else [_public_part(part) for part in _parts(content)]


def _public_part(part: Mapping[str, Any]) -> Mapping[str, Any]:
    kind = part.get("type")
    if kind == "text":
        return {"type": kind, "text": part.get("text")}
    if kind == "reasoning":
        return {"type": kind, "reasoning": reasoning([part]) or ""}
    if kind in _MEDIA:
        return {"type": kind, **{name: value for name, value in _medium(part).items() if value is not None}}
    return {"type": kind if isinstance(kind, str) else "unknown"}


def _medium(part: Mapping[str, Any]) -> Mapping[str, str | None]:
    kind = str(part["type"])
    if kind == "text":
        return {"content_type": "text/plain", "location": None, "text": str(part.get("text", ""))}
    stated = part.get(kind)
    location = stated if isinstance(stated, str) else ""
    embedded = _DATA_URI.match(location)
    if embedded:
        return {"content_type": embedded[1] or kind, "location": None, "text": None}
    is_public = location.startswith(("attachment://", "http://", "https://"))
    place = redacted(location) if is_public else public_text(location)
    mime = part.get("mime_type")
    return {"content_type": mime if isinstance(mime, str) else kind, "location": place or None, "text": None}


def _parts(content: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401 - any JSON value
    return [part for part in content if isinstance(part, dict)] if isinstance(content, list) else []

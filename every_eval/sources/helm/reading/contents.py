"""What an input or output holds beyond a text: chat messages, and media such as images and sounds."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgspec
import pyarrow as pa

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.samples import MEDIA
from every_eval.sources.decoding import compact
from every_eval.sources.helm.reading.records import ABSENT, Input, Multimedia, Output

NULL: Final = b"null"
PLACEHOLDER: Final = "[encrypted_text_"
"""Beginning of the texts that stand for encrypted texts: HELM's `scripts/encrypt_scenario_states.py`."""


def is_given(raw: msgspec.Raw) -> bool:
    """Tell whether JSON is there and is not null."""
    return raw is not ABSENT and raw != NULL


def json_texts(raws: Sequence[msgspec.Raw]) -> pa.Array:
    """Return JSON without white space as a column of texts, null where JSON is absent or null."""
    if raws.count(ABSENT) == len(raws):
        return pa.nulls(len(raws), pa.string())
    return pa.array([compact(bytes(raw)) if is_given(raw) else None for raw in raws], pa.string())


def text_of(value: Output | str) -> str:
    """Return the text of an input or output: of a chat the last message of the user, of media the texts among them."""
    if isinstance(value, str):
        return value
    if value.text:
        return value.text
    if isinstance(value, Input) and value.messages:
        return _last_of_user(value.messages)
    return "\n".join(_text_orlocation_of(value.multimedia_content)) if value.multimedia_content else value.text


def _last_of_user(messages: Sequence[dict[str, Any]]) -> str:
    contents = [message.get("content") for message in messages if message.get("role") == "user"]
    content = contents[-1] if contents else ""
    return content if isinstance(content, str) else canonical_json(content)


def _text_orlocation_of(media: Multimedia) -> Iterable[str]:
    """Return the texts among media; if there are none, the places of the files."""
    texts = [item.text for item in media.media_objects if item.text]
    return texts or [place for item in media.media_objects if (place := location_of(item.location))]


def message_column(values: Sequence[Input | str]) -> pa.Array:
    """Return the messages of chats as a column of JSON, null where there are none."""
    messages = [None if isinstance(value, str) else value.messages for value in values]
    if not any(messages):
        return pa.nulls(len(values), pa.string())
    return pa.array([canonical_json(each) if each else None for each in messages], pa.string())


def media_of(values: Sequence[Input | str]) -> list[Multimedia | None]:
    """Return the media of inputs, null where there are none."""
    return [None if isinstance(value, str) else value.multimedia_content for value in values]


def media_column(values: Sequence[Multimedia | None]) -> pa.Array:
    """Return media as a column of lists, null where there are none."""
    if not any(values):
        return pa.nulls(len(values), MEDIA)
    return pa.array([describe(each) if each and each.media_objects else None for each in values], MEDIA)


def describe(media: Multimedia) -> list[dict[str, str | None]]:
    """Return type, place and text of each of the media, never the content of a file."""
    return [
        {"content_type": item.content_type, "location": location_of(item.location), "text": item.text}
        for item in media.media_objects
    ]


def location_of(location: str | None) -> str | None:
    """Return the place of a file; a `data:` URL holds the content itself, of which only the beginning stays."""
    if location is not None and location.startswith("data:"):
        return location.partition(",")[0]
    return location

"""Leave the contents of images, sounds and videos out of texts, which multimodal models get within chat messages."""

import re
from typing import Final, overload

_DATA_URL: Final = re.compile(
    r"data:(?P<type>[a-z]+/[\w.+-]+)(?:;[\w.+-]+=[\w.+-]+)*(?:;base64,[A-Za-z0-9+/_=%\s-]*|,[^\s\"'<>\\)]*)",
    re.IGNORECASE,
)
"""A `data:` URL (RFC 2397), whose content is base64 or percent-encoded."""
_LEFT_OUT: Final = "data:{},(left out)"


@overload
def without_media(text: str) -> str: ...
@overload
def without_media(text: None) -> None: ...
def without_media(text: str | None) -> str | None:
    """Return a text in which each `data:` URL is cut to its content type."""
    if text is None or "data:" not in text:
        return text
    return _DATA_URL.sub(lambda url: _LEFT_OUT.format(url["type"]), text)

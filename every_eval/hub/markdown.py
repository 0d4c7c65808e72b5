"""Names and texts of others in Markdown and in pictures: as they are written, on one line, and of bounded length.

Whoever names a model, a run or a release can write anything. In Markdown, a name must not become a heading, a link, an
image, HTML or a new cell of a table. The rows of the tables keep the whole text.
"""

import re
from typing import Final

NAME_CHARACTERS: Final = 80
"""Most characters of a name that a card, a picture or a page of the Dagster UI shows."""

_READ_CHARACTERS: Final = 4096
"""Characters of a text that are looked at; a text can have millions."""
_UNSEEN: Final = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
"""Control characters, and marks that change the direction in which text runs."""
_SPECIAL: Final = re.compile(
    r"[\\`*\[\]<>|~&$]|(?<!\w)_|_(?!\w)"  # code, emphasis, links, HTML, cells, entities, formulas
    r"|:(?=//)|(?<=www)\.|@|^[#+=-]|^!|(?<=\d)[.)](?=\s)",  # addresses; headings, lists and rules
    re.IGNORECASE,
)


def shortened(text: str, length: int = NAME_CHARACTERS) -> str:
    """Return a text on one line, without control characters, cut to `length` characters."""
    line = " ".join(_UNSEEN.sub("", text[:_READ_CHARACTERS]).split())
    return line if len(line) <= length else line[: length - 1] + "…"


def escaped(text: str, length: int = NAME_CHARACTERS) -> str:
    r"""Return a text of others so that Markdown shows it as it is, for example `a\|b`, cut to `length` characters.

    Every ASCII punctuation character can be escaped: https://spec.commonmark.org/0.31.2/#backslash-escapes.
    """
    return _SPECIAL.sub(r"\\\g<0>", shortened(text, length))

"""Names as pictures and cards show them: without addresses, and without folders of the machine that ran the model."""

import re
from typing import Final

MAX_CHARACTERS: Final = 1000
"""Characters of a name that are looked at; pictures and cards show fewer."""

_ADDRESS: Final = re.compile(r"=?\b[A-Za-z][\w+.-]*://[^\s,;)\]}]*")
_FOLDERS: Final = re.compile(r"(?<![\w.~:/\\])(?:~|\.{1,2}|[A-Za-z]:)?[/\\](?:[^\s,;=/\\]+[/\\]+)*([^\s,;=/\\]+)[/\\]*")


def public_name(name: str) -> str:
    """Return a model's or deployment's name without addresses, and with the last part of each path alone.

    The rows of the tables keep the whole name.
    """
    return _FOLDERS.sub(r"\1", _ADDRESS.sub("", name[:MAX_CHARACTERS]))

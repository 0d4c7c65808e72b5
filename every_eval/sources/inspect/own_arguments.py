"""Decide which arguments of a task or a solver, and which metadata of a sample, are published.

Their authors choose the names, so that no list of names can be complete. Everything is published unless its name says
that it holds a credential, or its value is an address; a path is reduced to its last part.
"""

import re
from functools import lru_cache
from typing import Any, Final

import msgspec

from every_eval.contracts.canonical import canonical_json
from every_eval.network.redaction import REDACTED
from every_eval.sources.arguments import Arguments, public_arguments, without_credentials
from every_eval.sources.inspect.log_json import finite, json_text

_DOUBTFUL: Final = re.compile(
    r"[/\\=~@]|[\w-]{11}|auth|bearer|basic|token|cookie|cred|env|header|key|pass|secret", re.I
)
"""What paths, addresses, credentials and their names have in common: much metadata has nothing of it."""


def own_arguments(stated: Any) -> Arguments:  # noqa: ANN401 - any JSON value
    """Return the arguments that may be published; none if `stated` is not an object."""
    if not isinstance(stated, dict):
        return Arguments({})
    shown = msgspec.json.decode(without_credentials(canonical_json(finite(stated))))
    return public_arguments(shown, frozenset(name for name, value in shown.items() if value != REDACTED))


def metadata_json(stated: Any) -> str | None:  # noqa: ANN401 - any JSON value
    """Return the metadata of a sample that may be published, as JSON; null if there is none."""
    if not isinstance(stated, dict) or not stated:
        return None
    text = json_text(finite(stated))
    return _checked(text) if _DOUBTFUL.search(text) else text


@lru_cache(maxsize=1024)
def _checked(text: str) -> str:
    """Return metadata without what is private. The epochs of a sample have the same metadata."""
    return json_text(dict(own_arguments(msgspec.json.decode(text)).shown))

"""Decide which arguments of a task or a solver, and which metadata of a sample, are published.

Their authors choose the names, so that no list of names can be complete. Everything is published unless its name says
that it holds a credential, or its value is an address; a path is reduced to its last part.
"""

import re
from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec

from every_eval.contracts.canonical import canonical_json
from every_eval.network.redaction import REDACTED
from every_eval.sources.arguments import Arguments, public_arguments, without_credentials
from every_eval.sources.inspect.log_json import finite, json_text

_LONG_WORD: Final = re.compile(r"[\w-]{11}")
_DOUBTFUL: Final = (
    *("/", "\\", "=", "~", "@"),
    *("auth", "bearer", "basic", "token", "cookie", "cred", "env", "header", "key", "pass", "secret"),
)
"""What paths, addresses, credentials and their names have in common, beside long words."""


def own_arguments(stated: Any) -> Arguments:  # noqa: ANN401 - any JSON value
    """Return the arguments that may be published; none if `stated` is not an object."""
    if not isinstance(stated, dict):
        return Arguments({})
    shown = msgspec.json.decode(without_credentials(canonical_json(finite(stated))))
    return public_arguments(shown, frozenset(name for name, value in shown.items() if value != REDACTED))


def metadata_json(stated: Sequence[Any]) -> list[str | None]:
    """Return the metadata of each sample that may be published, as JSON; null if there is none."""
    texts = [json_text(metadata) if isinstance(metadata, dict) and metadata else None for metadata in stated]
    together = "\n".join(filter(None, texts))
    if not _is_doubtful(together, _DOUBTFUL):
        return texts
    lowered = together.casefold()
    occurring = [part for part in _DOUBTFUL if part in lowered]
    return [_checked(text) if text and _is_doubtful(text, occurring) else text for text in texts]


def _is_doubtful(text: str, parts: Collection[str]) -> bool:
    """Tell whether a text must be checked for private parts, which is slow; most metadata need not be."""
    if _LONG_WORD.search(text):
        return True
    lowered = text.casefold() if parts else ""
    return any(part in lowered for part in parts)


@lru_cache(maxsize=1024)
def _checked(text: str) -> str:
    """Return metadata without what is private. The epochs of a sample have the same metadata."""
    return json_text(dict(own_arguments(msgspec.json.decode(text)).shown))

"""Digests of questions and of clusters, by which the same are found in every run, benchmark and source."""

from collections.abc import Iterable, Sequence
from hashlib import sha256
from typing import Final

import msgspec

from every_eval.contracts.canonical import canonical_json

N_DIGITS: Final = 32
"""Number of hexadecimal digits of an item: 16 bytes, so that two of 10^12 questions share a digest with p < 10^-14."""

N_CLUSTER_DIGITS: Final = 16
"""Number of hexadecimal digits of a cluster, of which a benchmark has few."""

Locations = Sequence[str | None]
"""Locations of a question's media, in their order."""
Reference = tuple[str, Sequence[str]]
"""Text and tags of a possible answer."""

_encode: Final = msgspec.json.Encoder().encode


def items(questions: Iterable[tuple[str, Locations, Sequence[Reference]]]) -> list[str]:
    """Return the digest of each question, as the column `item` of the contract `item_scores` states it.

    Args:
        questions: The text of each question, or the messages of a chat as JSON; the locations of its media; and its
            references, in their order.
    """
    # Lists of texts have one spelling in JSON, so that the encoder writes canonical JSON.
    return [sha256(raw).hexdigest()[:N_DIGITS] for raw in map(_encode, questions)]


def item(text: str, locations: Locations, references: Sequence[Reference]) -> str:
    """Return the digest of one question; for the arguments see `items`."""
    return items([(text, locations, references)])[0]


def cluster(name: str, value: object) -> str:
    """Return the digest of a cluster, as the column `cluster` of the contract `item_scores` states it.

    Args:
        name: Name of the field that names the cluster, such as `passage_id`.
        value: Value of the field, of JSON's types.
    """
    # As for items, there is one spelling unless the value is a number with a fraction.
    raw = _encode([name, value]) if isinstance(value, str | int) else canonical_json([name, value]).encode()
    return sha256(raw).hexdigest()[:N_CLUSTER_DIGITS]

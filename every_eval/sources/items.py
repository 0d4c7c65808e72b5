"""Digests of questions, by which the same question is found in every run, benchmark and source."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

import msgspec

N_DIGITS: Final = 32
"""Number of hexadecimal digits of an item: 16 bytes, so that two of 10^12 questions share a digest with p < 10^-14."""

_encoder: Final = msgspec.json.Encoder()


def item(text: str, locations: Sequence[str | None], references: Sequence[tuple[str, Sequence[str]]]) -> str:
    """Return the digest of a question, as the column `item` of the contract `item_scores` states it.

    Args:
        text: The question, or the messages of a chat as JSON.
        locations: Locations of the question's media, in their order.
        references: Text and tags of each reference, in their order.
    """
    # Lists of texts have one spelling in JSON, so that the encoder writes canonical JSON.
    return sha256(_encoder.encode([text, locations, references])).hexdigest()[:N_DIGITS]

"""Number the models that differ only in arguments that are not published, so that their runs keep different names.

The number follows from the order in which the models were evaluated. A digest of the withheld values would let
somebody try out values until the digest fits.
"""

from collections.abc import Iterable
from typing import Final

ORDINAL: Final = "withheld"
"""Fact of a run that holds the ordinal of its model; absent if the ordinal is 1."""

PublicModel = tuple[str | None, str]
"""Name and deployment of a model, as they are published."""


def ordinals(models: Iterable[tuple[PublicModel, str]]) -> list[int]:
    """Return the number of each model, from 1, among the models that are published alike.

    Args:
        models: Models in the order of their evaluation, each with its withheld values as text to compare.
    """
    known: dict[PublicModel, dict[str, int]] = {}
    found = []
    for model, distinction in models:
        of_model = known.setdefault(model, {})
        found.append(of_model.setdefault(distinction, len(of_model) + 1))
    return found


def argument(ordinal: int) -> dict[str, str]:
    """Return the argument that tells models apart in the name of a deployment; none for the first model."""
    return {ORDINAL: f"#{ordinal}"} if ordinal > 1 else {}

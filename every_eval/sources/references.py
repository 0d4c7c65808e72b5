"""Build the column `references` of the table `samples` from texts and from the positions of the correct ones."""

from collections.abc import Collection, Iterable, Sequence

import pyarrow as pa

from every_eval.contracts.samples import REFERENCES
from every_eval.contracts.shared_columns import TEXTS

CORRECT = "correct"
"""Tag of a correct reference."""


def reference_array(answers: Iterable[tuple[Sequence[str], Collection[int]]]) -> pa.Array:
    """Return the references of each row with their tags, built from columns, which is faster than from objects.

    Args:
        answers: Texts of each row's references, and the positions of the correct ones among them.
    """
    texts: list[str] = []
    starts, tag_starts = [0], [0]
    n_tags = 0
    for of_row, correct in answers:
        texts += of_row
        starts.append(len(texts))
        for position in range(len(of_row)):
            n_tags += position in correct
            tag_starts.append(n_tags)
    tags = pa.ListArray.from_arrays(pa.array(tag_starts, pa.int32()), pa.repeat(pa.scalar(CORRECT), n_tags), type=TEXTS)
    fields = list(REFERENCES.value_type)
    structs = pa.StructArray.from_arrays([pa.array(texts, pa.string()), tags], fields=fields)
    return pa.ListArray.from_arrays(pa.array(starts, pa.int32()), structs, type=REFERENCES)


def tagged(texts: Sequence[str], correct: Collection[int]) -> list[tuple[str, Sequence[str]]]:
    """Return references with their tags, as the digest of a question has them."""
    return [(text, [CORRECT] if position in correct else []) for position, text in enumerate(texts)]

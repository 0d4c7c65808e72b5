"""The question of each of HELM's instances as a digest."""

from collections.abc import Sequence
from itertools import pairwise, repeat

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.sources.helm.reading.contents import PLACEHOLDER, location_of
from every_eval.sources.helm.reading.records import Multimedia
from every_eval.sources.items import Locations, Reference, items
from every_eval.statistics.groups import BoolArray, IntArray


def item_column(
    questions: pa.Array,
    media: Sequence[Multimedia | None],
    answers: pa.Array,
    references: Sequence[Reference],
    offsets: IntArray,
) -> pa.Array:
    """Return the items of instances, null where the question is encrypted or empty.

    Args:
        questions: The messages of a chat as JSON, else the text of the input.
        media: Media of each input.
        answers: Texts of all references, one instance after the other.
        references: Texts of all references with their tags, in the same order.
        offsets: Where the references of each instance begin, and where those of the last one end.
    """
    of_instances = [references[start:end] for start, end in pairwise(offsets.tolist())]
    locations = [_locations(each) for each in media] if any(media) else repeat([], len(media))
    digests = items(zip(questions.to_pylist(), locations, of_instances, strict=True))
    is_unknown = _are_empty(questions, media) | _are_encrypted(questions, answers, offsets)
    return pa.array(digests, pa.string(), mask=is_unknown)


def _are_empty(questions: pa.Array, media: Sequence[Multimedia | None]) -> BoolArray:
    is_empty: BoolArray = np.array(pc.equal(questions, ""))
    if any(media):
        is_empty &= np.array([not (each and each.media_objects) for each in media])
    return is_empty


def _are_encrypted(questions: pa.Array, answers: pa.Array, offsets: IntArray) -> BoolArray:
    """Tell for each instance whether its question or one of its references is a placeholder."""
    n_before = np.append(0, np.cumsum(np.asarray(pc.starts_with(answers, PLACEHOLDER))))
    has_placeholder: BoolArray = np.diff(n_before[offsets]) > 0
    return np.asarray(pc.starts_with(questions, PLACEHOLDER)) | has_placeholder


def _locations(media: Multimedia | None) -> Locations:
    return [location_of(each.location) for each in media.media_objects] if media else []

"""Columns of the table `samples` from HELM's records of single outputs."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.samples import REFERENCES
from every_eval.contracts.shared_columns import TEXTS
from every_eval.sources.helm.reading.contents import (
    describe,
    json_texts,
    media_column,
    media_of,
    message_column,
    text_of,
)
from every_eval.sources.helm.reading.instance_items import item_column
from every_eval.sources.helm.reading.keys import Keys, together
from every_eval.sources.helm.reading.records import (
    Instance,
    MediaObject,
    Multimedia,
    Output,
    Prediction,
    RequestBody,
)
from every_eval.statistics.groups import IntArray

ITEM: Final = "item"
"""Column with the digest of each question."""
Columns = Mapping[str, pa.Array | pa.ChunkedArray]
"""Columns of one length, by name."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """Predictions with their instances and requests."""

    keys: Keys
    texts: Columns
    """The columns of `samples` that follow from one output alone, and `ITEM`, as long as the keys."""

    def take(self, rows: IntArray) -> Self:
        """Return the outputs in these rows."""
        return type(self)(self.keys.take(rows.tolist()), take(self.texts, rows))

    def add(self, texts: Columns) -> Self:
        """Return the outputs with more columns."""
        return replace(self, texts={**self.texts, **texts})


def take(columns: Columns, rows: IntArray) -> dict[str, pa.Array]:
    """Return the columns of these rows, with nulls where a row is negative."""
    places = pa.array(rows, pa.int64(), mask=rows < 0)
    return {name: _whole(column).take(places) for name, column in columns.items()}


def chain(parts: Iterable[Columns]) -> dict[str, pa.ChunkedArray]:
    """Return the rows of all parts, one part after the other; no columns if there is no part."""
    chunks: dict[str, list[pa.Array]] = {}
    for part in parts:
        for name, column in part.items():
            chunks.setdefault(name, []).extend(column.chunks if isinstance(column, pa.ChunkedArray) else [column])
    return {name: pa.chunked_array(columns) for name, columns in chunks.items()}


def prediction_columns(predictions: Sequence[Prediction]) -> dict[str, pa.Array]:
    """Return the columns with the texts of outputs."""
    columns = {
        "output": [prediction.predicted_text for prediction in predictions],
        "truncated_output": [prediction.truncated_predicted_text for prediction in predictions],
        "mapped_output": [prediction.mapped_output for prediction in predictions],
        "thinking_text": [prediction.thinking_text for prediction in predictions],
    }
    return {
        **{name: pa.array(texts, pa.string()) for name, texts in columns.items()},
        "annotations": json_texts([prediction.annotations for prediction in predictions]),
        "output_media": media_column(_made_media(predictions)),
    }


def _made_media(predictions: Sequence[Prediction]) -> Sequence[Multimedia | None]:
    """Return the media that the model made; of images in the display files neither type nor place is known."""
    media = [prediction.multimedia for prediction in predictions]
    images = [prediction.base64_images for prediction in predictions]
    if not any(images):
        return media
    return [
        Multimedia([MediaObject("image")] * len(made)) if made else other
        for made, other in zip(images, media, strict=True)
    ]


def request_columns(requests: Sequence[RequestBody]) -> dict[str, pa.Array]:
    """Return the column with the prompts that were sent."""
    prompts = [request.prompt or prompt_of(request) for request in requests]
    return {"prompt": pa.array(prompts, pa.string())}


def instance_columns(instances: Sequence[Instance]) -> dict[str, pa.Array]:
    """Return the columns with the questions and their possible answers."""
    lists = [instance.references for instance in instances]
    references = together(lists)
    answers = _texts([reference.output for reference in references])
    tag_lists = [reference.tags for reference in references]
    tags, texts = pa.array(together(tag_lists), pa.string()), pa.array(answers, pa.string())
    offsets, tag_offsets = _offsets(lists), _offsets(tag_lists)
    is_correct = np.diff(_sums(pc.equal(tags, "correct"))[tag_offsets]) > 0
    described = pa.StructArray.from_arrays(
        [texts, _lists(tag_offsets, tags, TEXTS)], fields=list(REFERENCES.value_type)
    )
    inputs = [instance.input for instance in instances]
    raw_input, messages = pa.array(_texts(inputs), pa.string()), message_column(inputs)
    media = media_of(inputs)
    return {
        "raw_input": raw_input,
        "ground_truth": _lists(_sums(is_correct)[offsets], texts.filter(pa.array(is_correct)), TEXTS),
        "split": encode([instance.split for instance in instances]),
        "sub_split": encode([instance.sub_split for instance in instances]),
        "references": _lists(offsets, described, REFERENCES),
        "extra_data": json_texts([instance.extra_data for instance in instances]),
        "messages": messages,
        "media": media_column(media),
        ITEM: item_column(
            pc.coalesce(messages, raw_input), media, texts, list(zip(answers, tag_lists, strict=True)), offsets
        ),
    }


def prompt_of(request: RequestBody) -> str | None:
    """Return the prompt that was sent; the messages of a chat, or media, are JSON."""
    if request.prompt or request.messages:
        return request.prompt or canonical_json(request.messages)
    media = request.multimodal_prompt
    return canonical_json(describe(media)) if media and media.media_objects else request.prompt


def encode(texts: Sequence[str | None]) -> pa.DictionaryArray:
    """Return texts that repeat as codes of a dictionary."""
    return pa.array(texts, pa.string()).dictionary_encode()


def _texts(values: Sequence[Output | str]) -> list[str]:
    try:
        return [value.text or text_of(value) for value in values]  # type: ignore[union-attr] # not in the oldest files
    except AttributeError:
        return [text_of(value) for value in values]


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _offsets(lists: Sequence[Sequence[Any]]) -> npt.NDArray[np.int64]:
    """Return where each list begins if the lists follow each other, and where the last one ends."""
    return _sums(np.fromiter(map(len, lists), np.int64, len(lists)))


def _sums(numbers: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Return the sum of the numbers before each number, and the sum of all numbers."""
    return np.cumsum(np.concatenate([[0], numbers]), dtype=np.int64)


def _lists(offsets: npt.NDArray[np.int64], values: pa.Array, kind: pa.DataType) -> pa.ListArray:
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values, type=kind)

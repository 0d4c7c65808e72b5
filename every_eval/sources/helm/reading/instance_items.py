"""The question of each of HELM's instances as a digest."""

from collections.abc import Sequence

import pyarrow as pa

from every_eval.contracts.canonical import canonical_json
from every_eval.sources.helm.reading.contents import PLACEHOLDER, location_of, text_of
from every_eval.sources.helm.reading.records import Instance, Multimedia
from every_eval.sources.items import item


def item_column(instances: Sequence[Instance]) -> pa.Array:
    """Return the items of instances, null where the question is encrypted or empty."""
    return pa.array(map(_item, instances), pa.string())


def _item(instance: Instance) -> str | None:
    text = _question(instance)
    locations = _locations(None if isinstance(instance.input, str) else instance.input.multimedia_content)
    references = [(text_of(reference.output), reference.tags) for reference in instance.references]
    is_encrypted = any(each.startswith(PLACEHOLDER) for each in (text, *(answer for answer, _ in references)))
    return None if is_encrypted or not (text or locations) else item(text, locations, references)


def _question(instance: Instance) -> str:
    """Return the messages of a chat as JSON, else the text of the input."""
    messages = None if isinstance(instance.input, str) else instance.input.messages
    return canonical_json(messages) if messages else text_of(instance.input)


def _locations(media: Multimedia | None) -> list[str | None]:
    return [location_of(each.location) for each in media.media_objects] if media else []

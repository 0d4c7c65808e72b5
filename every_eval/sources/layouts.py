"""Which program wrote the files under a root, to tell people that a setting names the folder of another program."""

from collections.abc import Iterable
from itertools import islice

from every_eval.sources.source import LOOKED_AT, Source
from every_eval.storage.storage import Storage


def layout_of(storage: Storage, sources: Iterable[Source]) -> str | None:
    """Return the name of the source whose layout the root has; null if it is not clear. No file is opened."""
    names = [item.name for item in islice(storage.list(""), LOOKED_AT)]
    layouts = [source.name for source in sources if source.has_layout(storage, names)]
    return layouts[0] if len(layouts) == 1 else None


def is_empty(storage: Storage) -> bool:
    """Whether there is no file under the root."""
    return next(iter(storage.list("")), None) is None

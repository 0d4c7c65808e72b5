"""A storage that lists each of its folders once, however often somebody looks something up in them."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import takewhile
from typing import IO

from every_eval.errors import ConfigurationError
from every_eval.network.content import Digested
from every_eval.storage.storage import SkippedEntry, Storage, StoredObject


class CachedListing(Storage):
    """Some folders of another storage, as they were when they were first listed."""

    def __init__(self, storage: Storage, prefixes: Sequence[str], is_wanted: Callable[[str], bool]) -> None:
        """List nothing yet.

        Args:
            storage: The storage to list and to read from.
            prefixes: The folders. Nothing outside them can be listed. Listing the first one tells whether the storage
                can list.
            is_wanted: Whether an object with this name will be looked up, and so must be kept in memory.
        """
        self._storage = storage
        self._prefixes = prefixes
        self._is_wanted = is_wanted
        self._listings: dict[str, dict[str, StoredObject]] = {}

    @property
    def location(self) -> str:
        return self._storage.location

    @property
    def is_remote(self) -> bool:
        return self._storage.is_remote

    @cached_property
    def can_list(self) -> bool:
        """Whether the storage lists its objects. To find out, it lists the first folder, which is needed anyway."""
        try:
            self._listing(self._prefixes[0])
        except ConfigurationError:
            if self._storage.can_list:
                raise
            return False
        return True

    def list(self, prefix: str) -> Iterator[StoredObject]:
        listing = self._listing(prefix)
        names = list(listing)
        start = bisect_left(names, prefix)
        return (listing[name] for name in takewhile(lambda name: name.startswith(prefix), names[start:]))

    def list_folders(self, prefix: str) -> Sequence[str]:
        tails = (item.name.removeprefix(prefix) for item in self.list(prefix))
        return sorted({tail.partition("/")[0] for tail in tails if "/" in tail})

    def stat(self, name: str) -> StoredObject | None:
        return self._listing(name).get(name) if self.can_list else self._storage.stat(name)

    def read(self, name: str, witness: str | None = None) -> bytes:
        """The content of one object. In the folders, it must be listed and unchanged since it was listed."""
        return self._storage.read(name, witness or self._witness(name))

    def open(self, name: str, witness: str | None = None, md5: str | None = None) -> IO[bytes]:
        return self._storage.open(name, witness or self._witness(name), md5)

    def read_range(self, name: str, start: int, stop: int, witness: str | None = None) -> bytes:
        return self._storage.read_range(name, start, stop, witness or self._witness(name))

    def skipped(self, prefix: str) -> Sequence[SkippedEntry]:
        return self._storage.skipped(prefix)

    def open_digested(self, name: str, witness: str) -> Digested:
        return self._storage.open_digested(name, witness)

    def _witness(self, name: str) -> str | None:
        """The witness of a listed object; null if the object is outside the folders or the storage cannot list."""
        if not self.can_list or not name.startswith(tuple(self._prefixes)):
            return None
        item = self._listing(name).get(name)
        if item is None:
            raise FileNotFoundError(f"The listing of {self.location} has no file {name!r}.")
        return item.witness

    def _listing(self, name: str) -> dict[str, StoredObject]:
        """The objects, by name, of the folder that `name` is in."""
        prefix = next(prefix for prefix in self._prefixes if name.startswith(prefix))
        if prefix not in self._listings:
            wanted = (item for item in self._storage.list(prefix) if self._is_wanted(item.name))
            self._listings[prefix] = {item.name: item for item in wanted}
        return self._listings[prefix]

"""A storage whose listing is asked for once, however often something is looked up in it."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import takewhile
from typing import IO

from every_eval.errors import ConfigurationError
from every_eval.network.content import Digested
from every_eval.storage.storage import Storage, StoredObject


class ListedOnce:
    """Some folders of a storage, as they were when they were first looked at."""

    def __init__(self, storage: Storage, prefixes: Sequence[str], is_wanted: Callable[[str], bool]) -> None:
        """Asks for nothing yet.

        Args:
            storage: What is looked at.
            prefixes: Of the folders, the first of which tells whether there is a listing; nothing else can be listed.
            is_wanted: Whether an object of that name will be looked up, and so is kept in memory.
        """
        self._storage = storage
        self._prefixes = prefixes
        self._is_wanted = is_wanted
        self._trees: dict[str, dict[str, StoredObject]] = {}

    @property
    def location(self) -> str:
        """See `Storage.location`."""
        return self._storage.location

    @property
    def is_remote(self) -> bool:
        """See `Storage.is_remote`."""
        return self._storage.is_remote

    @cached_property
    def can_list(self) -> bool:
        """See `Storage.can_list`; found out by listing, which is needed anyway."""
        try:
            self._tree(self._prefixes[0])
        except ConfigurationError:
            if self._storage.can_list:
                raise
            return False
        return True

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """See `Storage.list`."""
        tree = self._tree(prefix)
        names = list(tree)
        start = bisect_left(names, prefix)
        return (tree[name] for name in takewhile(lambda name: name.startswith(prefix), names[start:]))

    def list_folders(self, prefix: str) -> Sequence[str]:
        """See `Storage.list_folders`."""
        tails = (item.name.removeprefix(prefix) for item in self.list(prefix))
        return sorted({tail.partition("/")[0] for tail in tails if "/" in tail})

    def stat(self, name: str) -> StoredObject | None:
        """See `Storage.stat`."""
        return self._tree(name).get(name) if self.can_list else self._storage.stat(name)

    def read(self, name: str, witness: str | None = None) -> bytes:
        """See `Storage.read`; what was listed is read as it was listed, and nothing else below the folders."""
        return self._storage.read(name, witness or self._witness(name))

    def open(self, name: str, witness: str | None = None, md5: str | None = None) -> IO[bytes]:
        """See `Storage.open`."""
        return self._storage.open(name, witness or self._witness(name), md5)

    def open_digested(self, name: str, witness: str) -> Digested:
        """See `Storage.open_digested`."""
        return self._storage.open_digested(name, witness)

    def _witness(self, name: str) -> str | None:
        if not self.can_list or not name.startswith(tuple(self._prefixes)):
            return None
        item = self._tree(name).get(name)
        if item is None:
            raise FileNotFoundError(f"{self.location} lists no {name!r}")
        return item.witness

    def _tree(self, name: str) -> dict[str, StoredObject]:
        prefix = next(prefix for prefix in self._prefixes if name.startswith(prefix))
        if prefix not in self._trees:
            self._trees[prefix] = {item.name: item for item in self._storage.list(prefix) if self._is_wanted(item.name)}
        return self._trees[prefix]

"""A storage that passes every call on to another one, for storages that change a part of what another one does."""

from collections.abc import Iterator, Sequence
from typing import IO

from every_eval.network.content import Digested
from every_eval.storage.storage import SkippedEntry, Storage, StoredObject


class WrappedStorage(Storage):
    """Another storage; a subclass overrides what differs."""

    storage: Storage
    """The other storage."""

    @property
    def location(self) -> str:
        return self.storage.location

    @property
    def is_remote(self) -> bool:
        return self.storage.is_remote

    @property
    def can_list(self) -> bool:
        return self.storage.can_list

    def list(self, prefix: str) -> Iterator[StoredObject]:
        return self.storage.list(prefix)

    def list_folders(self, prefix: str) -> Sequence[str]:
        return self.storage.list_folders(prefix)

    def stat(self, name: str) -> StoredObject | None:
        return self.storage.stat(name)

    def skipped(self, prefix: str) -> Sequence[SkippedEntry]:
        return self.storage.skipped(prefix)

    def read(self, name: str, witness: str | None = None) -> bytes:
        return self.storage.read(name, witness)

    def read_if_changed(self, name: str, witness: str | None) -> tuple[str, bytes] | None:
        return self.storage.read_if_changed(name, witness)

    def open(self, name: str, witness: str | None = None, md5: str | None = None) -> IO[bytes]:
        return self.storage.open(name, witness, md5)

    def read_range(self, name: str, start: int, stop: int, witness: str | None = None) -> bytes:
        return self.storage.read_range(name, start, stop, witness)

    def open_digested(self, name: str, witness: str) -> Digested:
        return self.storage.open_digested(name, witness)

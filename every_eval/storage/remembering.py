"""A storage that fetches a small file again only if it has changed since an earlier job read it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from every_eval.network.version import version_of_witness
from every_eval.storage.storage import Storage
from every_eval.storage.wrapped import WrappedStorage


@dataclass
class RememberingStorage(WrappedStorage):
    """Another storage, of which `read` knows the contents that earlier jobs have read."""

    storage: Storage
    known: Mapping[str, str]
    """Witnesses of the files that earlier jobs have read, by name."""
    content: Callable[[str], bytes]
    """Returns the content of a file that an earlier job has read."""
    kept: dict[str, str] = field(default_factory=dict)
    """Witnesses of known files that were read and have not changed, by name."""
    fetched: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    """Witness and content of the files that were fetched, by name."""

    def read(self, name: str, witness: str | None = None) -> bytes:
        """The content of one object: as it was read before if the witness says so, or the server."""
        before = self.known.get(name)
        if witness is not None and before is not None and _is_same(witness, before):
            self.kept[name] = before
            return self.content(name)
        if witness is not None:
            raw = self.storage.read(name, witness)
            self.fetched[name] = witness, raw
            return raw
        changed = self.storage.read_if_changed(name, before)
        if changed is None:
            assert before is not None
            self.kept[name] = before
            return self.content(name)
        self.fetched[name] = changed
        return changed[1]


def _is_same(witness: str, before: str) -> bool:
    """Whether two witnesses tell of one content: they are equal, or they state the same MD5."""
    if witness == before:
        return True
    now, then = version_of_witness(witness), version_of_witness(before)
    return now.md5 is not None and now.md5 == then.md5 and now.encoding == then.encoding

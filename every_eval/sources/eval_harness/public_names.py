"""Show a storage under names that may be published, because lm-eval names files and folders after a model's arguments.

The names are published in many places: as suite, run, folder and file, in logs and in the catalog. So they are
replaced where they come in. A name is replaced only if a part of it is not published; the replacement contains `…`.
Results in the root itself are shown in a folder of their own, because a folder is a benchmark.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import count
from typing import IO, Final

from every_eval.network.content import Digested
from every_eval.sources.arguments import LEFT_OUT, public_name
from every_eval.sources.eval_harness.output_files import STAMP
from every_eval.storage.storage import SkippedEntry, Storage, StoredObject
from every_eval.storage.wrapped import WrappedStorage

_FILE: Final = re.compile(rf"(?P<stem>.*?)(?P<end>(_{STAMP})?\.jsonl?)", re.DOTALL)
_OF_TASK: Final = "samples_"
"""Beginning of a name that is made of a task, and not of arguments."""


ROOT_FILES: Final = "files_in_root"
"""Name of the folder, and so of the benchmark, that shows the files of the root itself."""


@dataclass(frozen=True)
class PublicNames(WrappedStorage):
    """A storage whose files and folders, below the first folder, have public names."""

    storage: Storage
    _real: dict[str, Mapping[str, str]] = field(default_factory=dict, compare=False)
    """Real names by public name, of the names that differ, for each of the first folders that was listed."""

    def list(self, prefix: str) -> Iterator[StoredObject]:
        top, slash, _ = prefix.partition("/")
        if not slash:  # The root, which people look at alone.
            return (replace(item, name=public_path(item.name)) for item in self.storage.list(prefix))
        named = self._of_root(top) if self._is_root(top) else self._below(top)
        return (item for item in sorted(named, key=lambda item: item.name) if item.name.startswith(prefix))

    def list_folders(self, prefix: str) -> Sequence[str]:
        if not prefix:  # The benchmarks.
            folders = self.storage.list_folders(prefix)
            has_files = any(_is_of_root(item) for item in self.storage.list(prefix))
            return sorted([*folders, self._root_folder]) if has_files else folders
        rests = (item.name.removeprefix(prefix) for item in self.list(prefix))
        return sorted({rest.partition("/")[0] for rest in rests if "/" in rest})

    def stat(self, name: str) -> StoredObject | None:
        found = self.storage.stat(self._real_name(name))
        return replace(found, name=name) if found else None

    def read(self, name: str, witness: str | None = None) -> bytes:
        return self.storage.read(self._real_name(name), witness)

    def read_if_changed(self, name: str, witness: str | None) -> tuple[str, bytes] | None:
        return self.storage.read_if_changed(self._real_name(name), witness)

    def open(self, name: str, witness: str | None = None, md5: str | None = None) -> IO[bytes]:
        return self.storage.open(self._real_name(name), witness, md5)

    def read_range(self, name: str, start: int, stop: int, witness: str | None = None) -> bytes:
        return self.storage.read_range(self._real_name(name), start, stop, witness)

    def skipped(self, prefix: str) -> Sequence[SkippedEntry]:
        return [replace(item, name=public_path(item.name)) for item in self.storage.skipped(prefix)]

    def open_digested(self, name: str, witness: str) -> Digested:
        return self.storage.open_digested(self._real_name(name), witness)

    def _real_name(self, name: str) -> str:
        top = name.partition("/")[0]
        if LEFT_OUT not in name and not self._is_root(top):
            return name
        if top not in self._real:
            self.list(f"{top}/")
        return self._real.get(top, {}).get(name, name)

    def _below(self, top: str) -> Sequence[StoredObject]:
        found = list(self.storage.list(f"{top}/"))
        public = public_paths([item.name for item in found])
        self._real[top] = {shown: real for real, shown in public.items()}
        return [replace(item, name=public[item.name]) if item.name in public else item for item in found]

    def _of_root(self, top: str) -> Sequence[StoredObject]:
        found = [item for item in self.storage.list("") if _is_of_root(item)]
        public = public_paths([item.name for item in found])
        names = {f"{top}/{public.get(item.name, item.name)}": item for item in found}
        self._real[top] = {shown: item.name for shown, item in names.items()}
        return [replace(item, name=shown) for shown, item in names.items()]

    def _is_root(self, top: str) -> bool:
        """Tell whether a folder is the one that shows the files of the root."""
        return top.startswith(ROOT_FILES) and top == self._root_folder

    @property
    def _root_folder(self) -> str:
        name, folders = ROOT_FILES, self.storage.list_folders("")
        while name in folders:
            name += "_"
        return name


def _is_of_root(item: StoredObject) -> bool:
    return "/" not in item.name and item.name.endswith((".json", ".jsonl"))


def public_paths(names: Sequence[str]) -> dict[str, str]:
    """Return the public paths of the paths that are not public; of paths that would be equal the second gets a 2."""
    taken = set(names)
    found: dict[str, str] = {}
    for name in sorted(names):
        shown = public_path(name)
        if shown != name:
            found[name] = next(path for path in _numbered(shown) if path not in taken)
            taken.add(found[name])
    return found


def public_path(name: str) -> str:
    """Return the public path of a file. The first folder is a benchmark, which people name themselves."""
    *folders, file = name.split("/")
    return "/".join([*folders[:1], *(public_name(folder) for folder in folders[1:]), _public_file(file)])


def _public_file(file: str) -> str:
    match = _FILE.fullmatch(file)
    if match is None or file.startswith(_OF_TASK):
        return file if match else public_name(file)
    return public_name(match["stem"]) + match["end"]


def _numbered(path: str) -> Iterator[str]:
    yield path
    head, _, tail = path.rpartition(LEFT_OUT)
    yield from (f"{head}{LEFT_OUT}{number}{tail}" for number in count(2))

"""The plain files of a repo in a folder: what anything reads that knows nothing of commits."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from every_eval.errors import ConfigurationError
from every_eval.hub.folder.objects import Objects, sync_folder
from every_eval.hub.hub import HubFile
from every_eval.hub.paths import ancestors


def plain_files(folder: Path) -> Iterator[str]:
    """Paths of the files in `folder`; names that begin with a dot belong to other programs and are left out.

    Raises:
        ConfigurationError: a file or folder is a symbolic link.
    """
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files = sorted(name for name in names if not name.startswith("."))
        for path in (Path(parent, name) for name in (*folders, *files)):
            if path.is_symlink():
                raise ConfigurationError(f"{path} is a symbolic link; a repo's folder holds plain files only")
        yield from (Path(parent, name).relative_to(folder).as_posix() for name in files)


def check_room(folder: Path, added: Iterable[str], committed: Mapping[str, HubFile]) -> None:
    """Raise `ConfigurationError` if something that was never committed stands where `added` paths have to go.

    It runs before the commit, since a commit that cannot be checked out would block all that follow.
    """
    for path in added:
        for above in ancestors(path):
            place = folder / above
            if place.is_symlink() or (place.exists() and not place.is_dir() and above not in committed):
                raise ConfigurationError(f"{place} is in the way of {path}: it is not a folder; move it elsewhere")
        place = folder / path
        if place.is_dir() and (strangers := [name for name in _below(folder, place) if name not in committed]):
            raise ConfigurationError(f"{place} is a folder with files that were never committed: {strangers[0]}")


def check_out(folder: Path, objects: Objects, old: Mapping[str, HubFile], new: Mapping[str, HubFile]) -> None:
    """Turn the plain files of `old`, or of any way from `old` to `new`, into those of `new`.

    Deletions go first: a plain reader may miss a shard for a moment, but never counts one twice.
    """
    deleted = sorted(old.keys() - new.keys())
    for path in deleted:
        if not (folder / path).is_dir():  # A cut checkout may have made a folder in its place already.
            with suppress(FileNotFoundError, NotADirectoryError):
                (folder / path).unlink()
    emptied = {above for path in deleted for above in ancestors(path)}
    for above in sorted(emptied, key=len, reverse=True):
        with suppress(OSError):  # It holds other files, or went before.
            (folder / above).rmdir()
    placed = [file for path, file in new.items() if old.get(path) != file]
    for file in placed:
        objects.link(objects.path(file.digest), folder / file.path)
    touched = {place for path in (*deleted, *(file.path for file in placed)) for place in (folder / path).parents}
    for place in sorted(touched):
        if place.is_relative_to(folder) and place.is_dir():
            sync_folder(place)


def _below(folder: Path, place: Path) -> Iterator[str]:
    return (path.relative_to(folder).as_posix() for path in place.rglob("*") if not path.is_dir())

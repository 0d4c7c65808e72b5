"""The plain files of a repo in a folder, for programs that know nothing of commits."""

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from every_eval.errors import ConfigurationError
from every_eval.hub.folder.objects import Objects, sync_folder
from every_eval.hub.hub import HubFile
from every_eval.hub.paths import ancestors


def plain_files(folder: Path) -> Iterator[str]:
    """Yield the paths of the files in `folder`. Names that begin with a dot belong to other programs and are left out.

    Raises:
        ConfigurationError: a file or folder is a symbolic link.
    """
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files = sorted(name for name in names if not name.startswith("."))
        for path in (Path(parent, name) for name in (*folders, *files)):
            if path.is_symlink():
                raise ConfigurationError(
                    f"{path} is a symbolic link, but a repo's folder may only hold plain files. Put a copy there."
                )
        yield from (Path(parent, name).relative_to(folder).as_posix() for name in files)


def check_room(folder: Path, added: Iterable[str], committed: Mapping[str, HubFile]) -> None:
    """Raise `ConfigurationError` if a file that was never committed is in the way of one of the `added` paths.

    Call it before the commit, since a commit that cannot be checked out would block all later commits.
    """
    for path in added:
        for above in ancestors(path):
            place = folder / above
            if place.is_symlink() or (place.exists() and not place.is_dir() and above not in committed):
                raise ConfigurationError(
                    f"{place} is not a folder, and so in the way of {path}. Move {place} elsewhere."
                )
        place = folder / path
        if place.is_dir() and (strangers := [name for name in _below(folder, place) if name not in committed]):
            raise ConfigurationError(
                f"{place} is a folder, and so in the way of a file. It holds files that were never committed, for "
                f"example {strangers[0]}. Move the folder elsewhere."
            )


def check_out(folder: Path, objects: Objects, old: Mapping[str, HubFile], new: Mapping[str, HubFile]) -> None:
    """Replace the plain files of `old` with those of `new`, also after a checkout that was cut off on the way.

    Deletions come first: a reader of the plain files may miss a shard for a moment, but never reads a shard twice.
    """
    deleted = sorted(old.keys() - new.keys())
    for path in deleted:
        if not (folder / path).is_dir():  # A checkout that was cut off may have put a folder there.
            with suppress(FileNotFoundError, NotADirectoryError):
                (folder / path).unlink()
    emptied = {above for path in deleted for above in ancestors(path)}
    for above in sorted(emptied, key=len, reverse=True):
        with suppress(OSError):  # The folder holds other files, or was removed before.
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

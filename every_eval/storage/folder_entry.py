"""One entry of a folder that results are read from: a file, a folder, or something that is left out with a reason."""

import os
from dataclasses import dataclass
from pathlib import Path

from every_eval.storage.storage import UNUSABLE_NAME, is_object_name


@dataclass(frozen=True, slots=True)
class FolderEntry:
    """One entry of a folder, links followed."""

    name: str
    """Name of the entry in its folder."""
    is_folder: bool = False
    is_file: bool = False
    """Whether the entry is an ordinary file; a socket is neither a file nor a folder."""
    problem: str | None = None
    """Why the entry is left out, as the end of a sentence; null if it is not."""
    is_alias: bool = False
    """Whether the entry is left out because it is a link to its neighbour, which is listed."""


def folder_entry(entry: os.DirEntry[str], root: Path) -> FolderEntry:
    """Describe an entry of a folder in `root`."""
    if not is_object_name(entry.name):
        return FolderEntry(entry.name, problem=UNUSABLE_NAME)
    if not entry.is_symlink():
        return FolderEntry(entry.name, entry.is_dir(), entry.is_file())
    return _link(entry, root.resolve())


def _link(entry: os.DirEntry[str], root: Path) -> FolderEntry:
    link = Path(entry.path)
    try:
        target = link.resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: a link to itself, before Python 3.13
        return FolderEntry(entry.name, problem=f"it is a link to {link.readlink()}, which cannot be found")
    if not target.is_relative_to(root):
        problem = f"it is a link to {target}, outside {root}, and such links are not followed"
        return FolderEntry(entry.name, problem=problem)
    if target.is_file():
        return FolderEntry(entry.name, is_file=True)
    if target.parent == link.parent.resolve():
        return FolderEntry(entry.name, problem=f"it is a link to {target.name} beside it", is_alias=True)
    if _contains(target, link, root):
        return FolderEntry(entry.name, problem=f"it is a link to {target}, which contains the link")
    return FolderEntry(entry.name, is_folder=target.is_dir())


def _contains(target: Path, link: Path, root: Path) -> bool:
    """Whether the way from the root to the link passes through the target, so that following it would never end."""
    passed = [link.parent, *link.parent.parents]
    return any(folder.resolve().is_relative_to(target) for folder in passed if folder.resolve().is_relative_to(root))

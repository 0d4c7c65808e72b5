"""The files of a repo in a folder before and after the commit of `killed.py`, and ways to look at them."""

from pathlib import Path

from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Add
from every_eval.hub.paths import HIDDEN
from every_eval_tests.hub.hubs import commit_on_head

BEFORE = {
    "README.md": b"card",
    "kept": b"kept",
    "old/folder/file": b"old",
    "stats/a/one-1.parquet": b"statistics",
    "stats/a/two-1.parquet": b"statistics",
    "turned": b"a file",
}
AFTER = {
    "README.md": b"new card",
    "kept": b"kept",
    "stats/a/one-2.parquet": b"new statistics",
    "stats/a/two-1.parquet": b"statistics",
    "turned/into/a/folder": b"inside",
}


def plain(folder: Path) -> dict[str, bytes]:
    """Return the files outside the hidden folder, and the empty folders."""
    found = [
        path for path in folder.rglob("*") if HIDDEN not in path.parts and (path.is_file() or not any(path.iterdir()))
    ]
    return {path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else b"empty" for path in found}


def state(folder: Path) -> dict[Path, tuple[int, int, bytes]]:
    """Return every file and folder with its modification time, inode and bytes."""
    paths = [folder, *folder.rglob("*")]
    return {
        path: (path.stat().st_mtime_ns, path.stat().st_ino, path.read_bytes() if path.is_file() else b"")
        for path in paths
    }


def fill(hub: FolderHub) -> None:
    commit_on_head(hub, *(Add(path, content) for path, content in BEFORE.items()))


def copy_in(folder: Path) -> None:
    for path, content in BEFORE.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)

"""Work folders: temporary folders of jobs, which the next job deletes if their process was killed.

A folder's process holds a lock on a file in the folder. The system releases the lock when the process ends, in whatever
way. So a folder whose lock is free and that is not new belongs to nobody any more.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

PREFIX: Final = "every_eval-"
"""Beginning of the names of work folders in the folder for temporary files ($TMPDIR)."""
MIN_AGE_SECONDS: Final = 3600.0
"""Least age of a folder that is deleted: other machines may share the folder for temporary files without its locks."""
_LOCK: Final = ".in_use"


@contextmanager
def work_folder() -> Iterator[Path]:
    """Make an empty folder for the body, and delete the folder at the end.

    Before that, delete the work folders of this user that killed processes have left.
    """
    sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=PREFIX) as name, (Path(name) / _LOCK).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        files = Path(name) / "files"
        files.mkdir()
        yield files


def sweep(parent: Path) -> None:
    """Delete the work folders in `parent` that this user owns, that are old, and that no process uses."""
    oldest = time.time() - MIN_AGE_SECONDS
    for folder in parent.glob(f"{PREFIX}*"):
        with suppress(OSError):  # Another job sweeps too, or the folder is not what its name says.
            status = folder.lstat()
            is_ours = status.st_uid == os.getuid() and not folder.is_symlink() and folder.is_dir()
            if is_ours and status.st_mtime < oldest and not _is_in_use(folder):
                shutil.rmtree(folder)


def _is_in_use(folder: Path) -> bool:
    try:
        with (folder / _LOCK).open("rb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False

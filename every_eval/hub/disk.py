"""Errors of a disk, told apart: those that somebody must correct, and those that may pass."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from every_eval.errors import TerminalError

_NEED_SOMEBODY = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


@contextmanager
def explained_disk_errors(folder: Path) -> Iterator[None]:
    """Turn errors that only a person can correct (no space, no permission) into `TerminalError`; let others pass."""
    try:
        yield
    except OSError as error:
        if error.errno in _NEED_SOMEBODY:
            raise TerminalError(
                f"Cannot write to {folder} ({error.strerror}: {error.filename}). Make room, or allow writing there."
            ) from error
        raise

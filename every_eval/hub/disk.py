"""What to make of a disk that does not take what is written to it."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from every_eval.errors import TerminalError

_NEEDS_SOMEBODY = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM}


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn errors that only a person can mend, no space or no permission, into `TerminalError`; let others pass."""
    try:
        yield
    except OSError as error:
        if error.errno in _NEEDS_SOMEBODY:
            raise TerminalError(f"cannot write to {folder}: {error.strerror} ({error.filename})") from error
        raise

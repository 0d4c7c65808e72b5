"""A run's inputs as they were listed, and nothing else."""

import hashlib
from io import BytesIO
from typing import IO, Final

from every_eval.errors import UpstreamUnavailable
from every_eval.sources.source import Run
from every_eval.storage.storage import Storage

BLOCK_BYTES: Final = 1 << 20
MEMORY_BYTES: Final = 16 << 20
"""Of an input that is held in memory while it is looked at, if it is not larger."""


def open_input(storage: Storage, run: Run, name: str) -> IO[bytes]:
    """One of the run's inputs, complete and unchanged.

    Raises:
        UpstreamUnavailable: it is gone, or another one than was listed.
    """
    item = next(item for item in run.inputs if item.name == name)
    path = f"{run.folder}/{name}"
    try:
        file = storage.open(path)
    except FileNotFoundError as error:
        raise UpstreamUnavailable(f"{path} was listed and is gone; the next discovery will see why") from error
    digest = hashlib.md5(usedforsecurity=False)
    if item.size is not None and item.size <= MEMORY_BYTES:
        with file:
            raw = file.read()
        digest.update(raw)
        file = BytesIO(raw)
    else:
        while block := file.read(BLOCK_BYTES):
            digest.update(block)
        file.seek(0)
    if digest.hexdigest() != item.md5:
        file.close()
        raise UpstreamUnavailable(f"{path} is not what was listed; the next discovery will see why")
    return file

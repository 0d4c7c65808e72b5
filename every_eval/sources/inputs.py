"""A run's inputs as they were listed, and nothing else."""

from typing import IO

from every_eval.errors import UpstreamUnavailable
from every_eval.sources.source import Run
from every_eval.storage.storage import Storage


def open_input(storage: Storage, run: Run, name: str) -> IO[bytes]:
    """One of the run's inputs, complete and unchanged.

    Raises:
        UpstreamUnavailable: it is gone, or another one than was listed.
    """
    item = next(item for item in run.inputs if item.name == name)
    path = f"{run.folder}/{name}"
    try:
        return storage.open(path, item.witness, item.md5)
    except FileNotFoundError as error:
        raise UpstreamUnavailable(f"{path} was listed and is gone; the next discovery will see why") from error

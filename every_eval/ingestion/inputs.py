"""A run's inputs as they were listed, and nothing else."""

from dataclasses import replace
from typing import IO

from every_eval.errors import UpstreamUnavailable
from every_eval.sources.source import Input, Run
from every_eval.storage.storage import Storage

Opened = tuple[IO[bytes], Input]
"""The content of an input, and the input with its size and MD5, which are learnt from the content where they lack."""


def input_of(run: Run, name: str) -> Input:
    """The run's input of that name."""
    return next(item for item in run.inputs if item.name == name)


def open_input(storage: Storage, run: Run, name: str) -> Opened:
    """One of the run's inputs, complete and unchanged.

    Raises:
        UpstreamUnavailable: it is gone, or another one than was listed.
    """
    item = input_of(run, name)
    path = f"{run.folder}/{name}"
    try:
        if item.md5 is not None:
            return storage.open(path, item.witness, item.md5), item
        found = storage.open_digested(path, item.witness)
    except FileNotFoundError as error:
        raise UpstreamUnavailable(f"{path} was listed and is gone; the next discovery will see why") from error
    return found.file, replace(item, size=found.size, md5=found.md5)

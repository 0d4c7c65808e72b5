"""Open the input files of runs, and make sure that they are still as they were listed."""

from dataclasses import replace
from typing import IO

from every_eval.errors import UpstreamUnavailable
from every_eval.sources.source import Input, Run
from every_eval.storage.storage import Storage

Opened = tuple[IO[bytes], Input]
"""The content of an input, and the input with its size and MD5."""


def input_of(run: Run, name: str) -> Input:
    """Return the input of a run by its name."""
    return next(item for item in run.inputs if item.name == name)


def open_input(storage: Storage, run: Run, name: str) -> Opened:
    """Open one input of a run, complete and unchanged. An unknown size or MD5 is computed from the content.

    Raises:
        UpstreamUnavailable: the input is gone, or has changed since it was listed.
    """
    item = input_of(run, name)
    path = f"{run.folder}/{name}"
    try:
        if item.md5 is not None:
            return storage.open(path, item.witness, item.md5), item
        found = storage.open_digested(path, item.witness)
    except FileNotFoundError as error:
        raise UpstreamUnavailable(
            f"{path} was listed and is gone. The next discovery will notice what became of it."
        ) from error
    return found.file, replace(item, size=found.size, md5=found.md5)

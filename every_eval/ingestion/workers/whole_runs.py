"""Reading a run of which every input is known to the last byte, whether or not the storage states its MD5.

What lacks an MD5 is opened before the run is read, and held until it is asked for. So it is read once, also where the
reader has no use for it; and readers see its size, which may not have been stated, or only as it is stored.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, Final

from every_eval.ingestion.workers.read_ahead import Inputs
from every_eval.sources.source import Run, RunRows, Source

HELD_BYTES: Final = 64 << 20
"""Of a run's inputs that are held in memory; more are held on disk."""

Read = tuple[Run, Iterator[RunRows]]
"""A run with size and MD5 of every input, and its pieces."""


@contextmanager
def read_run(source: Source, inputs: Inputs, run: Run) -> Iterator[Read]:
    """A run whose pieces can be gone through until the context ends.

    Raises:
        UpstreamUnavailable: an input could not be read as it was listed; the pieces raise it too.
    """
    with ExitStack() as stack:
        stack.callback(inputs.finish, run)
        whole, held = _whole(inputs, run, stack)
        yield whole, source.read(whole, lambda name: held.pop(name, None) or inputs.open(whole, name)[0])


def _whole(inputs: Inputs, run: Run, stack: ExitStack) -> tuple[Run, dict[str, IO[bytes]]]:
    """The run with size and MD5 of every input, and by name those that had to be opened for it."""
    known, held, n_bytes = [], dict[str, IO[bytes]](), 0
    for item in run.inputs:
        if item.md5 is not None:
            known.append(item)
            continue
        file, read = inputs.open(run, item.name)
        if isinstance(file, BytesIO):
            n_bytes += read.size or 0
            file = _on_disk(file) if n_bytes > HELD_BYTES else file
        held[item.name] = stack.enter_context(file)
        known.append(read)
    return replace(run, inputs=tuple(known)), held


def _on_disk(content: BytesIO) -> IO[bytes]:
    """The same content, in a file that has no name and vanishes when it is closed."""
    file = TemporaryFile()  # noqa: SIM115 - whoever gets it closes it
    file.write(content.read())
    file.seek(0)
    return file

"""Read a run, and know the size and MD5 of each of its input files, whether or not the storage states them.

An input without a known MD5 is opened before the run is read and kept open until the reader asks for it. So each input
is fetched once, even if the reader does not use it, and the reader knows its decompressed size.
"""

from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from io import BytesIO
from tempfile import TemporaryFile
from typing import IO, Final

from every_eval.errors import EveryEvalError, UpstreamMalformed
from every_eval.ingestion.run_failures import RunFailed
from every_eval.ingestion.workers.read_ahead import Inputs, expecting
from every_eval.network.unexpected import MACHINE_ERRORS, describe
from every_eval.sources.source import Run, RunRows, Source

HELD_BYTES: Final = 64 << 20
"""Bytes of one run's inputs that are kept in memory while they wait for the reader; more wait on disk."""

VerifiedRun = tuple[Run, Iterator[RunRows]]
"""A run with the size and MD5 of every input, and the run's rows in pieces."""
VerifiedRuns = Generator[VerifiedRun, None, None]
"""Several runs. The pieces of each run must be consumed before the next run is requested."""
ReadRuns = Callable[[Sequence[Run]], VerifiedRuns]
"""A function that reads runs in the given order."""


def read_runs(
    source: Source, inputs: Inputs, runs: Sequence[Run], begin: Callable[[Run], object] = lambda _: None
) -> VerifiedRuns:
    """Read runs one after the other in this process; `begin` is called before each of them."""
    with expecting(inputs, runs):
        for run in runs:
            begin(run)
            with read_run(source, inputs, run) as verified:
                yield verified


@contextmanager
def read_run(source: Source, inputs: Inputs, run: Run) -> Iterator[VerifiedRun]:
    """Open a run; its pieces can be consumed until the context ends.

    Raises:
        UpstreamUnavailable: an input is no longer as it was listed. Consuming the pieces can raise it too.
        RunFailed: from consuming the pieces: the source failed on this run.
    """
    with ExitStack() as stack:
        stack.callback(inputs.finish, run)
        verified, held = _verify(inputs, run, stack)
        open_file = partial(_open, inputs, verified, held)
        yield verified, _named(lambda: source.read(verified, open_file), run)


def _open(inputs: Inputs, run: Run, held: dict[str, IO[bytes]], name: str) -> IO[bytes]:
    return held.pop(name, None) or inputs.open(run, name)[0]


def _named(read: Callable[[], Iterator[RunRows]], run: Run) -> Iterator[RunRows]:
    """Yield the pieces; an error that nobody foresaw becomes the failure of this run.

    This is the one place that catches every error of a source, so that a fault of every_eval costs one run.
    """
    try:
        yield from read()
    except UpstreamMalformed as error:
        raise RunFailed(f"{run_label(run)}: {error}", run.identity) from error
    except (EveryEvalError, *MACHINE_ERRORS):
        raise
    except Exception as error:
        raise RunFailed(describe(run_label(run), error), run.identity) from error


def run_label(run: Run) -> str:
    """Name a run in messages, for example `lite/v1.0.0/gsm:model=openai_gpt2`."""
    return f"{run.benchmark}/{run.suite}/{run.name}"


def _verify(inputs: Inputs, run: Run, stack: ExitStack) -> tuple[Run, dict[str, IO[bytes]]]:
    """Return the run with the size and MD5 of every input, and the inputs that had to be opened for it, by name."""
    known, held, n_bytes = [], dict[str, IO[bytes]](), 0
    for item in run.inputs:
        if item.md5 is not None:
            known.append(item)
            continue
        try:
            file, found = inputs.open(run, item.name)
        except UpstreamMalformed:  # The source meets the error again, and says what it means for the run.
            known.append(item)
            continue
        if isinstance(file, BytesIO):
            n_bytes += found.size or 0
            file = _move_to_disk(file) if n_bytes > HELD_BYTES else file
        held[item.name] = stack.enter_context(file)
        known.append(found)
    return replace(run, inputs=tuple(known)), held


def _move_to_disk(content: BytesIO) -> IO[bytes]:
    """Copy content to an unnamed temporary file, which vanishes when it is closed."""
    file = TemporaryFile()  # noqa: SIM115 - the caller closes it
    file.write(content.read())
    file.seek(0)
    return file

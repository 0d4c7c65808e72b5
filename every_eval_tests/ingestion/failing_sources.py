"""Sources that fail in worker processes in various ways."""

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import IO

from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Run, RunRows


@dataclass(frozen=True)
class Killed(HelmSource):
    """A source whose worker process is killed while it reads the runs of one name."""

    name_part: str
    """Part of the names of those runs."""
    marker: Path
    """A file that is created at the first kill; afterwards, runs are read, unless `is_always` is set."""
    is_always: bool = False
    spared: int = field(default_factory=os.getpid)
    """The process that is never killed: the process that creates the source."""

    def read(self, run: Run, open_file: Callable[[str], IO[bytes]]) -> Iterator[RunRows]:
        if self.name_part in run.name and os.getpid() != self.spared and (self.is_always or not self.marker.exists()):
            self.marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        yield from super().read(run, open_file)


class Unpicklable(Exception):
    """An error that no process can pass on by pickling: its constructor wants more than it stores."""

    def __init__(self, what: str, _lock: object) -> None:
        super().__init__(what)
        self.lock = _lock


@dataclass(frozen=True)
class Failing(HelmSource):
    """A source with a bug that shows in the runs of one name."""

    name_part: str

    def read(self, run: Run, open_file: Callable[[str], IO[bytes]]) -> Iterator[RunRows]:
        if self.name_part in run.name:
            raise Unpicklable("a field is missing", Lock())
        yield from super().read(run, open_file)

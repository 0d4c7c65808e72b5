"""Measure the CPU time and the memory of a piece of work, and the floor that the work is compared with."""

import gc
import resource
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import orjson

N_REPEATS = 5
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Spread:
    """Repeated measurements of the same work."""

    seconds: Sequence[float]
    """CPU time of each repetition, in seconds."""

    @property
    def least(self) -> float:
        """The least CPU time, in seconds: the time of the work when nothing disturbs it."""
        return min(self.seconds)

    @property
    def median(self) -> float:
        """The median CPU time, in seconds."""
        return statistics.median(self.seconds)

    def over(self, floor: "Spread") -> str:
        """Format the least and the median time as multiples of those of a floor."""
        return f"{self.least / floor.least:.2f} (median {self.median / floor.median:.2f})"


def cpu_seconds() -> float:
    """Return the user and system time of this process so far, with its threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(work: Callable[[], object], n_repeats: int = N_REPEATS) -> Spread:
    """Do the work once to warm up, and then several times with measurement."""
    seconds = []
    for _ in range(n_repeats + 1):
        gc.collect()
        start = cpu_seconds()
        work()
        seconds.append(cpu_seconds() - start)
    return Spread(seconds[1:])


def floor(files: Sequence[bytes], n_repeats: int = N_REPEATS) -> Spread:
    """Measure `orjson.loads` of each file, with the garbage collector disabled."""

    def load() -> None:
        for raw in files:
            orjson.loads(raw)

    gc.disable()
    try:
        return measure(load, n_repeats)
    finally:
        gc.enable()


def peak_mib(work: Callable[..., object], *arguments: object) -> float:
    """Return the peak resident memory, in MiB, of a fresh process that does the work and nothing else.

    `work` must be a function of a module, and its arguments must be picklable.
    """
    receiver, sender = get_context("spawn").Pipe(duplex=False)
    process = get_context("spawn").Process(target=_work_and_tell, args=(sender, work, arguments))
    process.start()
    sender.close()
    process.join()
    if process.exitcode:
        raise SystemExit(f"The measured process failed with exit code {process.exitcode}.")
    return float(receiver.recv())


def _work_and_tell(sender: Connection, work: Callable[..., object], arguments: tuple[object, ...]) -> None:
    work(*arguments)
    sender.send(_own_peak_mib())


def _own_peak_mib() -> float:
    """Return the peak memory of this process since it started its program.

    On Linux, `getrusage` is no use: its value includes memory of the parent process.
    """
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if "VmHWM" in line)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB  # macOS states bytes.


def show(line: str) -> None:
    """Print a line, and flush it."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()

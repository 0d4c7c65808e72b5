"""CPU seconds and memory of a piece of work, and the floor that it is compared with."""

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
    """The same work measured several times, in CPU seconds."""

    seconds: Sequence[float]

    @property
    def least(self) -> float:
        """What the work takes when nothing disturbs it."""
        return min(self.seconds)

    @property
    def median(self) -> float:
        """What it took typically."""
        return statistics.median(self.seconds)

    def over(self, floor: "Spread") -> str:
        """Both as multiples of a floor's, for people."""
        return f"{self.least / floor.least:.2f} (median {self.median / floor.median:.2f})"


def cpu_seconds() -> float:
    """User and system time of this process so far, its threads included."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def measure(work: Callable[[], object], n_repeats: int = N_REPEATS) -> Spread:
    """Do the work several times, after once to warm up."""
    seconds = []
    for _ in range(n_repeats + 1):
        gc.collect()
        start = cpu_seconds()
        work()
        seconds.append(cpu_seconds() - start)
    return Spread(seconds[1:])


def floor(files: Sequence[bytes], n_repeats: int = N_REPEATS) -> Spread:
    """`orjson.loads` of each file, garbage collector off."""

    def load() -> None:
        for raw in files:
            orjson.loads(raw)

    gc.disable()
    try:
        return measure(load, n_repeats)
    finally:
        gc.enable()


def peak_mib(work: Callable[..., object], *arguments: object) -> float:
    """Peak of resident memory, in MiB, of a fresh process that does the work and nothing else.

    `work` is a function of a module, and its arguments can be pickled.
    """
    receiver, sender = get_context("spawn").Pipe(duplex=False)
    process = get_context("spawn").Process(target=_work_and_tell, args=(sender, work, arguments))
    process.start()
    sender.close()
    process.join()
    if process.exitcode:
        raise SystemExit(f"the work failed: exit code {process.exitcode}")
    return float(receiver.recv())


def _work_and_tell(sender: Connection, work: Callable[..., object], arguments: tuple[object, ...]) -> None:
    work(*arguments)
    sender.send(_own_peak_mib())


def _own_peak_mib() -> float:
    """Of this process, since it runs its own program: what `getrusage` tells on Linux includes its parent's memory."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) / 1024 for line in status.read_text().splitlines() if "VmHWM" in line)
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MIB  # in bytes on macOS


def show(line: str) -> None:
    """Print a result at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()

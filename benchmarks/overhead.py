"""What Dagster adds to a weekly run: `dagster job execute` over the same work done by the library alone.

    python -m benchmarks.overhead [--corpus FOLDER] [--shards N] [--shard-mib N] [--run-mb N] [--processes N]
                                  [--repeats N]

Both start from nothing: an empty folder as the Hub, an empty DAGSTER_HOME, a fresh process. They take turns, read the
same replica of a corpus, and must publish the same bytes. Seconds of the processor are those of all processes.
"""

import argparse
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.alone import REPO
from benchmarks.measuring import Spread, show
from benchmarks.replicating import add_options, replicate

JOB = ("-m", "dagster", "job", "execute", "-m", "every_eval.definitions", "-j", "weekly_data_processing")


@dataclass(frozen=True)
class Work:
    """A replica, and how it is to be ingested."""

    folder: Path
    benchmarks: Sequence[str]
    shard_bytes: int
    processes: int

    @property
    def root(self) -> Path:
        """The replica."""
        return self.folder / "root"

    def by_dagster(self, place: Path) -> tuple[Sequence[str], Mapping[str, str]]:
        """Arguments of Python and settings."""
        config = place / "run.yaml"
        config.write_text(f"resources: {{helm: {{config: {{source: helm, processes: {self.processes}}}}}}}\n")
        (place / "dagster").mkdir()
        return (*JOB, "-c", str(config)), {
            "DAGSTER_HOME": str(place / "dagster"),
            "DAGSTER_DISABLE_TELEMETRY": "yes",
            "EVERY_EVAL_HELM_ROOT": str(self.root),
            "EVERY_EVAL_BENCHMARKS": ",".join(self.benchmarks),
            "EVERY_EVAL_HUB": str(place / "hub"),
            "EVERY_EVAL_SHARD_BYTES": str(self.shard_bytes),
        }

    def alone(self, place: Path) -> tuple[Sequence[str], Mapping[str, str]]:
        """Arguments of Python and settings."""
        options = ["--shard-bytes", self.shard_bytes, "--processes", self.processes, "--benchmarks", *self.benchmarks]
        return ["-m", "benchmarks.alone", str(self.root), str(place / "hub"), *map(str, options)], {}


def main() -> None:
    """Print what both take, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, shards=3, shard_mib=16)
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="that read runs at a time")
    parser.add_argument("--repeats", type=int, default=1, help="times that each is measured")
    parser.add_argument(
        "--folder", type=Path, help="where everything is written, and removed; default: a temporary one"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        limit = replicate(options, folder / "root")
        _compare(Work(folder, options.benchmarks, limit, options.processes), options.repeats)


def _compare(work: Work, n_repeats: int) -> None:
    clock: dict[str, list[float]] = {"alone": [], "dagster": []}
    processor: dict[str, list[float]] = {"alone": [], "dagster": []}
    turns = [("alone", work.alone), ("dagster", work.by_dagster)]
    for _ in range(n_repeats):
        published = {}
        turns.reverse()
        for name, prepare in turns:
            with tempfile.TemporaryDirectory(dir=work.folder) as place:
                arguments, settings = prepare(Path(place))
                seconds, used = run(arguments, settings, Path(place) / "log")
                published[name] = digests(Path(place) / "hub" / REPO)
            clock[name].append(seconds)
            processor[name].append(used)
            n_shards = sum(path.startswith("stats/") for path in published[name])
            show(f"{name}: {n_shards} shards in {seconds:.2f} s by the clock, {used:.2f} s of the processor")
        if published["alone"] != published["dagster"]:
            raise SystemExit("they do not publish the same bytes")
    for what, seconds_of in (("by the clock", clock), ("of the processor", processor)):
        show(f"with Dagster over without, {what}: {Spread(seconds_of['dagster']).over(Spread(seconds_of['alone']))}")


def run(arguments: Sequence[str], settings: Mapping[str, str], log: Path) -> tuple[float, float]:
    """Seconds by the clock and of the processor that a process takes, with all that it starts and waits for."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("EVERY_EVAL_")}
    before, start = _used(), time.perf_counter()
    with log.open("wb") as output:
        done = subprocess.run(
            [sys.executable, *arguments], check=False, env={**inherited, **settings}, stdout=output, stderr=output
        )
    elapsed = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(log.read_text()[-5000:])
    return elapsed, _used() - before


def _used() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def digests(repo: Path) -> Mapping[str, str]:
    """The files of a repo in a folder, and digests of their bytes."""
    paths = (path for path in repo.rglob("*") if path.is_file() and ".every_eval" not in path.parts)
    found = {}
    for path in paths:
        with path.open("rb") as file:
            found[path.relative_to(repo).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


if __name__ == "__main__":
    main()

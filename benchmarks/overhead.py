"""Measure what Dagster adds to a weekly run: `dagster job execute` over the same work without Dagster.

    python -m benchmarks.overhead [--corpus FOLDER] [--shards N] [--shard-mib N] [--run-mb N] [--processes N]
                                  [--repeats N]

Both start with an empty folder as the Hub, an empty DAGSTER_HOME, and a fresh process. They run in turn, read the same
replica of a corpus, and must publish the same bytes. CPU times are those of all processes.
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

from benchmarks.measurement import Spread, show
from benchmarks.replica import add_options, replicate
from benchmarks.without_dagster import REPO

JOB = ("-m", "dagster", "job", "execute", "-m", "every_eval.definitions", "-j", "weekly_data_processing")


@dataclass(frozen=True)
class Work:
    """A replica, and how it is ingested."""

    folder: Path
    """Folder of the replica and of each measured run."""
    benchmarks: Sequence[str]
    shard_bytes: int
    processes: int

    @property
    def root(self) -> Path:
        """Folder of the replica."""
        return self.folder / "root"

    def with_dagster(self, place: Path) -> tuple[Sequence[str], Mapping[str, str]]:
        """Prepare a run in `place` by Dagster; return the arguments of Python, and the settings."""
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

    def without_dagster(self, place: Path) -> tuple[Sequence[str], Mapping[str, str]]:
        """Prepare a run in `place` without Dagster; return the arguments of Python, and the settings."""
        options = ["--shard-bytes", self.shard_bytes, "--processes", self.processes, "--benchmarks", *self.benchmarks]
        return ["-m", "benchmarks.without_dagster", str(self.root), str(place / "hub"), *map(str, options)], {}


def main() -> None:
    """Print the times of both, and the ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, shards=3, shard_mib=16)
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="number of processes that read runs at the same time"
    )
    parser.add_argument("--repeats", type=int, default=1, help="number of measurements of each")
    parser.add_argument(
        "--folder", type=Path, help="folder for everything, which is removed at the end; default: a temporary folder"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        folder = Path(name)
        limit = replicate(options, folder / "root")
        _compare(Work(folder, options.benchmarks, limit, options.processes), options.repeats)


def _compare(work: Work, n_repeats: int) -> None:
    wall: dict[str, list[float]] = {"without Dagster": [], "with Dagster": []}
    cpu: dict[str, list[float]] = {"without Dagster": [], "with Dagster": []}
    turns = [("without Dagster", work.without_dagster), ("with Dagster", work.with_dagster)]
    for _ in range(n_repeats):
        published = {}
        turns.reverse()
        for name, prepare in turns:
            with tempfile.TemporaryDirectory(dir=work.folder) as place:
                arguments, settings = prepare(Path(place))
                seconds, used = run(arguments, settings, Path(place) / "log")
                published[name] = digests(Path(place) / "hub" / REPO)
            wall[name].append(seconds)
            cpu[name].append(used)
            n_shards = sum(path.startswith("stats/") for path in published[name])
            show(f"{name}: {n_shards} shards in {seconds:.2f} s wall time, {used:.2f} s CPU time")
        if published["without Dagster"] != published["with Dagster"]:
            raise SystemExit("The runs with and without Dagster published different bytes.")
    for what, seconds_of in (("wall time", wall), ("CPU time", cpu)):
        ratio = Spread(seconds_of["with Dagster"]).over(Spread(seconds_of["without Dagster"]))
        show(f"with Dagster over without, {what}: {ratio}")


def run(arguments: Sequence[str], settings: Mapping[str, str], log: Path) -> tuple[float, float]:
    """Run Python, and return the wall time and the CPU time, in seconds; child processes are included."""
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
    """Return a digest of each file of a repo in a folder, by path."""
    paths = (path for path in repo.rglob("*") if path.is_file() and ".every_eval" not in path.parts)
    found = {}
    for path in paths:
        with path.open("rb") as file:
            found[path.relative_to(repo).as_posix()] = hashlib.file_digest(file, "sha256").hexdigest()
    return found


if __name__ == "__main__":
    main()

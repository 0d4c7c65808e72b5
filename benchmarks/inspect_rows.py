"""Measure the CPU time and the memory to read Inspect logs, over `orjson.loads` of the members read, without GC.

    python -m benchmarks.inspect_rows ROOT [--benchmark NAME] [--copies N] [--giant-mb N] [--read-eval-log PYTHON]

The samples of the largest log of each task under ROOT are repeated N times as further samples, and read into files as a
worker process reads them: samples, metrics, judgements and statistics. The memory is that of a fresh
process that reads a log whose samples have a conversation of the giant size each. With the path of a Python that has
inspect_ai, the CPU time of its `read_eval_log` for the same logs is measured too.
"""

import argparse
import json
import subprocess
import tempfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any
from zipfile import ZipFile

import pyarrow as pa

from benchmarks.measurement import floor, measure, peak_mib, show
from every_eval.ingestion.gc_pause import gc_paused
from every_eval.ingestion.workers.arrow_files import write_arrow_files
from every_eval.sources.inspect.log_json import mark
from every_eval.sources.inspect.source import InspectSource
from every_eval.sources.inspect.zip_members import ZipMembers
from every_eval.sources.source import Reject, Run
from every_eval.storage.folder import FolderStorage

_READ_EVAL_LOG = """
import resource, sys
from inspect_ai.log import read_eval_log
read_eval_log(sys.argv[1], header_only=True)
start = resource.getrusage(resource.RUSAGE_SELF)
read_eval_log(sys.argv[1])
end = resource.getrusage(resource.RUSAGE_SELF)
print(end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime)
"""


@dataclass(frozen=True)
class LogFile:
    """A run with an enlarged log, in a folder of its own."""

    root: Path
    run: Run

    def read(self) -> None:
        """Read the run into files, as a worker process does."""
        with tempfile.TemporaryDirectory() as folder, gc_paused():
            write_arrow_files(InspectSource().read(self.run, self.open), Path(folder) / "rows")

    def open(self, name: str) -> IO[bytes]:
        """Open an input file."""
        return (self.root / self.run.folder / name).open("rb")

    def contents(self) -> list[bytes]:
        """Return the members that reading needs: the samples and the header."""
        with self.open(self.run.inputs[0].name) as file:
            return [
                mark(raw) for name, raw in read_members(file) if name.startswith("samples/") or name == "header.json"
            ]


def main() -> None:
    """Print the ratios of each task, and the peak memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, help="folder with logs of Inspect")
    parser.add_argument("--benchmark", default="main", help="folder under the root whose tasks are read")
    parser.add_argument("--copies", type=int, default=20, help="number of times that the samples are repeated")
    parser.add_argument("--giant-mb", type=int, default=100, help="size of each sample of the log for memory, in MB")
    parser.add_argument("--read-eval-log", help="path of a Python that has inspect_ai")
    options = parser.parse_args()
    runs = list(largest_runs(options.root, options.benchmark))
    for run in runs:
        with tempfile.TemporaryDirectory() as folder:
            log = enlarge(options.root, run, Path(folder), options.copies)
            contents = log.contents()
            base, ours = floor(contents), measure(log.read)
            line = f"{run.facts['task']:16} {sum(map(len, contents)) / 1e6:5.0f} MB  {len(contents):6} members"
            line += f"  floor {base.least:.3f} s  ours {ours.over(base)}"
            if options.read_eval_log:
                path = log.root / run.folder / run.inputs[0].name
                command = [options.read_eval_log, "-c", _READ_EVAL_LOG, str(path)]
                theirs = float(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
                line += f"  read_eval_log {theirs / ours.least:.1f} times ours"
            show(line)
    with tempfile.TemporaryDirectory() as folder:
        log = enlarge(options.root, runs[0], Path(folder), 1, options.giant_mb * 1_000_000)
        contents = log.contents()
        base, ours = floor(contents), measure(log.read)
        line = f"samples of {options.giant_mb} MB each: ours {ours.over(base)}, at most {peak_mib(log.read):.0f} MiB"
        show(line)


def largest_runs(root: Path, benchmark: str) -> Iterator[Run]:
    """Return the run of each task that has the largest `.eval` log of those that succeeded."""
    largest: dict[str, Run] = {}
    for run in sorted(InspectSource().discover(FolderStorage(root), benchmark).runs, key=lambda run: run.n_bytes):
        if run.inputs[0].name.endswith(".eval") and run.releases:
            largest[run.facts["task"]] = run
    yield from (largest[task] for task in sorted(largest))


def read_members(file: IO[bytes]) -> Iterator[tuple[str, bytes]]:
    """Return the members of a log with their content."""
    members = ZipMembers.open(file, "log")
    assert isinstance(members, ZipMembers)
    for name in members.infos:
        raw = members.read(name)
        assert not isinstance(raw, Reject)
        yield name, raw


def enlarge(root: Path, run: Run, to: Path, n_copies: int, n_bytes: int = 0) -> LogFile:
    """Write the log of a run with its samples repeated as further samples, each with at least `n_bytes` of events."""
    (to / run.folder).mkdir(parents=True)
    name = run.inputs[0].name
    with (root / run.folder / name).open("rb") as file:
        members = list(read_members(file))
    samples = [json.loads(raw) for member, raw in members if member.startswith("samples/")]
    n_samples = 3 if n_bytes else len(samples)
    with ZipFile(to / run.folder / name, "w") as archive:
        for copy in range(n_copies):
            for sample in samples[:n_samples]:
                write_member(archive, *_sample(sample, copy, n_bytes))
        write_member(archive, "header.json", _header(dict(members)["header.json"], n_copies))
    return LogFile(to, replace(run, releases=()))


def write_member(archive: ZipFile, name: str, raw: bytes) -> None:
    """Write a member that is compressed by Zstandard, as Inspect has written them since 0.3.206.

    Python's zipfile cannot do so before 3.14, but writes what an entry of the directory says.
    """
    archive.writestr(name, pa.compress(raw, codec="zstd", asbytes=True))
    info = archive.getinfo(name)
    info.compress_type, info.file_size, info.CRC = 93, len(raw), zlib.crc32(raw)


def _header(raw: bytes, n_copies: int) -> bytes:
    header = json.loads(raw)
    header["results"]["completed_samples"] *= n_copies
    header["eval"]["dataset"].pop("sample_ids", None)
    return json.dumps(header).encode()


def _sample(sample: dict[str, Any], copy: int, n_bytes: int) -> tuple[str, bytes]:
    name = f"{sample['id']}-{copy}"
    # The events of an agent are many: those of the sample, again and again.
    size = len(json.dumps(sample["events"]))
    events = sample["events"] * (1 + n_bytes // size)
    copied = sample | {"id": name, "uuid": f"{sample['uuid']}-{copy}", "events": events}
    raw = json.dumps(copied, ensure_ascii=False, separators=(",", ":")).encode()
    return f"samples/{name}_epoch_{sample['epoch']}.json", raw


if __name__ == "__main__":
    main()

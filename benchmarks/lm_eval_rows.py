"""Measure the CPU time and the memory to read lm-eval's samples, over `orjson.loads` of the same lines without GC.

    python -m benchmarks.lm_eval_rows ROOT [--benchmark NAME] [--mb N] [--giant-mb N]

The rows of the largest samples file of each task under ROOT are repeated as further documents until they have N
megabytes, and read into files as a worker process reads them: samples, metrics and statistics. The
memory is that of a fresh process that does the same with the first of these files, enlarged to the giant size.
"""

import argparse
import json
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Final

from benchmarks.measurement import floor, measure, peak_mib, show
from every_eval.ingestion.gc_pause import gc_paused
from every_eval.ingestion.workers.arrow_files import write_arrow_files
from every_eval.sources.eval_harness.source import EvalHarnessSource
from every_eval.sources.source import Run
from every_eval.storage.folder import FolderStorage

_STATED: Final[dict[str, Any]] = {"task_hashes": {}, "n-samples": {}}
"""Statements of a results file that repeated rows would contradict."""


@dataclass(frozen=True)
class TaskFiles:
    """A run of one task with enlarged samples, in a folder of its own."""

    root: Path
    run: Run

    def read(self) -> None:
        """Read the run into files, as a worker process does."""
        with tempfile.TemporaryDirectory() as folder, gc_paused():
            write_arrow_files(EvalHarnessSource().read(self.run, self.open), Path(folder) / "rows")

    def open(self, name: str) -> IO[bytes]:
        """Open an input file."""
        return (self.root / self.run.folder / name).open("rb")

    def lines(self) -> list[bytes]:
        """Return the lines of the samples file."""
        with self.open(self.samples) as file:
            return list(file)

    @property
    def samples(self) -> str:
        """Name of the samples file."""
        return next(item.name for item in self.run.inputs if item.name.startswith("samples_"))


def main() -> None:
    """Print the ratios of each task, and the peak memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, help="folder with output of lm-eval")
    parser.add_argument("--benchmark", default="main", help="folder under the root whose tasks are read")
    parser.add_argument("--mb", type=int, default=32, help="size of a samples file, in MB")
    parser.add_argument("--giant-mb", type=int, default=1000, help="size of the file whose memory is measured, in MB")
    options = parser.parse_args()
    runs = list(largest_runs(options.root, options.benchmark))
    for run in runs:
        with tempfile.TemporaryDirectory() as folder:
            files = enlarge(options.root, run, Path(folder), options.mb * 1_000_000)
            lines = files.lines()
            base = floor(lines)
            size = f"{sum(map(len, lines)) / 1e6:4.0f} MB  {len(lines):7} rows"
            show(f"{run.facts['task']:32} {size}  floor {base.least:.3f} s  ours {measure(files.read).over(base)}")
    with tempfile.TemporaryDirectory() as folder:
        files = enlarge(options.root, runs[0], Path(folder), options.giant_mb * 1_000_000)
        show(f"{options.giant_mb} MB of {runs[0].facts['task']}: at most {peak_mib(files.read):.0f} MiB")


def largest_runs(root: Path, benchmark: str) -> Iterator[Run]:
    """Return the run of each task that has the largest samples file."""
    runs = EvalHarnessSource().discover(FolderStorage(root), benchmark).runs
    largest: dict[str, Run] = {}
    for run in sorted(runs, key=lambda run: run.n_bytes):
        if [item.name.startswith("samples_") for item in run.inputs].count(True) == 1:
            largest[run.facts["task"]] = run
    yield from (largest[task] for task in sorted(largest))


def enlarge(root: Path, run: Run, to: Path, n_bytes: int) -> TaskFiles:
    """Write the files of a run of one task with its rows repeated as further documents."""
    folder = to / run.folder
    folder.mkdir(parents=True)
    for item in run.inputs:
        source = root / run.folder / item.name
        if item.name.startswith("samples_"):
            write_repeated([json.loads(line) for line in source.read_bytes().splitlines()], folder / item.name, n_bytes)
        else:
            (folder / item.name).write_text(json.dumps(json.loads(source.read_bytes()) | _STATED))
    return TaskFiles(to, replace(run, releases=()))


def write_repeated(rows: list[dict[str, Any]], path: Path, n_bytes: int) -> None:
    """Write rows again and again, with numbers of further documents, until the file has `n_bytes`."""
    n_documents = max(row["doc_id"] for row in rows) + 1
    written, copy = 0, 0
    with path.open("wb") as file:
        while written < n_bytes:
            for row in rows:
                document = row["doc_id"] + copy * n_documents
                written += file.write(json.dumps(row | {"doc_id": document}, ensure_ascii=False).encode() + b"\n")
            copy += 1


if __name__ == "__main__":
    main()

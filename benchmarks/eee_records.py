"""Measure the export of a run to Every Eval Ever's schema, over that project's own converter for the same run.

    python -m benchmarks.eee_records ROOT CONVERTER [--benchmark NAME] [--run TEXT] [--instances N]

ROOT holds HELM's output with scenario_state.json; the largest run of the benchmark, of those whose name holds TEXT, is
repeated to N instances.
CONVERTER is the Python of a virtual environment with every-eval-ever[helm] 0.3.0. Both measure the CPU time of a second
and later conversion in one process, without imports: theirs from HELM's files, ours from the published run in a folder.
The converter keeps HELM's core metrics, which are more than the main metrics and fewer than all, so that the time for
one row is compared too. Every row holds the texts of its sample, so that long texts make many bytes: no export can be
faster than their checksum and the write of the file, which are measured as the floor.
"""

import argparse
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks.enlarged_runs import ID_FIELDS, open_corpus, read_run, repeat, summarised_runs
from benchmarks.measurement import measure, show
from every_eval.export.eee.export import Exported, Options, export
from every_eval.export.eee.record import Level
from every_eval.export.published_runs import Selection
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.ingestion.discovery import Discoverer, read_catalog
from every_eval.ingestion.ingestor import Ingestor
from every_eval.ingestion.planning import shards_of, to_do
from every_eval.readers.published import open_published
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Run
from every_eval.storage.folder import FolderStorage
from every_eval.storage.storage import Storage

STATE: Final = "scenario_state.json"
REPO: Final = "evaleval/every_eval_ever"
N_REPEATS: Final = 3
BLOCK: Final = 1 << 18
"""Bytes that are written at a time when the floor is measured."""
LEVELS: Final[tuple[tuple[Level, str], ...]] = (("main", "main metrics"), ("all", "all metrics"))
THEIRS: Final = """
import contextlib, io, json, sys, tempfile, time
from pathlib import Path
from every_eval_ever.cli import main
seconds = []
for _ in range(int(sys.argv[2]) + 1):
    with tempfile.TemporaryDirectory() as out, contextlib.redirect_stdout(io.StringIO()):
        start = time.process_time()
        main(["convert", "helm", "--log_path", sys.argv[1], "--output_dir", out])
        seconds.append(time.process_time() - start)
        texts = [file.read_bytes() for file in Path(out).rglob("*.jsonl")]
found = {"rows": sum(len(text.splitlines()) for text in texts), "megabytes": sum(map(len, texts)) / 1e6}
json.dump({"seconds": min(seconds[1:]), **found}, sys.stdout)
"""


@dataclass(frozen=True)
class Conversion:
    """A measured conversion of one run."""

    seconds: float
    """Least CPU time, in seconds."""
    rows: int
    megabytes: float
    """Size of the rows."""

    def __str__(self) -> str:
        return f"{self.seconds:.3f} s for {self.rows:,} rows of {self.megabytes:.1f} MB"

    def over(self, other: "Conversion") -> str:
        """Format how many times as long the other conversion takes, for the run and for a row."""
        of_row = other.seconds / other.rows / (self.seconds / self.rows)
        return f"{other.seconds / self.seconds:.1f} times as fast, {of_row:.1f} times for a row"


def main() -> None:
    """Print the times of both, and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, help="folder with HELM's output")
    parser.add_argument("converter", type=Path, help="Python with every-eval-ever[helm] 0.3.0")
    parser.add_argument("--benchmark", default="lite", help="HELM project whose largest run is converted")
    parser.add_argument("--run", default="", help="text in the name of the run")
    parser.add_argument("--instances", type=int, default=1000, help="number of instances of the run")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root, hub = Path(folder) / "root", Path(folder) / "hub"
        run = write_run(options.root, options.benchmark, options.run, root, options.instances)
        publish(root, options.benchmark, hub)
        command = [options.converter, "-c", THEIRS, str(root / run.folder), str(N_REPEATS)]
        theirs = msgspec.json.decode(subprocess.run(command, check=True, capture_output=True).stdout, type=Conversion)
        show(f"{run.name}: their converter {theirs}")
        for level, what in LEVELS:
            ours, floor = convert(hub, level)
            show(f"our export, {what}: {ours}, {ours.over(theirs)}; floor {floor:.3f} s")


def convert(hub: Path, level: Level) -> tuple[Conversion, float]:
    """Export everything in a folder Hub, and measure it.

    Returned beside it is the CPU time, in seconds, to hash and write the same bytes: no export can take less.
    """
    with tempfile.TemporaryDirectory() as folder:
        folders = (Path(folder, str(number)) for number in count())  # a new one each time, as for the converter
        exported: list[Exported] = []

        def work() -> None:
            options = Options(next(folders), level, samples=True)
            exported.append(export(open_published(hub), Selection(), options))

        seconds = measure(work, N_REPEATS).least
        rows = next(Path(folder, "0", file) for file in exported[0].files if file.suffix == ".jsonl").read_bytes()

        def write() -> None:
            with (next(folders).with_suffix(".jsonl")).open("wb", buffering=0) as file:
                for start in range(0, len(rows), BLOCK):
                    block = rows[start : start + BLOCK]
                    file.write(block)
                    digest.update(block)

        digest = sha256()
        conversion = Conversion(seconds, exported[0].counts.rows, len(rows) / 1e6)
        return conversion, measure(write, N_REPEATS).least


def write_run(corpus: Path, benchmark: str, text: str, root: Path, n_instances: int) -> Run:
    """Write the largest run of a benchmark whose name holds a text, with its instances repeated."""
    storage = open_corpus(corpus)
    runs = (run for run in summarised_runs(storage, benchmark) if text in run.name)
    run = next(run for run in runs if storage.stat(f"{run.folder}/{STATE}") is not None)
    files = read_run(storage, run)
    n_copies = max(1, round(n_instances / len(msgspec.json.decode(files["instances.json"]))))
    folder = root / run.folder
    folder.mkdir(parents=True)
    for name, raw in files.items():
        enlarged = repeat(raw, ID_FIELDS[name], n_copies) if name in ID_FIELDS else [raw]
        (folder / name).write_bytes(b"".join(enlarged))
    write_release(storage, benchmark, root, run, files["run_spec.json"])
    state = msgspec.json.decode(storage.read(f"{run.folder}/{STATE}"))
    state["request_states"] = list(_repeated(state["request_states"], n_copies))
    (folder / STATE).write_bytes(msgspec.json.encode(state))
    return run


def write_release(storage: Storage, benchmark: str, root: Path, run: Run, spec: bytes) -> None:
    """Write the newest release of the run, as if it showed this run alone: its schema names the main metrics."""
    release = f"{benchmark}/benchmark_output/releases/{run.releases[-1]}"
    (root / release).mkdir(parents=True)
    for name in ("schema.json", "summary.json"):
        (root / release / name).write_bytes(storage.read(f"{release}/{name}"))
    (root / release / "runs_to_run_suites.json").write_bytes(msgspec.json.encode({run.name: run.suite}))
    (root / release / "run_specs.json").write_bytes(b"[" + spec + b"]")


def _repeated(states: list[dict[str, Any]], n_copies: int) -> Iterator[dict[str, Any]]:
    for copy in range(n_copies):
        for state in states:
            instance = state["instance"]
            yield state | {"instance": instance | {"id": f"{copy}-{instance['id']}"}}


def publish(root: Path, benchmark: str, place: Path) -> None:
    """Publish the run in a folder Hub."""
    source, storage = HelmSource(), FolderStorage(root)
    hub = FolderHub(place, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    [found] = Discoverer(source, storage, hub, REPO, 1 << 30, None, lambda _: None).discover([benchmark])
    head = hub.snapshot(REPO)
    shards = shards_of(read_catalog(head, found.folder), found.folder, head, source.data_version)
    keys = [shard.key for shard in to_do(shards)]
    [outcome] = Ingestor(source, storage, hub, REPO, lambda _: None).ingest(found.folder, keys)
    if outcome.error is not None:
        raise outcome.error


if __name__ == "__main__":
    main()

"""Make large runs: repeat the instances of a real run under new ids."""

import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec

from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Run
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval.storage.folder import FolderStorage
from every_eval.storage.storage import Storage

ID_FIELDS: Final = {
    "instances.json": "id",
    "display_predictions.json": "instance_id",
    "display_requests.json": "instance_id",
    "per_instance_stats.json": "instance_id",
}
"""Files whose lists grow with a run's instances, and the field that holds the instance's id."""


def open_corpus(folder: Path | None) -> Storage:
    """Open a corpus in the public bucket's layout; default: the bundled sample."""
    return ArchiveStorage(HELM_SAMPLE) if folder is None else FolderStorage(folder)


def summarised_runs(storage: Storage, benchmark: str) -> list[Run]:
    """Return the runs of a benchmark that have all files, the largest run first."""
    runs = HelmSource().discover(storage, benchmark).runs
    complete = [run for run in runs if {item.name for item in run.inputs} >= ID_FIELDS.keys()]
    return sorted(complete, key=lambda run: -run.n_bytes)


def read_run(storage: Storage, run: Run) -> dict[str, bytes]:
    """Return the content of a run's files by name."""
    return {item.name: storage.read(f"{run.folder}/{item.name}") for item in run.inputs}


def enlarge(files: Mapping[str, bytes], n_bytes: int) -> dict[str, bytes]:
    """Repeat the instances of a run until its files have about `n_bytes` together."""
    growing = sum(len(files[name]) for name in ID_FIELDS)
    n_copies = max(1, round(n_bytes / growing))
    return {
        name: b"".join(repeat(raw, ID_FIELDS[name], n_copies)) if name in ID_FIELDS else raw
        for name, raw in files.items()
    }


def repeat(raw: bytes, field: str, n_copies: int) -> Iterator[bytes]:
    """Yield the JSON text of a list with its elements repeated; each repeated element gets a new id in `field`."""
    elements = [bytes(element) for element in msgspec.json.decode(raw, type=list[msgspec.Raw])]
    before, mark = b"[\n  ", f'"{field}": "'.encode()
    for copy in range(n_copies):
        for element in elements:
            yield before + element.replace(mark, mark + f"{copy}-".encode(), 1)
            before = b",\n  "
    yield b"\n]"


def write_corpus(storage: Storage, benchmark: str, root: Path, run_bytes: int, n_runs: int) -> None:
    """Write a folder with the first enlarged runs of a benchmark, without releases: HELM's suites are then listed."""
    for run in summarised_runs(storage, benchmark)[:n_runs]:
        folder = root / run.folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name, raw in enlarge(read_run(storage, run), run_bytes).items():
            (folder / name).write_bytes(raw)

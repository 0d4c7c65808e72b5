"""Logs that Inspect wrote, for tests, which can change them."""

import json
import shutil
import tarfile
import warnings
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import pyarrow as pa

from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.contracts.judgements import JUDGEMENTS
from every_eval.contracts.metrics import METRICS
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.sources.inspect.source import InspectSource
from every_eval.sources.inspect.zip_members import ZipMembers
from every_eval.sources.source import Discovery, Run, RunRows
from every_eval.storage.folder import FolderStorage

REAL = Path(__file__).parents[2] / "fixtures" / "inspect_logs.tar.xz"
"""Logs of Inspect 0.3.160 and 0.3.285. Their samples have lost events, stores, attachments and tracebacks, except for
the agent and the image. The members of .eval files are stored, so that they pack well: `unpack` compresses them."""

ESSAY = "2026-11-27T16-31-39-00-00_essay-local_DrHk9RkZdtHXrFdVJe3zLJ.eval"
"""Three scorers, one of them of objects and one of them a model, in three epochs."""
CHOICE = "2026-11-27T16-31-39-00-00_mc-local_3KBWcTD8JwMrx2jH7QXNyA.eval"
"""Multiple choice, with grouped metrics."""
LIMITED = "2026-11-27T16-32-02-00-00_mc-local_JA5Su5HniGVvm5X6hNY45o.eval"
"""Multiple choice of the first ten samples."""
NO_SAMPLES = "2026-11-27T16-32-07-00-00_mc-local_7p7HYMRQiXSHQGKkxkihV4.eval"
AS_JSON = "2026-11-27T16-31-49-00-00_mc-local_SqLb27ijC2fRx8V2N9NEmj.json"
FAILED = "2026-11-27T16-32-05-00-00_qa-local_JiKy2UqrSYS8PuASpDxdKC.eval"
"""Status error; RETRIED has the same task_id."""
RETRIED = "2026-11-27T16-32-06-00-00_qa-local_JiKy2UqrSYS8PuASpDxdKC.eval"
"""123 members of samples for 120 samples."""
WITH_ERRORS = "2026-11-27T16-32-03-00-00_qa-local_YfNpJEkcPdNKjUVFUDdbPM.eval"
"""Two samples that failed, and answers that a limit of tokens ended, in three epochs with three reducers."""
AGENT = "2026-11-27T16-32-03-00-00_agent-local_FDytfiFaQ5By35KDZgyy7h.eval"
CANCELLED = "interrupted_cancel/2026-11-27T16-32-09-00-00_qa-local_nqxv2MqoQcYEHs2RjXuPZu.eval"
KILLED = "interrupted_kill/2026-11-27T16-32-17-00-00_qa-local_WmSmrMST3MBygDyCBdAmEp.eval"
CHUNKED = ESSAY
"""In the benchmark `chunked`: three samples of the essay, each in a folder of its own."""
IMAGE = "2026-11-27T17-09-01-00-00_img_NNtbNuu2ULtGKC5fs2DMix.eval"
"""In the benchmark `set`: an image in the input, and encrypted reasoning."""
ODD_VALUES = "2026-11-27T16-38-19-00-00_vals_LaK2z4YHpehfj5YMhYN6AT.eval"
ODD_OBJECTS = "2026-11-27T16-38-21-00-00_vals_agECdaEhsGPq34i7dLTQ9m.eval"
OLD = "2026-11-27T17-37-39+00-00_vals_Z28EJsUfmmxqrxADWTmWKe.eval"
"""In the benchmark `old`: Inspect 0.3.160, whose members are deflated."""

Members = dict[str, Any]
"""Content of a log's members by name, decoded."""


def write_log(path: Path, members: Mapping[str, Any], method: int = 93) -> None:
    """Write a log with members of decoded JSON, or of bytes, compressed by a method of zip."""
    path.parent.mkdir(parents=True, exist_ok=True)
    contents = {
        name: value if isinstance(value, bytes) else json.dumps(value).encode() for name, value in members.items()
    }
    write_members(path, contents.items(), method)


def write_members(path: Path, members: Iterable[tuple[str, bytes]], method: int) -> None:
    """Write a zip file with the members, compressed by a method of zip."""
    with ZipFile(path, "w", ZIP_DEFLATED if method == ZIP_DEFLATED else 0) as archive:
        for name, raw in members:
            write_member(archive, name, raw, method)


def write_member(archive: ZipFile, name: str, raw: bytes, method: int = 93) -> None:
    """Write a member. Zstandard, which Python writes from 3.14 on, is in two frames, as for large members."""
    if method != 93:
        archive.writestr(name, raw)
        return
    half = len(raw) // 2
    frames = (pa.compress(part, codec="zstd", asbytes=True) for part in (raw[:half], raw[half:]))
    archive.writestr(name, b"".join(frames))
    info = archive.filelist[-1]
    info.compress_type, info.file_size, info.CRC = method, len(raw), zlib.crc32(raw)


@dataclass(frozen=True)
class LogFolder:
    """A folder with a folder of logs for each benchmark."""

    path: Path

    @classmethod
    def unpack(cls, path: Path) -> "LogFolder":
        with tarfile.open(REAL) as archive:
            archive.extractall(path, filter="data")
        for log in path.rglob("*.eval"):
            with ZipFile(log) as stored:
                members = [(info.filename, stored.read(info)) for info in stored.infolist()]
            with warnings.catch_warnings():
                # A sample that was run again is a second member of the same name.
                warnings.filterwarnings("ignore", "Duplicate name")
                write_members(log, members, ZIP_DEFLATED if log.name == OLD else 93)
        return cls(path)

    def copy(self, path: Path) -> "LogFolder":
        shutil.copytree(self.path, path)
        return LogFolder(path)

    def file(self, suite: str, benchmark: str = "main") -> Path:
        return self.path / benchmark / suite

    def keep(self, *suites: str, benchmark: str = "main") -> None:
        """Remove all other logs of a benchmark."""
        for path in sorted((self.path / benchmark).rglob("*.*")):
            if path.is_file() and path not in [self.file(suite, benchmark) for suite in suites]:
                path.unlink()

    def members(self, suite: str, benchmark: str = "main") -> Members:
        """Return the decoded members of a log in the format .eval."""
        with self.file(suite, benchmark).open("rb") as file:
            found = ZipMembers.open(file, suite)
            assert isinstance(found, ZipMembers)
            return {name: json.loads(found.read(name)) for name in found.infos}  # type: ignore[arg-type]

    @contextmanager
    def changed(self, suite: str, benchmark: str = "main") -> Iterator[Members]:
        """Give the decoded members of a log, and write them again."""
        members = self.members(suite, benchmark)
        yield members
        write_log(self.file(suite, benchmark), members)

    def discover(self, benchmark: str = "main", messages: str = "final") -> Discovery:
        return InspectSource(messages).discover(FolderStorage(self.path), benchmark)

    def run(self, suite: str, benchmark: str = "main", messages: str = "final") -> Run:
        [run] = [run for run in self.discover(benchmark, messages).runs if run.suite == suite]
        return run

    def open(self, run: Run) -> Callable[[str], Any]:
        return lambda name: (self.path / run.folder / name).open("rb")

    def read(self, suite: str, benchmark: str = "main", messages: str = "final") -> RunRows:
        """Read a run, join its pieces, and check that they keep the contracts."""
        run = self.run(suite, benchmark, messages)
        pieces = list(InspectSource().read(run, self.open(run)))
        tables = {}
        for contract in (SAMPLES, METRICS, STATS, ITEM_SCORES, JUDGEMENTS):
            of_pieces = [contract.decode(getattr(piece, contract.name)) for piece in pieces]
            tables[contract.name] = pa.concat_tables(of_pieces) if pieces else contract.empty
            contract.validate(tables[contract.name])
        rejects = tuple(reject for piece in pieces for reject in piece.rejects)
        return RunRows(
            **tables, rejects=rejects, disagreements=[row for piece in pieces for row in piece.disagreements]
        )


def sample_rows(rows: RunRows) -> dict[tuple[str, int], dict[str, Any]]:
    """Return the rows of the table `samples` by instance and trial."""
    return {(row["instance_id"], row["train_trial_index"]): row for row in rows.samples.to_pylist()}


def values(rows: RunRows) -> dict[tuple[str, int, str], float | None]:
    """Return the values of the table `metrics` by instance, trial and metric."""
    return {
        (row["instance_id"], row["train_trial_index"], row["metric_name"]): row["value"]
        for row in rows.metrics.to_pylist()
    }


def statistics(rows: RunRows) -> dict[str, dict[str, Any]]:
    """Return the rows of the table `stats` by metric."""
    return {row["metric_name"]: row for row in rows.stats.to_pylist()}

"""The published copy of a benchmark's index files, from which discovery reads what the source has not changed."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from every_eval.contracts.index_files import INDEX_FILES
from every_eval.contracts.parquet import TableWriter
from every_eval.contracts.repo_layout import benchmark_path
from every_eval.hub.hub import Add, Snapshot
from every_eval.storage.remembering import RememberingStorage
from every_eval.storage.storage import Storage

MAX_BYTES: Final = 128 << 20
"""Bytes of index files of one benchmark that are kept. What exceeds this is fetched each time."""
_PIECE_BYTES: Final = 8 << 20


@dataclass(frozen=True)
class IndexFiles:
    """The index files of one benchmark as an earlier job published them; their contents are read as they are needed."""

    path: Path | None
    """Local copy of the published file; null if there is none."""

    @classmethod
    def published(cls, head: Snapshot, folder: str) -> "IndexFiles":
        """Return the index files of a benchmark."""
        path = benchmark_path(INDEX_FILES, folder)
        return cls(head.fetch(path) if path in head.files else None)

    def remembering(self, storage: Storage) -> RememberingStorage:
        """Return the storage, with the contents that are published."""
        if self.path is None:
            return RememberingStorage(storage, {}, _nothing)
        file = pq.ParquetFile(self.path)
        places: dict[str, tuple[int, int]] = {}
        known: dict[str, str] = {}
        for group in range(file.num_row_groups):
            for at, row in enumerate(file.read_row_group(group, ["file", "witness"]).to_pylist()):
                places[row["file"]], known[row["file"]] = (group, at), row["witness"]
        contents, lock = lru_cache(2)(lambda group: file.read_row_group(group, ["content"])["content"]), Lock()

        def content(name: str) -> bytes:
            group, at = places[name]
            with lock:
                raw: bytes = contents(group)[at].as_py()
            return raw

        return RememberingStorage(storage, known, content)


def index_files_change(
    source: str, benchmark: str, folder: str, storage: RememberingStorage, workdir: Path
) -> Iterator[Add]:
    """Yield the change that publishes the index files that discovery has read; none if they are published already."""
    if not storage.fetched and storage.kept == storage.known:
        return
    path = workdir / f"{INDEX_FILES.name}_{folder}.parquet"
    with TableWriter(INDEX_FILES, path) as writer:
        for rows in _pieces(storage):
            named = [{"source": source, "benchmark": benchmark, **row} for row in rows]
            writer.write(pa.Table.from_pylist(named, schema=INDEX_FILES.schema))
    yield Add(benchmark_path(INDEX_FILES, folder), path)


def _pieces(storage: RememberingStorage) -> Iterator[list[dict[str, Any]]]:
    """Yield the files that were read, sorted by name, a few megabytes at a time."""
    rows: list[dict[str, Any]] = []
    n_bytes, n_pending = 0, 0
    for name in sorted({*storage.kept, *storage.fetched}):
        witness, raw = storage.fetched.get(name) or (storage.kept[name], storage.content(name))
        if n_bytes + len(raw) > MAX_BYTES:
            continue
        n_bytes, n_pending = n_bytes + len(raw), n_pending + len(raw)
        rows.append({"file": name, "witness": witness, "content": raw})
        if n_pending > _PIECE_BYTES:
            yield rows
            rows, n_pending = [], 0
    if rows:
        yield rows


def _nothing(name: str) -> bytes:
    raise KeyError(name)

"""What people are shown of a published table: where it is, its rows, its bytes and its first rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from every_eval.errors import HubUnavailable
from every_eval.hub.hub import Snapshot

N_PREVIEW: Final = 10
"""Number of rows in a preview."""


@dataclass(frozen=True)
class PublishedTable:
    """A table of the scores repo as its newest files hold it."""

    path: str
    """Path of the file in the scores repo; the first path, if the table has several files."""
    n_rows: int | None
    """Number of rows; null where counting would mean to open many published files."""
    n_bytes: int
    """Size of the files, in bytes."""
    preview: Sequence[Mapping[str, Any]]
    """The first rows."""

    @classmethod
    def from_local(cls, files: Mapping[str, Path]) -> "PublishedTable":
        """Describe a table by its local files, by path in the scores repo; there is at least one."""
        n_rows = sum(pq.read_metadata(file).num_rows for file in files.values())
        path, first = next(iter(files.items()))
        n_bytes = sum(file.stat().st_size for file in files.values())
        return cls(path, n_rows, n_bytes, _first_rows(pq.ParquetFile(first)))

    @classmethod
    def from_snapshot(cls, scores: Snapshot, paths: Sequence[str]) -> "PublishedTable":
        """Describe a table that is published; of its first file, only the footer and the first rows are fetched.

        Raises:
            HubUnavailable: the file did not arrive unchanged.
        """
        path, n_bytes = paths[0], sum(scores.files[path].size for path in paths)
        try:
            with scores.open(path) as file:
                parquet = pq.ParquetFile(file, pre_buffer=True, page_checksum_verification=True)
                n_rows = parquet.metadata.num_rows if len(paths) == 1 else None
                return cls(path, n_rows, n_bytes, _first_rows(parquet))
        except (pa.ArrowException, OSError) as error:
            raise HubUnavailable(f"{path} of the scores repo arrived damaged: {error}. Try again.") from error


def _first_rows(parquet: pq.ParquetFile) -> list[dict[str, Any]]:
    batch = next(parquet.iter_batches(N_PREVIEW), None)
    rows: list[dict[str, Any]] = [] if batch is None else batch.to_pylist()
    return rows

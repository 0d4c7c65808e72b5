"""The index of a benchmark's shards: numbers of runs and rows, and the models, of each published shard.

The commit that publishes a shard writes the shard's row, so that totals can be computed without opening the files of
every shard. The index does not decide what is published: the listing of the repo does, and a row with a fingerprint
that is not published is ignored.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from every_eval.contracts.parquet import read_table, write_table
from every_eval.contracts.repo_layout import SHARD_TABLES, benchmark_path, published_shards, shard_number
from every_eval.contracts.shards import SHARDS
from every_eval.contracts.stats import STATS
from every_eval.hub.hub import Add, Snapshot
from every_eval.ingestion.shard_builder import ShardFiles


def read_index(snapshot: Snapshot, folder: str) -> list[dict[str, Any]]:
    """Return the rows of the contract `shards` for the shards as they are published."""
    published = published_shards(snapshot.files, folder)
    return [row for row in _rows(snapshot, folder) if published.get(row["shard"]) == [row["fingerprint"]]]


def index_change(head: Snapshot, folder: str, built: Iterable[ShardFiles], workdir: Path) -> Add:
    """Write the index in `workdir`, as it is after `built` are published on top of `head`."""
    rows = {row["shard"]: row for row in _rows(head, folder)}
    rows |= {files.shard.key: _row(files) for files in built}
    table = pa.Table.from_pylist([rows[key] for key in sorted(rows, key=shard_number)], schema=SHARDS.schema)
    return Add(benchmark_path(SHARDS, folder), write_table(SHARDS, workdir / SHARDS.name, table))


def _rows(snapshot: Snapshot, folder: str) -> Sequence[dict[str, Any]]:
    path = benchmark_path(SHARDS, folder)
    files = [snapshot.fetch(path)] if path in snapshot.files else []
    rows: list[dict[str, Any]] = read_table(SHARDS, files).to_pylist()
    return rows


def _row(files: ShardFiles) -> dict[str, Any]:
    stats = pq.read_table(files.paths[STATS.name], columns=["suite", "run", "model_name"])
    run = files.shard.entries[0].run
    return {
        "source": run.source,
        "benchmark": run.benchmark,
        "shard": files.shard.key,
        "fingerprint": files.fingerprint,
        "n_runs": stats.group_by(["suite", "run"]).aggregate([]).num_rows,
        **{f"n_{table.name}": files.n_rows[table.name] for table in SHARD_TABLES},
        "models": sorted(pc.unique(stats["model_name"]).drop_null().to_pylist()),
    }

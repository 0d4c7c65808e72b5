"""The index of a benchmark's shards: what each holds, noted in the commit that publishes it.

It spares opening every file of a repo to sum it up. What has been ingested is told by the listing alone, and a row
whose fingerprint is not published counts for nothing.
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
from every_eval.ingestion.shard_files import ShardFiles


def read_index(snapshot: Snapshot, folder: str) -> list[dict[str, Any]]:
    """Rows of the contract `shards`, of the shards as they are published."""
    published = published_shards(snapshot.files, folder)
    return [row for row in _rows(snapshot, folder) if published.get(row["shard"]) == [row["fingerprint"]]]


def index_change(head: Snapshot, folder: str, made: Iterable[ShardFiles], workdir: Path) -> Add:
    """The index once `made` are published on `head`, written in `workdir`."""
    rows = {row["shard"]: row for row in _rows(head, folder)}
    rows |= {files.shard.key: _row(files) for files in made}
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

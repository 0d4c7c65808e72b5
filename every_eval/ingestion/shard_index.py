"""The index of a benchmark's shards: what each published shard holds, what is wrong with it, and what it is made from.

The commit that publishes a shard writes the shard's row, so that totals and checks over all shards need no other file.
The index does not decide what is published: the listing of the repo does, and a row with a fingerprint that is not
published is ignored.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from every_eval.contracts.conforming import conform
from every_eval.contracts.parquet import read_table, write_table
from every_eval.contracts.rejects import REJECTS
from every_eval.contracts.repo_layout import (
    SHARD_TABLES,
    benchmark_path,
    published_shards,
    shard_number,
    shard_path,
)
from every_eval.contracts.shards import SHARDS
from every_eval.contracts.stats import STATS
from every_eval.hub.hub import Add, Snapshot
from every_eval.ingestion.run_records import RunRecord, records_of_files
from every_eval.sources.columns import float_column
from every_eval.sources.tolerance import differs

IndexRow = Mapping[str, Any]
"""A row of the contract `shards`."""

MAX_DISAGREEMENTS: Final = 1000
"""Number of disagreements that a row holds: each is a fault that somebody may acknowledge."""
MAX_PLACES: Final = 5
"""Number of places that a row holds of the rejects with one reason."""
COMPARED: Final = (("mean", "reported_mean"), ("standard_error", "reported_standard_error"))
"""Columns of the contract `stats` with a number of ours and the reported number."""
_STATISTIC: Final = ("suite", "run", "metric_name", "split", "sub_split", "perturbation", "computed_on")
_NEEDED: Final = [
    column
    for column in STATS.columns
    if column.name
    in {"source", "benchmark", *_STATISTIC, *COMPARED[0], *COMPARED[1], "min", "max", "model_name", "is_complete"}
]
NOT_HELD_BACK: Final = {"held_back_fingerprint": None, "held_back_reason": None}


def read_index(snapshot: Snapshot, folder: str) -> list[dict[str, Any]]:
    """Return the rows of the contract `shards` for the shards as they are published."""
    published = published_shards(snapshot.files, folder)
    return [row for row in index_rows(snapshot, folder) if published.get(row["shard"]) == [row["fingerprint"]]]


def index_change(head: Snapshot, folder: str, changed: Iterable[IndexRow], workdir: Path) -> Add:
    """Write the index in `workdir`, as it is on top of `head` after some of its rows have changed.

    Rows that an older version of every_eval wrote, or that are missing, are made from the published files.
    """
    rows: dict[str, IndexRow] = {row["shard"]: row for row in index_rows(head, folder)}
    changes = {row["shard"]: row for row in changed}
    rows |= {row["shard"]: row for row in _made_again(head, folder, rows, changes.keys())}
    rows |= changes
    table = pa.Table.from_pylist([rows[key] for key in sorted(rows, key=shard_number)], schema=SHARDS.schema)
    return Add(benchmark_path(SHARDS, folder), write_table(SHARDS, workdir / SHARDS.name, table))


def index_rows(snapshot: Snapshot, folder: str) -> Sequence[dict[str, Any]]:
    """Return every row of the index, also of shards that are not published in this way; none if there is no index."""
    path = benchmark_path(SHARDS, folder)
    files = [snapshot.fetch(path)] if path in snapshot.files else []
    rows: list[dict[str, Any]] = read_table(SHARDS, files).to_pylist()
    return rows


def index_row(
    key: str,
    fingerprint: str,
    stats: pa.Table,
    rejects: pa.Table,
    n_rows: Mapping[str, int],
    records: Sequence[RunRecord],
    disagreements: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return the row of a shard.

    Args:
        key: Key of the shard.
        fingerprint: Fingerprint of the shard's inputs.
        stats: Rows of the shard's statistics file, as `read_statistics` returns them.
        rejects: Rows of the shard's rejects file.
        n_rows: Number of rows of each table.
        records: Runs of the shard.
        disagreements: Reported numbers that differ from ours, at least the first of them.
    """
    return {
        "shard": key,
        "fingerprint": fingerprint,
        "n_runs": stats.group_by(["suite", "run"]).aggregate([]).num_rows,
        **{f"n_{table.name}": n_rows[table.name] for table in SHARD_TABLES},
        "n_incomplete_runs": sum(not record.is_complete for record in records),
        "rejected": list(_rejected(rejects)),
        "n_compared": sum(int(pc.sum(_compared(stats, *names)).as_py() or 0) for names in COMPARED),
        "n_disagreements": sum(record.n_disagreements or 0 for record in records),
        "disagreements": [_disagreement(item) for item in disagreements[:MAX_DISAGREEMENTS]],
        **NOT_HELD_BACK,
        "runs": [record.row() for record in records],
        "models": sorted(pc.unique(stats["model_name"]).drop_null().to_pylist()),
    }


def read_statistics(path: Path) -> pa.Table:
    """Read the columns of a statistics file that the index is made from."""
    there = pq.read_schema(path).names
    table = pq.read_table(path, columns=[column.name for column in _NEEDED if column.name in there])
    return conform(STATS, _NEEDED, path.name, table)


def _compared(stats: pa.Table, ours: str, reported: str) -> pa.ChunkedArray:
    return pc.and_(stats[ours].is_valid(), stats[reported].is_valid())


def _rejected(rejects: pa.Table) -> Iterator[dict[str, Any]]:
    """Yield reason, number and first places of the rejects, by reason."""
    places: dict[str, list[str]] = {}
    for row in rejects.to_pylist():
        where = " ".join(filter(None, (row["file"], row["place"])))
        places.setdefault(row["reason"], []).append(f"{row['suite']}/{row['run']}" + (f": {where}" if where else ""))
    for reason in sorted(places):
        yield {"reason": reason, "n": len(places[reason]), "places": places[reason][:MAX_PLACES]}


def _disagreement(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: item.get(name) for name in (*_STATISTIC, "field", "ours", "reported")}


def _made_again(
    head: Snapshot, folder: str, rows: Mapping[str, IndexRow], changed: Iterable[str]
) -> Iterator[dict[str, Any]]:
    """Yield rows, made from the published files, of shards of which the index has no row with records of runs."""
    for key, fingerprints in published_shards(head.files, folder).items():
        row = rows.get(key)
        is_known = row is not None and [row["fingerprint"]] == fingerprints and (row["runs"] or not row["n_runs"])
        if not is_known and key not in changed and len(fingerprints) == 1:
            yield _row_of_files(head, key, fingerprints[0])


def _row_of_files(head: Snapshot, key: str, fingerprint: str) -> dict[str, Any]:
    paths = {table.name: shard_path(table, key, fingerprint) for table in SHARD_TABLES}
    stats = read_statistics(head.fetch(paths[STATS.name]))
    rejects = read_table(REJECTS, [head.fetch(path) for path in [paths[REJECTS.name]] if path in head.files])
    found = [item for names in COMPARED for item in _disagreements(stats, *names)]
    n_found = Counter((item["suite"], item["run"]) for item in found)
    records = [replace(record, n_disagreements=n_found[record.identity]) for record in records_of_files(stats, rejects)]
    n_rows = {name: _count_rows(head, path) for name, path in paths.items()}
    row = index_row(key, fingerprint, stats, rejects, n_rows, records, found)
    first = (stats if len(stats) else rejects).slice(0, 1).to_pylist()[0]
    return {"source": first["source"], "benchmark": first["benchmark"], **row}


def _count_rows(head: Snapshot, path: str) -> int:
    if path not in head.files:
        return 0
    with head.open(path) as file:
        return int(pq.read_metadata(file).num_rows)


def _disagreements(stats: pa.Table, ours: str, reported: str) -> Iterator[dict[str, Any]]:
    """Yield the statistics whose own number is not the reported number."""
    rows = stats.select([*_STATISTIC, ours, reported, "min", "max"]).filter(_compared(stats, ours, reported))
    numbers = {name: float_column(rows, name) for name in (ours, reported, "min", "max")}
    largest = np.fmax(np.abs(numbers["min"]), np.abs(numbers["max"]))
    for row in rows.filter(pa.array(differs(numbers[ours], numbers[reported], largest))).to_pylist():
        yield {**row, "field": ours, "ours": row[ours], "reported": row[reported]}

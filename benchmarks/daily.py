"""The daily job's listing, and reading of what is new, with one new shard among 100, 1,000 and 10,000.

    python -m benchmarks.daily [--shards N ...] [--rows N] [--folder FOLDER]

Shards are made of the statistics of a real run under other names, N rows each; with the default of 500, the largest
state has 5 million rows. The memory is that of folding all of them. What the job does with the state besides, to make
the leaderboard of it, is not measured here.
"""

import argparse
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pyarrow as pa

from benchmarks.enlarging import open_corpus, summarised_runs
from benchmarks.measuring import peak_mib, show
from every_eval.contracts.parquet import write_table
from every_eval.contracts.stats import STATS
from every_eval.hub.folder import FolderHub
from every_eval.hub.hub import Add, Change, Snapshot, publish
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.shards import shard_key, stats_path
from every_eval.statistics.folding import Folder, Reading
from every_eval.statistics.state import wanted

DATA, SCORES, FOLDER = "a/data", "a/scores", "helm_lite"
FINGERPRINT = "0" * 12
BATCH = 500


def main() -> None:
    """Print what each number of shards takes, over what the smallest takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, nargs="+", default=[100, 1000, 10_000])
    parser.add_argument("--rows", type=int, default=500)
    parser.add_argument("--folder", type=Path, help="default: a temporary one")
    options = parser.parse_args()
    base = None
    for n_shards in options.shards:
        with tempfile.TemporaryDirectory(dir=options.folder) as folder:
            add_shards(Path(folder), range(1, n_shards), options.rows)
            peak = peak_mib(fold, Path(folder))
            add_shards(Path(folder), range(n_shards, n_shards + 1), options.rows)
            listing, folding, reading = _timed(Path(folder))
        base = base or listing + folding
        show(
            f"{n_shards} shards, one new: listing {listing:.3f} s, reading and folding {folding:.3f} s of "
            f"{len(reading.shards)} shard(s) and {reading.n_bytes / 1e6:.1f} MB, together "
            f"{(listing + folding) / base:.1f} times the first; all {n_shards * options.rows} rows: {peak:.0f} MiB"
        )


def open_hub(folder: Path) -> FolderHub:
    """A Hub in a folder."""
    return FolderHub(folder / "hub", lambda: datetime.now(UTC))


def add_shards(folder: Path, numbers: range, n_rows: int) -> None:
    """Publish shards of some rows each."""
    rows = _rows(n_rows)
    for first in range(0, len(numbers), BATCH):
        with tempfile.TemporaryDirectory(dir=folder) as workdir:
            changes: list[Change] = []
            for number in numbers[first : first + BATCH]:
                name = shard_key(FOLDER, number)
                runs = pa.array([f"run {number}"] * n_rows)
                table = rows.set_column(rows.column_names.index("run"), STATS.schema.field("run"), runs)
                changes.append(
                    Add(stats_path(FOLDER, name, FINGERPRINT), write_table(STATS, Path(workdir) / name, table))
                )
            publish(open_hub(folder), DATA, "Add shards", partial(_same, changes))


def fold(folder: Path) -> None:
    """Bring the state up to what is published."""
    _timed(folder)


def _timed(folder: Path) -> tuple[float, float, Reading]:
    """Seconds of the clock that listing took, and reading and folding; the state is published after that."""
    hub, reading = open_hub(folder), Reading()
    start = time.perf_counter()
    data, scores = hub.snapshot(DATA), hub.snapshot(SCORES)
    [folding] = wanted(data, "helm")
    listed = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=folder) as workdir:
        touched = {path: shards for path, shards in folding.files.items() if path not in scores.files}
        state = Folder(data, scores, Path(workdir), reading).fold(replace(folding, files=touched))
        folded = time.perf_counter()
        changes: list[Change] = [Add(path, local) for path, local in state.items()]
        publish(hub, SCORES, "Fold", partial(_same, changes))
    return listed - start, folded - listed, reading


def _same(changes: list[Change], _: Snapshot) -> list[Change]:
    """The plan of a commit that does not depend on what is there."""
    return changes


def _rows(n_rows: int) -> pa.Table:
    """Statistics of a real run, repeated under names of their own until there are `n_rows`."""
    storage = open_corpus(None)
    run = summarised_runs(storage, "lite")[0]
    pieces = HelmSource().read(run, lambda name: storage.open(f"{run.folder}/{name}"))
    table = STATS.decode(pa.concat_tables([piece.stats for piece in pieces if piece.stats.num_rows]))
    copies = pa.concat_tables([table] * (n_rows // table.num_rows + 1)).slice(0, n_rows)
    names = [f"{name} {number}" for number, name in enumerate(copies["metric_name"].to_pylist())]
    place = copies.column_names.index("metric_name")
    return copies.set_column(place, STATS.schema.field("metric_name"), pa.array(names))


if __name__ == "__main__":
    main()

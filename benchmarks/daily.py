"""Measure the daily job: with one new shard among many, and with a state of millions of rows.

    python -m benchmarks.daily [--shards N ...] [--shard-rows N] [--rows N] [--corpus FOLDER] [--folder FOLDER]

First, with one new shard among 100, 1,000 and 10,000 shards: the time to list what is new, and the time to read it and
fold it into the state. Then the whole job on a quarter of the rows and on all rows: with everything new, and with one
more shard. Each of these jobs has a process of its own, whose peak memory is printed. Shards are copies of a
benchmark's statistics under other names, with as many models in each scenario as HELM Classic has.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.copied_statistics import Original
from benchmarks.measurement import cpu_seconds, peak_mib, show
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Add, publish
from every_eval.scoring.change_detection import expected_state
from every_eval.scoring.scorer import Scorer
from every_eval.scoring.state.state_updater import FetchCounter, StateUpdater
from every_eval.sources.helm.source import HelmSource

DATA, SCORES = "a/data", "a/scores"
LAST = 40
"""Number of the shard that is published last. Its state file holds as many other shards, however many there are."""


def main() -> None:
    """Print the time for each number of shards, as a multiple of the first, and for each number of rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--shards", type=int, nargs="*", default=[100, 1000, 10_000], help="numbers of shards to compare"
    )
    parser.add_argument("--shard-rows", type=int, default=500, help="number of rows in each of these shards")
    parser.add_argument(
        "--rows", type=int, default=5_000_000, help="number of rows in the large state; 0: leave the measurement out"
    )
    parser.add_argument("--corpus", type=Path, help="root in the public bucket's layout; default: the bundled sample")
    parser.add_argument("--benchmark", default="classic", help="HELM project that is copied")
    parser.add_argument("--folder", type=Path, help="folder for the Hub; default: a temporary folder")
    options = parser.parse_args()
    original = Original.read(options.corpus, options.benchmark)
    measure_shards(original.first(options.shard_rows), options.shards, options.folder)
    if options.rows:
        measure_rows(original, options.rows, options.folder)


def measure_shards(original: Original, counts: list[int], place: Path | None) -> None:
    """Measure listing, reading and folding with one new shard, for each number of shards."""
    base = None
    for n_shards in counts:
        with tempfile.TemporaryDirectory(dir=place) as folder:
            hub = open_hub(Path(folder))
            original.publish(hub, DATA, [number for number in range(n_shards) if number != LAST])
            fold(Path(folder))
            original.publish(hub, DATA, [LAST])
            listing, reading, read = fold(Path(folder))
        base = base or listing + reading
        show(
            f"{n_shards} shards, one new: listing {listing:.3f} s, reading and folding {reading:.3f} s of "
            f"{len(read.shards)} shard(s) and {read.n_bytes / 1e6:.2f} MB, together "
            f"{(listing + reading) / base:.1f} times the first"
        )


def fold(folder: Path) -> tuple[float, float, FetchCounter]:
    """Seconds that listing took, and reading and folding, of what is touched; it is published after that."""
    hub, fetched = open_hub(folder), FetchCounter()
    start = time.perf_counter()
    data, scores = hub.snapshot(DATA), hub.snapshot(SCORES)
    [benchmark] = expected_state(data, "helm")
    listed = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=folder) as workdir:
        touched = {path: shards for path, shards in benchmark.files.items() if path not in scores.files}
        updater = StateUpdater(data, scores, Path(workdir), fetched)
        state = updater.update(replace(benchmark, files=touched, releases=None))
        folded = time.perf_counter()
        publish(hub, SCORES, "Fold", lambda _: [Add(path, local) for path, local in state.items()])
    return listed - start, folded - listed, fetched


def measure_rows(original: Original, n_rows: int, place: Path | None) -> None:
    """Measure the whole job on a quarter of the rows, and on all rows."""
    with tempfile.TemporaryDirectory(dir=place) as folder:
        hub, n_copies, base = open_hub(Path(folder)), 0, None
        for part in (n_rows // 4, n_rows):
            wanted_copies = -(-part // original.stats.num_rows)
            original.publish(hub, DATA, range(n_copies, wanted_copies))
            n_copies = wanted_copies
            seconds, peak = measured(score_anew, Path(folder))
            base = base or seconds
            show(
                f"{n_copies * original.stats.num_rows} rows in {n_copies} shards, all new: {seconds:.1f} CPU seconds, "
                f"{seconds / base:.1f} times the first, {peak:.0f} MiB"
            )
        original.publish(hub, DATA, range(n_copies, n_copies + 1))
        seconds, peak = measured(score, Path(folder))
        show(f"one more shard: {seconds:.1f} CPU seconds, {peak:.0f} MiB")


def measured(work: Callable[[Path], None], folder: Path) -> tuple[float, float]:
    """Run some work in a fresh process, and return its CPU time in seconds and its peak memory in MiB.

    The work gets the folder, and writes its CPU time into the file `seconds` there.
    """
    peak = peak_mib(work, folder)
    return float((folder / "seconds").read_text()), peak


def score_anew(folder: Path) -> None:
    """Run the whole job, and read the statistics of every shard."""
    _score(folder, force=True)


def score(folder: Path) -> None:
    """Run the whole job."""
    _score(folder, force=False)


def _score(folder: Path, *, force: bool) -> None:
    start = cpu_seconds()
    source = HelmSource()
    Scorer(source, [source], open_hub(folder), DATA, SCORES, lambda: datetime.now(UTC), show, force).run()
    (folder / "seconds").write_text(str(cpu_seconds() - start))


def open_hub(folder: Path) -> FolderHub:
    """Open a Hub in a folder."""
    return FolderHub(folder / "hub", lambda: datetime.now(UTC))


if __name__ == "__main__":
    main()

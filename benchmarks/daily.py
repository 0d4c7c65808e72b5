"""The daily job: with one new shard among many, and with a state of millions of rows.

    python -m benchmarks.daily [--shards N ...] [--shard-rows N] [--rows N] [--corpus FOLDER] [--folder FOLDER]

First, listing and reading with one new shard among 100, 1,000 and 10,000: what says what is new, and what is read to
fold it. Then the whole job on a fourth of the rows, and on all of them: with everything new, and with one more shard.
Each is a process of its own, whose memory is told. Shards are copies of a benchmark's statistics under other names, the
models of each scenario as many as HELM Classic has.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.copying import Original
from benchmarks.measuring import cpu_seconds, peak_mib, show
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.hub.hub import Add, publish
from every_eval.scoring.change_detection import wanted
from every_eval.scoring.scorer import Scorer
from every_eval.scoring.state.folding import Folder, Reading
from every_eval.sources.helm.source import HelmSource

DATA, SCORES = "a/data", "a/scores"
NEW = 40
"""The shard that comes last; it is one among as many others in its file of the state, however many shards there are."""


def main() -> None:
    """Print what each number of shards takes over what the smallest takes, and what each number of rows takes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", type=int, nargs="*", default=[100, 1000, 10_000])
    parser.add_argument("--shard-rows", type=int, default=500, help="of each of those shards")
    parser.add_argument("--rows", type=int, default=5_000_000, help="of the large state; 0: leave that out")
    parser.add_argument("--corpus", type=Path, help="root in the public bucket's layout; default: the bundled sample")
    parser.add_argument("--benchmark", default="classic")
    parser.add_argument("--folder", type=Path, help="default: a temporary one")
    options = parser.parse_args()
    original = Original.read(options.corpus, options.benchmark)
    measure_shards(original.first(options.shard_rows), options.shards, options.folder)
    if options.rows:
        measure_rows(original, options.rows, options.folder)


def measure_shards(original: Original, counts: list[int], place: Path | None) -> None:
    """Listing and reading, with one new shard among so many."""
    base = None
    for n_shards in counts:
        with tempfile.TemporaryDirectory(dir=place) as folder:
            hub = open_hub(Path(folder))
            original.publish(hub, DATA, [number for number in range(n_shards) if number != NEW])
            fold(Path(folder))
            original.publish(hub, DATA, [NEW])
            listing, reading, read = fold(Path(folder))
        base = base or listing + reading
        show(
            f"{n_shards} shards, one new: listing {listing:.3f} s, reading and folding {reading:.3f} s of "
            f"{len(read.shards)} shard(s) and {read.n_bytes / 1e6:.2f} MB, together "
            f"{(listing + reading) / base:.1f} times the first"
        )


def fold(folder: Path) -> tuple[float, float, Reading]:
    """Seconds that listing took, and reading and folding, of what is touched; it is published after that."""
    hub, reading = open_hub(folder), Reading()
    start = time.perf_counter()
    data, scores = hub.snapshot(DATA), hub.snapshot(SCORES)
    [folding] = wanted(data, "helm")
    listed = time.perf_counter()
    with tempfile.TemporaryDirectory(dir=folder) as workdir:
        touched = {path: shards for path, shards in folding.files.items() if path not in scores.files}
        state = Folder(data, scores, Path(workdir), reading).fold(replace(folding, files=touched, releases=None))
        folded = time.perf_counter()
        publish(hub, SCORES, "Fold", lambda _: [Add(path, local) for path, local in state.items()])
    return listed - start, folded - listed, reading


def measure_rows(original: Original, n_rows: int, place: Path | None) -> None:
    """The whole job on a fourth of the rows, and on all."""
    with tempfile.TemporaryDirectory(dir=place) as folder:
        hub, n_copies, base = open_hub(Path(folder)), 0, None
        for part in (n_rows // 4, n_rows):
            wanted_copies = -(-part // original.stats.num_rows)
            original.publish(hub, DATA, range(n_copies, wanted_copies))
            n_copies = wanted_copies
            seconds, peak = _measured(score_anew, Path(folder))
            base = base or seconds
            show(
                f"{n_copies * original.stats.num_rows} rows in {n_copies} shards, all new: {seconds:.1f} CPU seconds, "
                f"{seconds / base:.1f} times the first, {peak:.0f} MiB"
            )
        original.publish(hub, DATA, range(n_copies, n_copies + 1))
        seconds, peak = _measured(score, Path(folder))
        show(f"one more shard: {seconds:.1f} CPU seconds, {peak:.0f} MiB")


def _measured(work: Callable[[Path], None], folder: Path) -> tuple[float, float]:
    """CPU seconds and peak of memory of a fresh process."""
    peak = peak_mib(work, folder)
    return float((folder / "seconds").read_text()), peak


def score_anew(folder: Path) -> None:
    """Run the whole job, reading every shard's statistics."""
    _score(folder, force=True)


def score(folder: Path) -> None:
    """Run the whole job."""
    _score(folder, force=False)


def _score(folder: Path, *, force: bool) -> None:
    start = cpu_seconds()
    Scorer(HelmSource(), open_hub(folder), DATA, SCORES, lambda: datetime.now(UTC), show, force).run()
    (folder / "seconds").write_text(str(cpu_seconds() - start))


def open_hub(folder: Path) -> FolderHub:
    """A Hub in a folder."""
    return FolderHub(folder / "hub", lambda: datetime.now(UTC))


if __name__ == "__main__":
    main()

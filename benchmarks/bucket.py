"""The weekly job against a bucket that is far away, over fetching the same files and checking their MD5.

    python -m benchmarks.bucket [--corpus FOLDER] [--benchmark NAME] [--runs N] [--delay-ms N] [--processes N]

A server in a process of its own answers each request after a delay. The floor asks it for every file that the runs are
read from, in 32 threads with a connection each that is kept, and compares the MD5 of what comes with the listed one.
Ours is all that the weekly job does but Dagster: ingestion, which starts processes, reads, writes, and commits to a
folder; and before it discovery, which finds out what the floor is told. Then the same again, with nothing new. Runs are
made by repeating the instances of real ones under new ids.
"""

import argparse
import hashlib
import json
import os
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from http.client import HTTPConnection
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from threading import local
from urllib.parse import quote, urlsplit

from benchmarks.enlarging import enlarge, open_corpus, read_run, summarised_runs
from benchmarks.measuring import MIB, show
from benchmarks.weekly import REPO, discover, ingest
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.ingestion.discovery import Discovered
from every_eval.sources.helm.source import HelmSource
from every_eval.storage.bucket import BucketStorage
from every_eval_tests.storage.bucket_server import LISTING, BucketServer

N_THREADS = 32
RUN_BYTES = (1_000_000, 11_000_000)
"""Of the smallest and the largest run; 11 MB is one of Lite with 1,000 instances."""
N_REPEATS = 3

Wanted = Sequence[tuple[str, str]]
"""Names of objects, with their MD5."""


def main() -> None:
    """Print the ratio, and what a run costs in requests and bytes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, help="root in the public bucket's layout; default: the bundled sample")
    parser.add_argument("--benchmark", default="lite")
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--delay-ms", type=int, default=40, help="before each answer")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    with serving(options.corpus, options.benchmark, options.runs, options.delay_ms / 1000) as (root_url, server):
        runs = HelmSource().discover(BucketStorage(root_url), options.benchmark).runs
        wanted = [(f"{run.folder}/{item.name}", item.md5 or "") for run in runs for item in run.inputs]
        show(f"{len(runs)} runs, {len(wanted)} files, {sum(run.n_bytes for run in runs) / MIB:.0f} MiB")
        ingesting, both = [], []
        for _ in range(N_REPEATS):
            floor = _seconds(lambda: fetch(root_url, wanted))
            take_counts(server)
            show(f"fetching and checking: {floor:.2f} s")
            with tempfile.TemporaryDirectory() as folder:
                hub = FolderHub(Path(folder), lambda: datetime.now(UTC))
                discovery, ingestion = _job(root_url, hub, options, server)
                ingesting.append(ingestion / floor)
                both.append((discovery + ingestion) / floor)
                _job(root_url, hub, options, server)
        for what, ratios in (("ingestion", ingesting), ("with discovery, it", both)):
            show(f"{what} takes {min(ratios):.2f} times as long as fetching ({', '.join(f'{r:.2f}' for r in ratios)})")


def _job(root_url: str, hub: FolderHub, options: argparse.Namespace, server: Connection) -> tuple[float, float]:
    """Seconds that discovery takes, and ingestion; what both ask for is shown."""
    commit, storage = hub.snapshot(REPO).commit, BucketStorage(root_url)
    known: list[Discovered] = []
    discovery = _seconds(lambda: known.extend(discover(storage, hub, [options.benchmark])))
    ingestion = _seconds(lambda: ingest(storage, hub, known, options.processes))
    counts = take_counts(server)
    state = "nothing is new, nothing is committed" if hub.snapshot(REPO).commit == commit else "everything is new"
    shown = ", ".join(f"{count / options.runs:.2f} {what}" for what, count in sorted(counts.items()))
    show(f"{state}: {discovery:.2f} s and {ingestion:.2f} s; for each run: {shown}")
    return discovery, ingestion


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def fetch(root_url: str, wanted: Wanted) -> None:
    """Fetch objects in threads, each with a connection of its own that is kept, and check them."""
    split, mine = urlsplit(root_url), local()

    def check(item: tuple[str, str]) -> None:
        if not hasattr(mine, "connection"):
            mine.connection = HTTPConnection(split.netloc)
        mine.connection.request("GET", f"{split.path}/{quote(item[0])}")
        if hashlib.md5(mine.connection.getresponse().read(), usedforsecurity=False).hexdigest() != item[1]:
            raise SystemExit(f"{item[0]} came otherwise than it was listed")

    with ThreadPoolExecutor(N_THREADS) as threads:
        list(threads.map(check, wanted))


@contextmanager
def serving(*arguments: object) -> Iterator[tuple[str, Connection]]:
    """A server's address, and the way to ask it what it was asked for; `arguments` are those of `_serve`."""
    here, there = get_context("spawn").Pipe()
    process = get_context("spawn").Process(target=_serve, args=(there, *arguments))
    process.start()
    there.close()
    try:
        yield here.recv(), here
    finally:
        here.close()
        process.join()


def take_counts(server: Connection) -> Counter[str]:
    """What the server was asked for since this was last called."""
    server.send(None)
    counts: Counter[str] = server.recv()
    return counts


def _serve(asker: Connection, corpus: Path | None, benchmark: str, n_runs: int, delay_seconds: float) -> None:
    with BucketServer(dict(make_objects(corpus, benchmark, n_runs)), delay_seconds=delay_seconds) as server:
        asker.send(server.root_url)
        try:
            while True:
                asker.recv()
                asker.send(_counts(server))
                server.requests.clear()
        except EOFError:
            return


def _counts(server: BucketServer) -> Counter[str]:
    counts: Counter[str] = Counter()
    for request in server.requests:
        is_of_run = "/runs/" in request.name and request.name.endswith(".json")
        counts["pages of the listing" if request.name == LISTING else "files" if is_of_run else "other objects"] += 1
        counts["MB"] += 0 if request.method == "HEAD" else len(server.objects.get(request.name, b""))
    counts["MB"] = round(counts["MB"] / 1e6)
    return counts


def make_objects(corpus: Path | None, benchmark: str, n_runs: int) -> Iterator[tuple[str, bytes]]:
    """The files of one suite of enlarged runs, from the smallest to the largest and again, and no index."""
    storage = open_corpus(corpus)
    originals = summarised_runs(storage, benchmark)
    for number in range(n_runs):
        run = originals[number % len(originals)]
        name = f"{run.name},number={number}"
        smallest, largest = RUN_BYTES
        n_bytes = smallest + (largest - smallest) * (number % 10) // 9
        files = enlarge(read_run(storage, run), n_bytes)
        files["run_spec.json"] = json.dumps(json.loads(files["run_spec.json"]) | {"name": name}, indent=2).encode()
        for file, raw in files.items():
            yield f"{benchmark}/benchmark_output/runs/v1.0.0/{name}/{file}", raw


if __name__ == "__main__":
    main()

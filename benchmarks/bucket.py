"""Measure the weekly job on a distant bucket, over the time to download the same files and check their MD5s.

    python -m benchmarks.bucket [--corpus FOLDER] [--benchmark NAME] [--runs N] [--delay-ms N] [--processes N]

A server in a separate process answers each request after a delay. The floor downloads every input of the runs in 32
threads, each with a connection that it keeps, and compares each MD5 with the listed MD5. The measured work is the
weekly job without Dagster: discovery, which finds out what the floor is told; and ingestion, which starts processes,
reads, writes, and commits to a folder. Then the job runs again, with nothing new. The instances of real runs are
repeated under new ids.
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

from benchmarks.enlarged_runs import enlarge, open_corpus, read_run, summarised_runs
from benchmarks.measurement import MIB, show
from benchmarks.weekly import REPO, discover, ingest
from every_eval.hub.folder.folder_hub import FolderHub
from every_eval.ingestion.discovery import Discovered
from every_eval.sources.helm.source import HelmSource
from every_eval.storage.bucket import BucketStorage
from every_eval_tests.storage.bucket_server import LISTING, BucketServer

N_THREADS = 32
RUN_BYTES = (1_000_000, 11_000_000)
"""Size of the smallest and of the largest run, in bytes; a run of Lite with 1,000 instances has 11 MB."""
N_REPEATS = 3

Objects = Sequence[tuple[str, str]]
"""Names of objects, each with its MD5."""


def main() -> None:
    """Print the ratio, and the number of requests and bytes for each run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, help="root in the public bucket's layout; default: the bundled sample")
    parser.add_argument("--benchmark", default="lite", help="HELM project whose runs are read")
    parser.add_argument("--runs", type=int, default=100, help="number of runs in the bucket")
    parser.add_argument("--delay-ms", type=int, default=40, help="delay before each answer")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="number of worker processes")
    options = parser.parse_args()
    with serving(options.corpus, options.benchmark, options.runs, options.delay_ms / 1000) as (root_url, server):
        runs = HelmSource().discover(BucketStorage(root_url), options.benchmark).runs
        objects = [(f"{run.folder}/{item.name}", item.md5 or "") for run in runs for item in run.inputs]
        show(f"{len(runs)} runs, {len(objects)} files, {sum(run.n_bytes for run in runs) / MIB:.0f} MiB")
        ingesting, both = [], []
        for _ in range(N_REPEATS):
            floor = _seconds(lambda: fetch(root_url, objects))
            take_counts(server)
            show(f"downloading and checking: {floor:.2f} s")
            with tempfile.TemporaryDirectory() as folder:
                hub = FolderHub(Path(folder), lambda: datetime.now(UTC))
                discovery, ingestion = _job(root_url, hub, options, server)
                ingesting.append(ingestion / floor)
                both.append((discovery + ingestion) / floor)
                _job(root_url, hub, options, server)
        for what, ratios in (("ingestion", ingesting), ("discovery and ingestion together", both)):
            show(f"{what}: {min(ratios):.2f} times the download ({', '.join(f'{r:.2f}' for r in ratios)})")


def _job(root_url: str, hub: FolderHub, options: argparse.Namespace, server: Connection) -> tuple[float, float]:
    """Return the seconds that discovery and ingestion take, and print their numbers of requests."""
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


def fetch(root_url: str, objects: Objects) -> None:
    """Download and check objects in threads, each of which keeps a connection of its own."""
    split, mine = urlsplit(root_url), local()

    def check(item: tuple[str, str]) -> None:
        if not hasattr(mine, "connection"):
            mine.connection = HTTPConnection(split.netloc)
        mine.connection.request("GET", f"{split.path}/{quote(item[0])}")
        if hashlib.md5(mine.connection.getresponse().read(), usedforsecurity=False).hexdigest() != item[1]:
            raise SystemExit(f"{item[0]} does not have the MD5 that was listed.")

    with ThreadPoolExecutor(N_THREADS) as threads:
        list(threads.map(check, objects))


@contextmanager
def serving(*arguments: object) -> Iterator[tuple[str, Connection]]:
    """Start a server, and yield its URL and a connection that returns its counts; `arguments` are those of `_serve`."""
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
    """Return the counts of requests to the server since the last call of this function."""
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
    """Yield the files of one suite of enlarged runs, from the smallest to the largest size and again; no index."""
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

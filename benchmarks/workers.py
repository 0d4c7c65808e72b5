"""Measure the weekly job on two Celery workers over one: servers, daemon and workers all run on this machine.

    python -m benchmarks.workers [--corpus FOLDER] [--shards N] [--shard-mib N] [--workers N ...] [--repeats N]

Each worker reads runs in one process, so that it uses one core, and builds one shard in each step. PostgreSQL and Redis
must be installed; see deploy/several_machines.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.measurement import show
from benchmarks.overhead import digests
from benchmarks.replica import add_options, replicate

REHEARSE = Path(__file__).parents[1] / "deploy" / "several_machines" / "rehearse.py"


def main() -> None:
    """Print the time of each number of workers as a multiple of the first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, shards=8, shard_mib=8)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="numbers of workers to compare")
    parser.add_argument("--repeats", type=int, default=1, help="number of measurements of each")
    parser.add_argument(
        "--folder", type=Path, help="folder for everything, which is removed at the end; default: a temporary folder"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as name:
        root = Path(name) / "root"
        limit = replicate(options, root)
        settings = {
            "EVERY_EVAL_HELM_ROOT": str(root),
            "EVERY_EVAL_BENCHMARKS": ",".join(options.benchmarks),
            "EVERY_EVAL_SHARD_BYTES": str(limit),
        }
        reports: dict[int, list[dict[str, Any]]] = {n_workers: [] for n_workers in options.workers}
        for _ in range(options.repeats):
            _take_turns(Path(name), settings, reports)
        _compare(reports)


def _take_turns(folder: Path, settings: dict[str, str], reports: dict[int, list[dict[str, Any]]]) -> None:
    published = []
    for n_workers, of_workers in reports.items():
        with tempfile.TemporaryDirectory(dir=folder) as place:
            of_workers.append(_rehearse(Path(place), settings, n_workers))
            published.append(digests(Path(place) / "hub" / "evaleval" / "every_eval_ever"))
        show(f"{n_workers} worker(s): {of_workers[-1]}")
        if published[-1] != published[0]:
            raise SystemExit("Different numbers of workers published different bytes.")


def _rehearse(place: Path, settings: dict[str, str], n_workers: int) -> dict[str, Any]:
    command = [sys.executable, "-W", "ignore", str(REHEARSE), str(place), "--workers", str(n_workers)]
    done = subprocess.run(
        [*command, "--processes", "1"], check=True, stdout=subprocess.PIPE, env={**os.environ, **settings}
    )
    report: dict[str, Any] = json.loads(done.stdout)
    if report["status"] != "SUCCESS":
        raise SystemExit(f"The run ended with the status {report['status']}.")
    return report


def _compare(reports: dict[int, list[dict[str, Any]]]) -> None:
    first, *others = reports
    for what, key in (("ingestion", "seconds"), ("the whole run", "seconds_with_discovery")):
        least = {n_workers: min(report[key] for report in reports[n_workers]) for n_workers in reports}
        for other in others:
            show(f"{what}: {other} workers take {least[other] / least[first]:.2f} of the time of {first}")


if __name__ == "__main__":
    main()

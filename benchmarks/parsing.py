"""Measure the CPU time to parse and write single files, over `orjson.loads` of the same bytes without GC.

    python -m benchmarks.parsing [--corpus FOLDER] [--benchmark NAME] [--mb N]

The instances of real runs are repeated under new ids until each run has N megabytes.
"""

import argparse
import tempfile
from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

from benchmarks.enlarged_runs import ID_FIELDS, enlarge, open_corpus, read_run, summarised_runs
from benchmarks.measurement import floor, measure, show
from every_eval.contracts.metrics import METRICS
from every_eval.contracts.parquet import TableWriter
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.table import Table
from every_eval.ingestion.gc_pause import gc_paused
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Run

FILES = {
    METRICS: ("per_instance_stats.json",),
    SAMPLES: ("instances.json", "display_predictions.json", "display_requests.json"),
}


def write(contract: Table, run: Run, files: Mapping[str, bytes], path: Path) -> None:
    """Parse a run's files for one table, and write the rows. The files are so small that the rows are one piece."""
    needed = {name: b"[]" if name in ID_FIELDS and name not in FILES[contract] else raw for name, raw in files.items()}
    pieces = HelmSource().read(run, lambda name: BytesIO(needed[name]))
    with gc_paused(), TableWriter(contract, path) as writer:
        writer.write(next(rows for piece in pieces if (rows := getattr(piece, contract.name)).num_rows))


def main() -> None:
    """Print the ratios for each run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpus", type=Path, help="root in the public bucket's layout; default: the bundled sample")
    parser.add_argument("--benchmark", default="lite", help="HELM project whose runs are read")
    parser.add_argument("--mb", type=int, default=64, help="size of a run, in MB")
    options = parser.parse_args()
    storage = open_corpus(options.corpus)
    with tempfile.TemporaryDirectory() as folder:
        for run in summarised_runs(storage, options.benchmark)[::8]:
            files = enlarge(read_run(storage, run), options.mb * 1_000_000)
            show(run.name)
            for contract, names in FILES.items():
                inputs = [files[name] for name in names]
                base = floor(inputs)
                ours = measure(_writing(contract, run, files, Path(folder) / "rows.parquet"))
                size = sum(map(len, inputs)) / 1e6
                show(f"  {contract.name:8} {size:4.0f} MB  floor {base.least:.3f} s  ours {ours.over(base)}")


def _writing(contract: Table, run: Run, files: Mapping[str, bytes], path: Path) -> Callable[[], None]:
    return lambda: write(contract, run, files, path)


if __name__ == "__main__":
    main()

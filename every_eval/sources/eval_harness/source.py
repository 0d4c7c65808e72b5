"""lm-evaluation-harness as a source: how its runs are found and how they are read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any

import pyarrow as pa

from every_eval.sources.eval_harness.discovery import SOURCE, discover, index_witness
from every_eval.sources.eval_harness.main_table import directions, read_main, standings
from every_eval.sources.eval_harness.run_reader import RunReader
from every_eval.sources.main_table import MainTable
from every_eval.sources.source import Discovery, Run, RunRows
from every_eval.sources.state_files import StateFiles
from every_eval.storage.storage import Storage


class EvalHarnessSource:
    """EleutherAI's Language Model Evaluation Harness: https://github.com/EleutherAI/lm-evaluation-harness."""

    name = SOURCE
    data_version = 1
    has_sample = False
    benchmarks_variable = None

    def benchmarks(self, storage: Storage) -> Sequence[str]:
        """Every folder under the root."""
        return storage.list_folders("")

    def discover(self, storage: Storage, benchmark: str) -> Discovery:
        """Find the runs of one folder of results, and the newest of each."""
        return discover(storage, benchmark)

    def index_witness(self, storage: Storage, benchmark: str) -> str:
        """A digest of the listing, since lm-eval keeps no index of its files."""
        return index_witness(storage, benchmark)

    def read(self, run: Run, open_file: Callable[[str], IO[bytes]]) -> Iterator[RunRows]:
        """Turn a run's files into rows."""
        return RunReader(run, open_file).pieces()

    published_contracts = ()

    def published_tables(
        self,
        release: Mapping[str, Any],  # noqa: ARG002 - none to make
        stats: StateFiles,  # noqa: ARG002
    ) -> Iterator[pa.Table]:
        """None: lm-eval publishes no tables."""
        return iter(())

    def disagreements(self, tables: pa.Table) -> pa.Table:
        """None, as of no table."""
        return tables

    def directions(self, release: Mapping[str, Any]) -> Mapping[str, bool]:
        """Whether lower is better, by metric."""
        return directions(release)

    def main_table(self, release: Mapping[str, Any], stats: StateFiles) -> MainTable | None:
        """How models stand on the tasks and groups of the release."""
        return standings(release, read_main(stats))

"""lm-evaluation-harness as a source of evaluation results."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any

import pyarrow as pa

from every_eval.sources.eval_harness.discovery import SOURCE, discover, index_witness
from every_eval.sources.eval_harness.model_standings import directions, main_statistics, main_table
from every_eval.sources.eval_harness.task_run_reader import TaskRunReader
from every_eval.sources.main_table import MainTable
from every_eval.sources.source import Discovery, Run, RunRows
from every_eval.sources.statistics_files import StatisticsFiles
from every_eval.storage.storage import Storage


class EvalHarnessSource:
    """EleutherAI's Language Model Evaluation Harness: https://github.com/EleutherAI/lm-evaluation-harness.

    Each folder under the root is a benchmark. lm-eval publishes no tables of its own.
    """

    name = SOURCE
    data_version = 1
    has_sample = False
    benchmarks_variable = None
    published_contracts = ()

    def benchmarks(self, storage: Storage) -> Sequence[str]:
        return storage.list_folders("")

    def discover(self, storage: Storage, benchmark: str) -> Discovery:
        return discover(storage, benchmark)

    def index_witness(self, storage: Storage, benchmark: str) -> str:
        return index_witness(storage, benchmark)

    def read(self, run: Run, open_file: Callable[[str], IO[bytes]]) -> Iterator[RunRows]:
        return TaskRunReader(run, open_file).pieces()

    def published_tables(
        self,
        release: Mapping[str, Any],  # noqa: ARG002 - part of the protocol
        stats: StatisticsFiles,  # noqa: ARG002 - part of the protocol
    ) -> Iterator[pa.Table]:
        return iter(())

    def disagreements(self, tables: pa.Table) -> pa.Table:
        return tables

    def directions(self, release: Mapping[str, Any]) -> Mapping[str, bool]:
        return directions(release)

    def main_table(self, release: Mapping[str, Any], stats: StatisticsFiles) -> MainTable | None:
        return main_table(release, main_statistics(stats))

"""Inspect AI as a source of evaluation results."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

import pyarrow as pa

from every_eval.sources.eval_harness.model_standings import directions, main_statistics, main_table
from every_eval.sources.inspect.discovery import SOURCE, benchmarks, discover, index_witness
from every_eval.sources.inspect.run_reader import read_run
from every_eval.sources.inspect.sample_row import FINAL
from every_eval.sources.main_table import MainTable
from every_eval.sources.source import ALL, Discovery, Run, RunRows
from every_eval.sources.statistics_files import StatisticsFiles
from every_eval.storage.storage import Storage


@dataclass(frozen=True)
class InspectSource:
    """Inspect, the evaluation framework of the UK AI Security Institute: https://inspect.aisi.org.uk.

    Each folder under the root is a benchmark. Inspect publishes no tables of its own.
    """

    messages: str = FINAL
    """What is published of messages: `final`, input and final answer; `all`; or `none`."""

    name = SOURCE
    data_version = 1
    has_sample = False
    benchmarks_variable = "EVERY_EVAL_INSPECT_BENCHMARKS"
    published_contracts = ()
    upgrade_notice = None

    def public_view(self, storage: Storage) -> Storage:
        return storage

    def benchmarks(self, storage: Storage, stated: Sequence[str] = ()) -> Sequence[str]:
        return stated if stated and ALL not in stated else benchmarks(storage)

    def discover(self, storage: Storage, benchmark: str) -> Discovery:
        return discover(storage, benchmark, self.messages)

    def index_witness(self, storage: Storage, benchmark: str) -> str:
        return index_witness(storage, benchmark, self.messages)

    def read(self, run: Run, open_file: Callable[[str], IO[bytes]]) -> Iterator[RunRows]:
        return read_run(run, open_file)

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

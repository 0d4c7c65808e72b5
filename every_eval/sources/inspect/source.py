"""Inspect AI as a source of evaluation results.

The modules that read and score are imported when they are first used, so that a job starts quickly.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from every_eval.sources.inspect.citation import CITATION
from every_eval.sources.log_source import LogSource
from every_eval.sources.source import ALL, Discovery, Run, RunRows
from every_eval.storage.storage import Storage


@dataclass(frozen=True)
class InspectSource(LogSource):
    """Inspect, the evaluation framework of the UK AI Security Institute: https://inspect.aisi.org.uk.

    Each folder under the root is a benchmark. Inspect publishes no tables of its own.
    """

    messages: str = "final"
    """What is published of messages: `final`, input and final answer; `all`; or `none`."""

    name = "inspect"
    data_version = 2
    benchmarks_variable = "EVERY_EVAL_INSPECT_BENCHMARKS"
    citation = CITATION
    upgrade_notice = None

    def has_layout(self, storage: Storage, names: Sequence[str]) -> bool:  # noqa: ARG002 - part of the protocol
        return any(name.endswith(".eval") for name in names)

    def public_view(self, storage: Storage) -> Storage:
        return storage

    def benchmarks(self, storage: Storage, stated: Sequence[str] = ()) -> Sequence[str]:
        from every_eval.sources.inspect.discovery import benchmarks

        return stated if stated and ALL not in stated else benchmarks(storage)

    def discover(self, storage: Storage, benchmark: str) -> Discovery:
        from every_eval.sources.inspect.discovery import discover

        return discover(storage, benchmark, self.messages)

    def index_witness(self, storage: Storage, benchmark: str) -> str:
        from every_eval.sources.inspect.discovery import index_witness

        return index_witness(storage, benchmark, self.messages)

    def read(self, run: Run, open_file: Callable[[str], IO[bytes]]) -> Iterator[RunRows]:
        from every_eval.sources.inspect.run_reader import read_run

        return read_run(run, open_file)

"""HELM as a source of evaluation results."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import IO, Any

import pyarrow as pa

from every_eval.contracts.helm_tables import HELM_TABLES
from every_eval.sources.distinct import distinct
from every_eval.sources.helm.discovery.index_witness import index_witness
from every_eval.sources.helm.discovery.project import discover
from every_eval.sources.helm.reading.run_reader import HelmRunReader
from every_eval.sources.helm.tables.disagreements import disagreements
from every_eval.sources.helm.tables.release_tables import Release, blank, helm_tables, read_statistics
from every_eval.sources.helm.tables.standings import directions, read_main_statistics, standings
from every_eval.sources.main_table import MainTable
from every_eval.sources.source import Discovery, Run, RunRows
from every_eval.sources.statistics_files import RUN_COLUMNS, StatisticsFiles
from every_eval.storage.storage import Storage


def _is_complete(release: Mapping[str, Any], stats: pa.Table) -> bool:
    known = set(distinct(stats, RUN_COLUMNS)[1])
    return all((run["suite"], run["run"]) in known for run in release["pooled_runs"])


class HelmSource:
    """Stanford's Holistic Evaluation of Language Models: https://github.com/stanford-crfm/helm."""

    name = "helm"
    data_version = 1
    has_sample = True
    benchmarks_variable = "EVERY_EVAL_BENCHMARKS"

    def benchmarks(self, storage: Storage) -> Sequence[str]:  # noqa: ARG002 - the root may hold many more
        return ("lite", "mmlu", "classic")

    def discover(self, storage: Storage, benchmark: str) -> Discovery:
        return discover(storage, benchmark)

    def index_witness(self, storage: Storage, benchmark: str) -> str:
        return index_witness(storage, benchmark)

    def read(self, run: Run, open_file: Callable[[str], IO[bytes]]) -> Iterator[RunRows]:
        return HelmRunReader(run, open_file).pieces()

    published_contracts = (HELM_TABLES,)

    def published_tables(self, release: Mapping[str, Any], stats: StatisticsFiles) -> Iterator[pa.Table]:
        known = Release.from_row(release)
        of_release = read_statistics(known, stats, {run["run"] for run in release["runs"]})
        is_complete, tables = _is_complete(release, of_release), helm_tables(known, of_release)
        return tables if is_complete else map(blank, tables)

    def disagreements(self, tables: pa.Table) -> pa.Table:
        return disagreements(tables)

    def directions(self, release: Mapping[str, Any]) -> Mapping[str, bool]:
        return directions(release)

    def main_table(self, release: Mapping[str, Any], stats: StatisticsFiles) -> MainTable | None:
        return standings(release, read_main_statistics(release, stats))

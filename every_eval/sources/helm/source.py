"""HELM as a source of evaluation results.

The modules that read and score are imported when they are first used, so that a job starts quickly.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import IO, Any

import pyarrow as pa

from every_eval.contracts.helm_tables import HELM_TABLES
from every_eval.errors import BenchmarkMissing
from every_eval.sources.distinct import distinct
from every_eval.sources.helm.citation import CITATION
from every_eval.sources.main_columns import MainColumns
from every_eval.sources.main_table import MainTable
from every_eval.sources.source import ALL, LOOKED_AT, Discovery, Run, RunRows
from every_eval.sources.statistic_key import PooledStatistic, StatisticKey
from every_eval.sources.statistics_files import RUN_COLUMNS, StatisticsFiles
from every_eval.storage.storage import Storage


def _missing_runs(release: Mapping[str, Any], stats: pa.Table) -> str | None:
    """Return a sentence about the release's runs without statistics; null if there are none."""
    known = set(distinct(stats, RUN_COLUMNS)[1])
    missing = [run for run in release["pooled_runs"] if (run["suite"], run["run"]) not in known]
    if not missing:
        return None
    return (
        f"{len(missing)} of the release's {len(release['pooled_runs'])} runs have no statistics, for example "
        f"{missing[0]['suite']}/{missing[0]['run']}."
    )


class HelmSource:
    """Stanford's Holistic Evaluation of Language Models: https://github.com/stanford-crfm/helm."""

    name = "helm"
    data_version = 4
    has_sample = True
    benchmarks_variable = "EVERY_EVAL_BENCHMARKS"
    citation = CITATION
    upgrade_notice = None

    def has_layout(self, storage: Storage, names: Sequence[str]) -> bool:  # noqa: ARG002 - part of the protocol
        from every_eval.sources.helm.discovery.index import METADATA, OUTPUT

        folders = storage.list_folders("")
        if "config" in folders and storage.stat(METADATA):
            return True
        return any(OUTPUT in {name, *storage.list_folders(f"{name}/")} for name in islice(folders, LOOKED_AT))

    def public_view(self, storage: Storage) -> Storage:
        return storage

    def benchmarks(self, storage: Storage, stated: Sequence[str] = ()) -> Sequence[str]:
        if ALL not in stated:
            return stated or ("lite", "mmlu", "classic")
        from every_eval.sources.helm.discovery.index import METADATA, project_names

        projects = project_names(storage)
        if not projects:
            raise BenchmarkMissing(
                f"{storage.location} has neither {METADATA} nor folders with HELM's output, so {ALL} names no project. "
                f"Check EVERY_EVAL_HELM_ROOT, or name the projects in {self.benchmarks_variable}."
            )
        return list(dict.fromkeys([*projects, *(name for name in stated if name != ALL)]))

    def discover(self, storage: Storage, benchmark: str) -> Discovery:
        from every_eval.sources.helm.discovery.project import discover

        return discover(storage, benchmark)

    def index_witness(self, storage: Storage, benchmark: str) -> str:
        from every_eval.sources.helm.discovery.index_witness import index_witness

        return index_witness(storage, benchmark)

    def read(self, run: Run, open_file: Callable[[str], IO[bytes]]) -> Iterator[RunRows]:
        from every_eval.sources.helm.reading.run_reader import HelmRunReader

        return HelmRunReader(run, open_file).pieces()

    published_contracts = (HELM_TABLES,)

    def published_tables(self, release: Mapping[str, Any], stats: StatisticsFiles) -> Iterator[pa.Table]:
        from every_eval.sources.helm.tables.release_tables import Release, blank, helm_tables, read_statistics

        known = Release.from_row(release)
        of_release = read_statistics(known, stats, {run["run"] for run in release["runs"]})
        missing, tables = _missing_runs(release, of_release), helm_tables(known, of_release)
        return tables if missing is None else (blank(piece, missing) for piece in tables)

    def disagreements(self, tables: pa.Table) -> pa.Table:
        from every_eval.sources.helm.tables.disagreements import disagreements

        return disagreements(tables)

    def directions(self, release: Mapping[str, Any]) -> Mapping[str, bool]:
        from every_eval.sources.helm.tables.standings import directions

        return directions(release)

    def pooled_statistics(
        self,
        stats: StatisticsFiles,  # noqa: ARG002 - part of the protocol
    ) -> Mapping[StatisticKey, Sequence[PooledStatistic]]:
        return {}

    def main_table(self, release: Mapping[str, Any], stats: StatisticsFiles) -> MainTable | None:
        from every_eval.sources.helm.tables.standings import read_main_statistics, standings

        return standings(release, read_main_statistics(release, stats))

    def main_columns(self, release: Mapping[str, Any]) -> MainColumns:
        from every_eval.sources.helm.tables.main_columns import main_columns

        return main_columns(release)

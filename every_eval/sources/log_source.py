"""What sources have in common that write logs into folders and publish no tables: each folder is a benchmark."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from every_eval.sources.main_columns import MainColumns
from every_eval.sources.main_table import MainTable
from every_eval.sources.statistic_key import PooledStatistic, StatisticKey
from every_eval.sources.statistics_files import StatisticsFiles


class LogSource:
    """The members of the protocol `Source` that are the same in such sources."""

    has_sample = False
    published_contracts = ()

    def published_tables(
        self,
        release: Mapping[str, Any],  # noqa: ARG002 - part of the protocol
        stats: StatisticsFiles,  # noqa: ARG002 - part of the protocol
    ) -> Iterator[pa.Table]:
        return iter(())

    def disagreements(self, tables: pa.Table) -> pa.Table:
        return tables

    def directions(self, release: Mapping[str, Any]) -> Mapping[str, bool]:
        from every_eval.sources.model_standings import directions

        return directions(release)

    def pooled_statistics(
        self,
        stats: StatisticsFiles,  # noqa: ARG002 - part of the protocol
    ) -> Mapping[StatisticKey, Sequence[PooledStatistic]]:
        return {}

    def main_table(self, release: Mapping[str, Any], stats: StatisticsFiles) -> MainTable | None:
        from every_eval.sources.model_standings import main_statistics, main_table

        return main_table(release, main_statistics(stats))

    def main_columns(self, release: Mapping[str, Any]) -> MainColumns:
        from every_eval.sources.model_standings import main_columns

        return main_columns(release)

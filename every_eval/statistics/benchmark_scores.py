"""One benchmark's rows of every table of the scores repo."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.parquet import read_table
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.state import STATE
from every_eval.sources.source import Source
from every_eval.statistics.comprehensive import Clock, Shown, comprehensive_stats, select
from every_eval.statistics.leaderboard import leaderboard
from every_eval.statistics.state import Folding


@dataclass(frozen=True)
class BenchmarkScorer:
    """Makes the rows of one benchmark after the other."""

    source: Source
    clock: Clock
    older_releases: bool
    """Whether published tables are recomputed of all releases, or of the newest alone."""
    report: Callable[[str], object]

    def tables(self, folding: Folding, state: Mapping[str, Path]) -> Mapping[str, pa.Table]:
        """The rows by table; `state` holds the local files of the benchmark's state by their paths."""
        releases = self._releases(folding, state)
        newest = next((release for release in releases if release["is_newest"]), None)
        if newest is None:
            self.report(f"{folding.folder}: no release is known, so none is scored")
            return {}
        statistics = read_table(STATE, [state[path] for path in folding.files])
        shown = _shown(newest, self.source)
        of_runs = select(statistics, shown)
        tables = {COMPREHENSIVE_STATS.name: comprehensive_stats(of_runs, shown, self.clock)}
        main_table = self.source.main_table(newest, of_runs)
        if main_table is None:
            self.report(f"{folding.folder}: release {shown.release} has no main table, and so no leaderboard")
        else:
            tables[LEADERBOARD.name] = leaderboard(
                self.source.name, newest["benchmark"], shown.release, main_table, self.clock
            )
        wanted = releases if self.older_releases else [newest]
        recomputed = [self.source.published_tables(release, statistics) for release in wanted]
        for contract in self.source.published_contracts:
            tables[contract.name] = pa.concat_tables(recomputed)
        return tables

    def _releases(self, folding: Folding, state: Mapping[str, Path]) -> Sequence[Mapping[str, Any]]:
        if folding.releases is None:
            return []
        rows: list[dict[str, Any]] = read_table(RELEASES, [state[folding.releases]]).to_pylist()
        return rows


def _shown(release: Mapping[str, Any], source: Source) -> Shown:
    runs = frozenset((run["suite"], run["run"]) for run in release["runs"])
    return Shown(release["release"], runs, source.directions(release))

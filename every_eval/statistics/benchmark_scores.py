"""One benchmark's rows of every table of the scores repo."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.pairs import PAIRS
from every_eval.contracts.parquet import read_table
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.state import STATE
from every_eval.sources.source import Source
from every_eval.statistics.checks import Check
from every_eval.statistics.comprehensive import Clock, Shown, comprehensive_stats, select
from every_eval.statistics.leaderboard import leaderboard
from every_eval.statistics.pairs import pairs
from every_eval.statistics.state import Folding
from every_eval.statistics.validation import check_benchmark


@dataclass
class BenchmarkScores:
    """One benchmark's rows by table, and what validation says of them."""

    tables: dict[str, pa.Table] = field(default_factory=dict)
    leaderboard: pa.Table = field(default_factory=LEADERBOARD.schema.empty_table)
    checks: list[Check] = field(default_factory=list)


@dataclass(frozen=True)
class BenchmarkScorer:
    """Makes the rows of one benchmark after the other."""

    source: Source
    clock: Clock
    older_releases: bool
    """Whether published tables are recomputed of all releases, or of the newest alone."""
    report: Callable[[str], object]

    def score(self, folding: Folding, state: Mapping[str, Path], compared: pa.Table | None) -> BenchmarkScores:
        """Score a benchmark's newest release.

        Args:
            folding: What its state holds.
            state: The local files of the state, by their paths.
            compared: Its rows of the contract `pairs`, where nothing has changed since they were made.
        """
        scores = BenchmarkScores()
        releases = self._releases(folding, state)
        newest = next((release for release in releases if release["is_newest"]), None)
        if newest is None:
            self.report(f"{folding.folder}: no release is known, so none is scored")
            return scores
        statistics = read_table(STATE, [state[path] for path in folding.files])
        shown = _shown(newest, self.source)
        of_runs = select(statistics, shown)
        comprehensive = comprehensive_stats(of_runs, shown, self.clock)
        main_table = self.source.main_table(newest, of_runs)
        if main_table is None:
            self.report(f"{folding.folder}: release {shown.release} has no main table, and so no leaderboard")
        else:
            scores.leaderboard = leaderboard(
                self.source.name, newest["benchmark"], shown.release, main_table, self.clock
            )
        scores.tables = {
            COMPREHENSIVE_STATS.name: comprehensive,
            LEADERBOARD.name: scores.leaderboard,
            PAIRS.name: compared or pairs(self.source.name, newest["benchmark"], shown, of_runs, main_table),
        }
        wanted = releases if self.older_releases else [newest]
        for contract in self.source.published_contracts:
            recomputed = [self.source.published_tables(release, statistics) for release in wanted]
            scores.tables[contract.name] = pa.concat_tables(recomputed)
        scores.checks = check_benchmark(of_runs, shown, comprehensive, scores.leaderboard if main_table else None)
        return scores

    def _releases(self, folding: Folding, state: Mapping[str, Path]) -> Sequence[Mapping[str, Any]]:
        if folding.releases is None:
            return []
        rows: list[dict[str, Any]] = read_table(RELEASES, [state[folding.releases]]).to_pylist()
        return rows


def _shown(release: Mapping[str, Any], source: Source) -> Shown:
    runs = frozenset((run["suite"], run["run"]) for run in release["runs"])
    return Shown(release["release"], runs, source.directions(release))

"""Select the few statistics of a benchmark that tables show."""

from collections.abc import Callable, Collection, Iterable, Sequence

import numpy as np
import pyarrow as pa

from every_eval.sources.distinct import distinct
from every_eval.sources.helm.tables.pooling import EVERY_SPLIT, SUBSTITUTES, Matcher
from every_eval.sources.statistics_files import RUN_COLUMNS, StatisticsFiles

IsShown = Callable[[str, str | None, str | None], bool]
"""Tells whether a table can show a statistic, by its metric, split and perturbation."""


def metrics_shown(matchers: Iterable[Matcher]) -> set[str]:
    """Return the metrics that the matchers name, and the metrics that can stand in for them."""
    names = {matcher.metric_name for matcher in matchers}
    return names | {SUBSTITUTES[name] for name in names & SUBSTITUTES.keys()}


def is_shown_by(matchers: Iterable[Matcher]) -> IsShown:
    """Return a function that tells whether a matcher matches, also by a metric that stands in for its own."""
    named = {(matcher.metric_name, matcher.split, matcher.perturbation_name) for matcher in matchers}
    named |= {(SUBSTITUTES[metric], split, name) for metric, split, name in named if metric in SUBSTITUTES}

    def is_shown(metric: str, split: str | None, perturbation: str | None) -> bool:
        return (metric, split, perturbation) in named or (metric, EVERY_SPLIT, perturbation) in named

    return is_shown


def read_shown(
    stats: StatisticsFiles, columns: Sequence[str], is_shown: IsShown, runs: Collection[str] | None = None
) -> pa.Table:
    """Return the statistics that tables can show, and at least one statistic of each run, so that no run is missing.

    Args:
        stats: The statistics.
        columns: Columns of the contract `state`.
        is_shown: Tells which statistics a table can show.
        runs: Names of the runs; null for all runs.
    """

    def is_needed(rows: pa.Table) -> pa.Array:
        position, statistics = distinct(rows, ["metric_name", "split", "perturbation_name"])
        is_wanted = np.array([is_shown(*statistic) for statistic in statistics], np.bool_)[position]
        position, found = distinct(rows, RUN_COLUMNS)
        is_wanted[np.unique(position, return_index=True)[1]] = True
        return pa.array(is_wanted & np.array([runs is None or run in runs for _, run in found], np.bool_)[position])

    return stats.read(columns, is_needed)

"""What tables need of a benchmark's statistics: a few of each run's."""

from collections.abc import Callable, Collection, Iterable, Sequence

import numpy as np
import pyarrow as pa

from every_eval.contracts.distinct import distinct
from every_eval.sources.helm.tables.pooling import EVERY_SPLIT, SUBSTITUTES, Matcher
from every_eval.sources.state_files import IDENTITY, StateFiles

IsShown = Callable[[str, str | None, str | None], bool]
"""From a statistic's metric, split and perturbation to whether a table can show it."""


def metric_names(matchers: Iterable[Matcher]) -> set[str]:
    """The metrics that are matched, or stand in for one."""
    names = {matcher.metric_name for matcher in matchers}
    return names | {SUBSTITUTES[name] for name in names & SUBSTITUTES.keys()}


def matched_by(matchers: Iterable[Matcher]) -> IsShown:
    """Whether one of the matchers matches, or would where a metric is substituted."""
    named = {(matcher.metric_name, matcher.split, matcher.perturbation_name) for matcher in matchers}
    named |= {(SUBSTITUTES[metric], split, name) for metric, split, name in named if metric in SUBSTITUTES}

    def is_shown(metric: str, split: str | None, perturbation: str | None) -> bool:
        return (metric, split, perturbation) in named or (metric, EVERY_SPLIT, perturbation) in named

    return is_shown


def read_needed(
    stats: StateFiles, columns: Sequence[str], is_shown: IsShown, runs: Collection[str] | None = None
) -> pa.Table:
    """The statistics that can be shown, and one of each run at least, so that none is overlooked.

    Args:
        stats: The statistics.
        columns: Of the contract `state`.
        is_shown: Which statistics can be shown.
        runs: Names of the runs; null: all.
    """

    def is_needed(rows: pa.Table) -> pa.Array:
        position, statistics = distinct(rows, ["metric_name", "split", "perturbation_name"])
        is_wanted = np.array([is_shown(*statistic) for statistic in statistics], np.bool_)[position]
        position, found = distinct(rows, IDENTITY)
        is_wanted[np.unique(position, return_index=True)[1]] = True
        return pa.array(is_wanted & np.array([runs is None or run in runs for _, run in found], np.bool_)[position])

    return stats.read(columns, is_needed)

"""Pool the runs of a row into the value of a cell, as HELM's `create_cell` and `Stat.merge` do."""

import math
from collections.abc import Iterable
from typing import NamedTuple

from every_eval.sources.helm.tables.reported_runs import ReportedRun, Statistic

EVERY_SPLIT = "__all__"
SUBSTITUTES = {"quasi_exact_match": "exact_match"}
"""The metric that stands in for a metric that a run does not have."""


class Matcher(NamedTuple):
    """The statistic of a run that a column shows."""

    metric_name: str
    split: str
    perturbation_name: str | None = None
    sub_split: str | None = None
    """Null pools all sub-splits."""


class Pooled(NamedTuple):
    """A cell's value, null if nothing was pooled or it is not finite, and the numbers of runs and trials behind it."""

    value: float | None
    n_runs: int
    n_trials: int


def pool(runs: Iterable[ReportedRun], matcher: Matcher) -> Pooled:
    """Return the sum of the runs' sums over the sum of their counts, added in the order of the runs.

    A run that is given twice counts twice. The weight is the number of trials: a run with three trials weighs three
    times.
    """
    parts = [_merge((one.n_trials, one.total) for one in found) for run in runs if (found := matched(run, matcher))]
    n_trials, total = _merge(parts)
    value = total / n_trials if n_trials else math.nan
    return Pooled(value if math.isfinite(value) else None, len(parts), n_trials)


def matched(run: ReportedRun, matcher: Matcher) -> list[Statistic]:
    """Return the run's statistics that merge into its part of a cell: several sub-splits, one, or none.

    The list is empty if the matching statistics differ in more than the sub-split, which HELM refuses to merge. If no
    statistic matches, the metric in `SUBSTITUTES` stands in, as in HELM, which does so for ablations.
    """
    found = [statistic for statistic in run.statistics.get(matcher.metric_name, ()) if _matches(statistic, matcher)]
    if not found and matcher.metric_name in SUBSTITUTES:
        return matched(run, matcher._replace(metric_name=SUBSTITUTES[matcher.metric_name]))
    return found if len({(one.split, one.perturbation) for one in found}) == 1 else []


def _matches(statistic: Statistic, matcher: Matcher) -> bool:
    return (
        matcher.split in (EVERY_SPLIT, statistic.split)
        and matcher.sub_split in (None, statistic.sub_split)
        and matcher.perturbation_name == statistic.perturbation_name
    )


def _merge(parts: Iterable[tuple[int, float | None]]) -> tuple[int, float]:
    n_trials, total = 0, 0.0
    for count, part in parts:
        n_trials += count
        total += math.nan if part is None else part
    return n_trials, total

"""Pool the runs of a row into the value of a cell, as HELM's `create_cell` and `Stat.merge` do."""

import math
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from every_eval.contracts.comprehensive_stats import OUTPUTS, REPORTED
from every_eval.sources.helm.tables.table_runs import Statistic, TableRun

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
    """A cell's value, and what stands behind it."""

    value: float | None
    """Null if nothing was pooled, if the value is not finite, or if a statistic is missing."""
    n_runs: int
    n_trials: int
    reported_value: float | None = None
    """Value from the statistics that HELM reported; null as `value`, or if HELM did not report all of them."""
    score_origin: str | None = None
    """`OUTPUTS` if all statistics are recomputed from single outputs, else `REPORTED`; null if there is no value."""
    blank_reason: str | None = None
    """Reason why there is no value although HELM's rules may define the cell."""


def pool(runs: Sequence[TableRun], matcher: Matcher) -> Pooled:
    """Return the sum of the runs' sums over the sum of their counts, added in the order of the runs.

    A run that is given twice counts twice. The weight is the number of trials: a run with three trials weighs three
    times. A value of the other runs alone would not be the cell's, so the cell is blank if a statistic is missing.
    """
    parts = [found for run in runs if (found := matched(run, matcher))]
    lost = [run for run in runs if _is_lost(run, matched(run, matcher))]
    n_trials, total = _merge(_merge((one.n_trials, one.total) for one in part) for part in parts)
    if lost:
        return Pooled(None, len(parts), n_trials, blank_reason=_reason(lost))
    value = _ratio(n_trials, total)
    reported = _merge(_merge((one.reported_n_trials, one.reported_total) for one in part) for part in parts)
    is_reported = any(one.is_reported and one.n_trials for part in parts for one in part)
    origin = None if value is None else REPORTED if is_reported else OUTPUTS
    return Pooled(value, len(parts), n_trials, _ratio(*reported), origin)


def matched(run: TableRun, matcher: Matcher) -> list[Statistic]:
    """Return the run's statistics that merge into its part of a cell: several sub-splits, one, or none.

    The list is empty if the matching statistics differ in more than the sub-split, which HELM refuses to merge. If no
    statistic matches, the metric in `SUBSTITUTES` stands in, as in HELM, which does so for ablations; not if the run
    may have lost the statistic.
    """
    found = [statistic for statistic in run.statistics.get(matcher.metric_name, ()) if _matches(statistic, matcher)]
    if not found and run.is_whole and matcher.metric_name in SUBSTITUTES:
        return matched(run, matcher._replace(metric_name=SUBSTITUTES[matcher.metric_name]))
    return found if len({(one.split, one.perturbation) for one in found}) == 1 else []


def _matches(statistic: Statistic, matcher: Matcher) -> bool:
    return (
        matcher.split in (EVERY_SPLIT, statistic.split)
        and matcher.sub_split in (None, statistic.sub_split)
        and matcher.perturbation_name == statistic.perturbation_name
    )


def _is_lost(run: TableRun, found: Sequence[Statistic]) -> bool:
    return any(one.is_lost for one in found) or not (found or run.is_whole)


def _merge(parts: Iterable[tuple[int | None, float | None]]) -> tuple[int, float]:
    """Add up numbers of trials and sums; the sum is NaN if one of them is unknown or not finite."""
    n_trials, total = 0, 0.0
    for count, part in parts:
        n_trials += count or 0
        total += math.nan if part is None else part
    return n_trials, total


def _ratio(n_trials: int, total: float) -> float | None:
    value = total / n_trials if n_trials else math.nan
    return value if math.isfinite(value) else None


def _reason(lost: Sequence[TableRun]) -> str:
    first = f"{lost[0].suite}/{lost[0].name}"
    if len(lost) == 1:
        return f"The statistic of the run {first} is missing."
    return f"The statistics of {len(lost)} runs are missing, for example of {first}."

"""Compare the main scores that one model has in different sources.

Two runs are compared on the questions that both have. Without such questions, their scores stand side by side.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import Any, Final

import numpy as np

from every_eval.contracts.cross_source import METRIC, SETUP, STATED_SETUP
from every_eval.contracts.metric_ranges import range_of
from every_eval.scoring.tables.paired_rows import paired_columns, uncompared
from every_eval.scoring.tables.response_matrix import Answers, ResponseMatrix
from every_eval.scoring.tables.source_runs import SourceRun
from every_eval.statistics.before_and_after import compare_changes
from every_eval.statistics.nulls import known

NO_COMMON_ITEMS: Final = "No question is in both runs."
OTHER_RANGE: Final = "The metrics have different ranges or directions, or a range is not known."

Row = dict[str, Any]
AnswersOf = Callable[[SourceRun], Answers]
"""Returns the values of a run on the questions that are known by their digests."""
Place = tuple[str, str]
"""Source and benchmark."""
_SETUP: Final = (METRIC, *(field.name for field in SETUP))


def source_comparisons(
    runs: Sequence[SourceRun], answers_of: AnswersOf, is_wanted: Callable[[Place, Place], bool]
) -> Iterator[Row]:
    """Yield values of `SOURCE_COMPARISON` for pairs of runs of one model, without adjusted p-values.

    Args:
        runs: Main scores of the model, of any sources.
        answers_of: Returns the values behind a score.
        is_wanted: Chooses the pairs of benchmarks that are compared.
    """
    ordered = sorted(runs, key=_order)
    answers = [answers_of(run) for run in ordered]
    n_scores = Counter((run.place, run.scenario) for run in ordered)
    for (a, of_a), (b, of_b) in combinations(zip(ordered, answers, strict=True), 2):
        if a.source != b.source and is_wanted(a.place, b.place):
            n_common = len(np.intersect1d(of_a[0], of_b[0], assume_unique=True))
            is_only = all(n_scores[run.place, run.scenario] == 1 for run in (a, b))
            if n_common or (a.scenario is not None and a.scenario == b.scenario and is_only):
                yield _row(a, b, of_a, of_b, n_common)


def _row(a: SourceRun, b: SourceRun, of_a: Answers, of_b: Answers, n_common: int) -> Row:
    unknown = [name for name in STATED_SETUP if a.setup[name] is None or b.setup[name] is None]
    reason = None if n_common else NO_COMMON_ITEMS
    if reason is None and not _is_same_scale(a, b):
        reason = OTHER_RANGE
    sides = {
        f"{name}_{side}": value
        for side, run, answers in (("a", a, of_a), ("b", b, of_b))
        for name, value in {**run.columns, "n_items": len(answers[0])}.items()
        if name not in (METRIC, "perturbation")
    }
    return {
        "common_name": a.scenario if a.scenario == b.scenario else None,
        **sides,
        "lower_is_better": a.lower_is_better if _is_same_scale(a, b) else None,
        "setup_differs": [name for name in _SETUP if name not in unknown and a.setup[name] != b.setup[name]],
        "setup_unknown": unknown,
        "n_common_items": n_common,
        "not_compared_because": reason,
        **(_difference(of_a, of_b) if reason is None else {**uncompared(), "mean_a": None, "mean_b": None}),
    }


def _difference(of_a: Answers, of_b: Answers) -> Row:
    matrix = ResponseMatrix.of([of_b, of_a])
    compared = compare_changes(matrix.items, matrix.values[:, :1], matrix.values[:, 1:])
    columns = paired_columns(compared, 0)
    del columns["n"]
    return columns | {"mean_a": known(compared.mean_after[0]), "mean_b": known(compared.mean_before[0])}


def _is_same_scale(a: SourceRun, b: SourceRun) -> bool:
    """Tell whether differences of the two metrics are differences of the same unit."""
    ranges = [range_of(run.statistic.metric_name) for run in (a, b)]
    return ranges[0] is not None and ranges[0] == ranges[1] and a.lower_is_better == b.lower_is_better


def _order(run: SourceRun) -> tuple[str, ...]:
    return tuple(text or "" for text in (run.source, run.benchmark, *run.statistic))


def places_of(row: Mapping[str, Any]) -> tuple[Place, Place]:
    """Return source and benchmark of both runs of a comparison."""
    return (row["source_a"], row["benchmark_a"]), (row["source_b"], row["benchmark_b"])

"""Which rows of a main table are ranked, and why others are not."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from every_eval.contracts.leaderboard import MIN_COVERAGE
from every_eval.sources.main_table import MainTable, Score, Standing

NO_SCORE: Final = "The model has no score on the main table."
NOT_COMPARABLE: Final = (
    "The model's scores cannot be compared: no other model has a score on the same scenarios, or the release states no "
    "one direction for the metrics."
)


def unranked_reasons(table: MainTable, suites: Sequence[str], min_coverage: float = MIN_COVERAGE) -> list[str | None]:
    """Return for each row the reason why it cannot be ranked; null where none is known yet.

    Only one deployment of a model can be ranked: among those that no other reason excludes, the one with most scores;
    of equals the one in the latest suite, then the first by name. The choice does not depend on the values of scores.

    Args:
        table: The main table.
        suites: Suites of the release, the latest last.
        min_coverage: Least share of the columns with scores in which a row needs a score.
    """
    n_columns = sum(any(row.scores[at].value is not None for row in table.standings) for at in _columns(table))
    reasons = [_own_reason(standing, n_columns, min_coverage) for standing in table.standings]
    order = {suite: number for number, suite in enumerate(suites)}
    for rows in _deployments(table, reasons).values():
        chosen = min(rows, key=lambda row: _preference(table.standings[row], order))
        name = table.standings[chosen].facts["model_deployment"]
        for row in set(rows) - {chosen}:
            reasons[row] = f"Another deployment of the model is ranked: {name or 'one without a name'}."
    return reasons


def other_deployments(table: MainTable, reasons: Sequence[str | None]) -> list[bool]:
    """Tell for each row whether another deployment of the same model is ranked."""
    ranked = {_name(row) for row, reason in zip(table.standings, reasons, strict=True) if reason is None}
    return [
        reason is not None and _name(row) is not None and _name(row) in ranked
        for row, reason in zip(table.standings, reasons, strict=True)
    ]


def without_scores(table: MainTable, is_left_out: Sequence[bool]) -> MainTable:
    """Return the table with some rows emptied, so that the others are not compared with them."""
    empty = [Score(None)] * len(table.lower_is_better)
    rows = zip(table.standings, is_left_out, strict=True)
    return replace(table, standings=[replace(row, scores=empty) if left_out else row for row, left_out in rows])


def _own_reason(standing: Standing, n_columns: int, min_coverage: float) -> str | None:
    """Return the reason that a row has by itself, whatever the other rows are."""
    n_scores = _n_scores(standing)
    if standing.unranked_because is not None:
        return standing.unranked_because
    if not n_scores:
        return NO_SCORE
    if n_scores < min_coverage * n_columns:
        return f"The model has a score in {n_scores} of {n_columns} scenarios, which is less than {min_coverage:.0%}."
    return None


def _deployments(table: MainTable, reasons: Sequence[str | None]) -> Mapping[str, list[int]]:
    """Return the rows of each model that nothing excludes."""
    rows = defaultdict(list)
    for row, (standing, reason) in enumerate(zip(table.standings, reasons, strict=True)):
        if reason is None and (name := _name(standing)) is not None:
            rows[name].append(row)
    return rows


def _preference(standing: Standing, order: Mapping[str, int]) -> tuple[int, int, str]:
    suites = [order.get(one.key.suite, -1) for score in standing.scores for one in score.statistics]
    return -_n_scores(standing), -max(suites, default=-1), standing.facts["model_deployment"] or ""


def _name(standing: Standing) -> str | None:
    name: str | None = standing.facts["model_name"]
    return name


def _n_scores(standing: Standing) -> int:
    return sum(score.value is not None for score in standing.scores)


def _columns(table: MainTable) -> range:
    return range(len(table.lower_is_better))

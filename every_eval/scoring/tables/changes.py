"""Rows of changes: what differs between a run and the run that the release before shows in its place."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from every_eval.scoring.tables.evaluated_runs import EvaluatedRun, MetricKey
from every_eval.scoring.tables.paired_rows import Row, paired_columns, uncompared
from every_eval.scoring.tables.response_matrix import Answers, ResponseMatrix
from every_eval.statistics.before_and_after import compare_changes
from every_eval.statistics.nulls import known

NO_COMMON_ITEMS: Final = "No item has a value in both runs: the questions are others."


@dataclass(frozen=True)
class Change:
    """A run, and the run of the same model and variant that the release before shows."""

    run: EvaluatedRun
    previous: EvaluatedRun

    def metrics(self) -> list[MetricKey]:
        """Return the main metrics that both runs have or, if there are none, those of the later run."""
        common = [metric for metric in self.run.metrics if metric in self.previous.metrics]
        return common or self.run.metrics

    def obstacle(self, metric: MetricKey) -> str | None:
        """Return why the two scores cannot be compared; null if they can."""
        if metric not in self.previous.metrics:
            names = sorted({one.metric_name for one in self.previous.metrics})
            return f"The earlier run has no main score of this metric and split, but of: {', '.join(names) or 'none'}."
        if self.run.judges != self.previous.judges:
            judges = (", ".join(run.judges) or "nobody" for run in (self.run, self.previous))
            return "The judges differ: {}, before {}.".format(*judges)
        return None


def find_changes(runs: Sequence[EvaluatedRun], previous: Sequence[EvaluatedRun]) -> Iterator[Change]:
    """Yield the runs that a release shows in place of others, of the same model and deployment.

    Args:
        runs: Runs of one variant that the release shows.
        previous: Runs of the variant that the release before shows.
    """
    before = {_model(run): run for run in previous}
    for run in runs:
        other = before.get(_model(run))
        if other is not None and other.key != run.key:
            yield Change(run, other)


def _model(run: EvaluatedRun) -> tuple[str | None, str | None]:
    return run.facts["model_name"], run.facts["model_deployment"]


def changes(
    found: Sequence[Change], metric: MetricKey, answers: Sequence[tuple[Answers, Answers]], lower_is_better: bool | None
) -> list[Row]:
    """Return rows of the contract `changes` for one main metric of one variant.

    The columns source, benchmark, release and previous_release, and the adjusted p-values are left to the caller.

    Args:
        found: The changes; at least one.
        metric: The main metric.
        answers: For each change the values of the later and of the earlier run on the original texts, by item number.
        lower_is_better: Direction of the metric; null if it has none.
    """
    later, earlier = zip(*answers, strict=True)
    matrix = ResponseMatrix.of([*earlier, *later])
    before, after = matrix.values[:, : len(found)], matrix.values[:, len(found) :]
    compared = compare_changes(matrix.items, before, after)
    rows = []
    for at, change in enumerate(found):
        obstacle = change.obstacle(metric) or (None if compared.n[at] else NO_COMMON_ITEMS)
        row = {
            **_place(change, metric),
            **paired_columns(compared, at),
            "lower_is_better": lower_is_better,
            "n_items": len(later[at][0]),
            "previous_n_items": len(earlier[at][0]),
            "mean": known(compared.mean_after[at]),
            "previous_mean": known(compared.mean_before[at]),
            "not_compared_because": obstacle,
        }
        rows.append(row if obstacle is None else row | uncompared() | {"mean": None, "previous_mean": None})
    return rows


def _place(change: Change, metric: MetricKey) -> Mapping[str, str | None]:
    suite, run = change.previous.key
    return {**change.run.columns, **metric._asdict(), "previous_suite": suite, "previous_run": run}

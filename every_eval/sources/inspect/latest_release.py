"""Make the only release of a benchmark, `latest`, which shows the newest success of each run name.

Inspect has no releases. The name of a run contains the task with its version and arguments, and the model, so that a
repeated evaluation replaces the earlier one in the release; the earlier run stays in the data under its own suite. A
run without a success is shown too, so that its model appears on the leaderboard with the reason why it has no score.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from every_eval.sources.inspect.evaluation import AVERAGES, Evaluation
from every_eval.sources.inspect.log_names import SUPERSEDED
from every_eval.sources.inspect.records import STARTED
from every_eval.sources.latest_release import MainTableColumn, ReleaseFacts, latest_release_row
from every_eval.sources.source import Run


@dataclass(frozen=True)
class EvaluationRun:
    """A run with its evaluation."""

    run: Run
    evaluation: Evaluation

    @property
    def order(self) -> tuple[bool, bool, str, str]:
        """Sort key: successes last, of these the ones with reported metrics, and the newest last."""
        header = self.evaluation.header
        return header.is_success, bool(self.evaluation.main_metrics), *self.time

    @property
    def time(self) -> tuple[str, str]:
        """Sort key by time: start of the evaluation, suite."""
        return self.evaluation.header.eval.created, self.run.suite


def newest(runs: Iterable[EvaluationRun]) -> list[EvaluationRun]:
    """Return the newest success of each name, else the newest run, sorted by name."""
    found: dict[str, EvaluationRun] = {}
    for item in sorted(runs, key=lambda item: item.order):
        if SUPERSEDED not in item.run.facts and item.evaluation.header.status != STARTED:
            found[item.run.name] = item
    return [found[name] for name in sorted(found)]


def release_row(benchmark: str, runs: Sequence[EvaluationRun], shown: Sequence[EvaluationRun]) -> Mapping[str, Any]:
    """Return the row of the table `releases`."""
    by_time = sorted(runs, key=lambda item: item.time)
    facts = ReleaseFacts(_directions(shown), list(_main_table(shown)), {})
    return latest_release_row(
        runs[0].run.source, benchmark, (item.run for item in by_time), [item.run for item in shown], facts
    )


def _directions(shown: Iterable[EvaluationRun]) -> dict[str, bool]:
    """Return for each average of scores that lower is not better.

    Inspect turns grades into numbers so that 1 is a right answer, and states no direction of any metric. Metrics other
    than averages have no direction.
    """
    names = {name for item in shown for name in item.evaluation.metric_names}
    return {name: False for name in sorted(names) if name.partition(",")[0] in AVERAGES}


def _main_table(shown: Iterable[EvaluationRun]) -> Iterator[MainTableColumn]:
    """Return the main metrics of evaluations of all samples of their datasets."""
    full = [item.evaluation for item in shown if not item.evaluation.is_partial]
    for variant, metric in sorted({(each.variant, metric) for each in full for metric in each.main_metrics}):
        yield MainTableColumn(variant, metric, False if metric.partition(",")[0] in AVERAGES else None)

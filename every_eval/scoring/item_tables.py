"""Make the tables of one benchmark that compare runs item by item: items, robustness, calibration and changes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Final

import pyarrow as pa

from every_eval.contracts.calibration import CALIBRATION
from every_eval.contracts.changes import CHANGES
from every_eval.contracts.items import ITEMS
from every_eval.contracts.robustness import ROBUSTNESS
from every_eval.contracts.table import Table
from every_eval.scoring.responses.instance_names import InstanceNames
from every_eval.scoring.responses.response_store import ResponseStore
from every_eval.scoring.tables.calibration import CORRECT, PROBABILITY, calibration
from every_eval.scoring.tables.changes import changes, find_changes
from every_eval.scoring.tables.evaluated_runs import EvaluatedRun, MetricKey
from every_eval.scoring.tables.items import items
from every_eval.scoring.tables.paired_rows import Row, adjusted
from every_eval.scoring.tables.releases import ShownRelease
from every_eval.scoring.tables.response_matrix import Answers, ResponseMatrix, average
from every_eval.scoring.tables.robustness import robustness
from every_eval.sources.statistic_key import StatisticKey
from every_eval.sources.statistics_files import RunKey

ITEM_TABLES: Final = (ITEMS, ROBUSTNESS, CALIBRATION, CHANGES)
"""The tables that this module makes."""

Write = Callable[[Table, pa.Table], None]
"""Takes the next rows of a table."""


@dataclass(frozen=True)
class ItemTables:
    """Makes the tables of one benchmark, with the values of one variant in memory at a time."""

    place: Mapping[str, str]
    """Values of the columns source and benchmark."""
    releases: Sequence[ShownRelease]
    """Releases of the benchmark, the oldest first; the last one is the newest."""
    runs: Mapping[RunKey, EvaluatedRun]
    """Runs of all releases, sorted by suite and name."""
    store: ResponseStore
    """Responses of these runs."""
    names: InstanceNames
    """Names of these runs' instances."""

    def write(self, write: Write) -> None:
        """Give the rows of all tables to `write`.

        Rows of `items` come variant by variant, as there can be millions. The other tables have a few rows for each
        run, and their p-values are adjusted over all of them.
        """
        newest = self.releases[-1]
        place = {**self.place, "release": newest.name}
        perturbed: list[Row] = []
        calibrated: list[Row] = []
        for runs in self._by_variant(newest).values():
            for rows in self._items(place, runs, newest):
                write(ITEMS, rows)
            perturbed += self._robustness(runs, newest)
            calibrated += self._calibration(runs)
        changed = [row for pair in pairwise(self.releases) for row in self._changes(*pair)]
        write(ROBUSTNESS, adjusted(ROBUSTNESS, [{**place, **row} for row in perturbed]))
        write(CALIBRATION, pa.Table.from_pylist([{**place, **row} for row in calibrated], schema=CALIBRATION.schema))
        write(CHANGES, adjusted(CHANGES, [{**self.place, **row} for row in changed]))

    def _items(
        self, place: Mapping[str, str], runs: Sequence[EvaluatedRun], release: ShownRelease
    ) -> Iterator[pa.Table]:
        """Yield the rows of each main metric of a variant."""
        for metric, having in _by_metric(runs):
            matrix = ResponseMatrix.of([self._by_item(run.statistic(metric)) for run in having])
            lower_is_better = release.lower_is_better.get(metric.metric_name)
            if len(matrix.items):
                yield items(place, having, metric, matrix, lower_is_better, self.names.of)

    def _robustness(self, runs: Sequence[EvaluatedRun], release: ShownRelease) -> Iterator[Row]:
        """Yield the rows of each main metric and perturbation of a variant."""
        for metric, having in _by_metric(runs):
            originals = {run.key: self._by_instance(run.statistic(metric)) for run in having}
            for perturbation in sorted({text for run in having for text in self._perturbations(run, metric)}):
                chosen = [run for run in having if perturbation in self._perturbations(run, metric)]
                perturbed = [self._by_instance(run.statistic(metric, perturbation)) for run in chosen]
                lower_is_better = release.lower_is_better.get(metric.metric_name)
                before = [originals[run.key] for run in chosen]
                yield from robustness(chosen, metric, perturbation, before, perturbed, lower_is_better)

    def _calibration(self, runs: Sequence[EvaluatedRun]) -> Iterator[Row]:
        """Yield the rows of a variant's runs that state probabilities."""
        for run in runs:
            for metric in (metric for metric in run.metrics if metric.metric_name == CORRECT):
                stated = run.statistic(metric._replace(metric_name=PROBABILITY))
                found = (self._by_instance(statistic) for statistic in (stated, run.statistic(metric)))
                row = calibration(run, metric, *found)
                if row is not None:
                    yield row

    def _changes(self, previous: ShownRelease, release: ShownRelease) -> Iterator[Row]:
        """Yield the rows of two releases that follow each other."""
        place = {"release": release.name, "previous_release": previous.name}
        before = self._by_variant(previous)
        for variant, runs in self._by_variant(release).items():
            found = list(find_changes(runs, before.get(variant, ())))
            for metric in sorted({metric for change in found for metric in change.metrics()}, key=_order):
                chosen = [change for change in found if metric in change.metrics()]
                answers = [
                    (self._by_item(change.run.statistic(metric)), self._by_item(change.previous.statistic(metric)))
                    for change in chosen
                ]
                lower_is_better = release.lower_is_better.get(metric.metric_name)
                yield from ({**place, **row} for row in changes(chosen, metric, answers, lower_is_better))

    def _by_variant(self, release: ShownRelease) -> dict[str, list[EvaluatedRun]]:
        """Return the runs that a release shows, by variant; sorted by variant, suite and name."""
        found: dict[str, list[EvaluatedRun]] = {}
        for key, run in self.runs.items():
            if key in release.runs:
                found.setdefault(run.variant, []).append(run)
        return dict(sorted(found.items()))

    def _perturbations(self, run: EvaluatedRun, metric: MetricKey) -> Iterable[str]:
        return self._perturbations_of.get(run.statistic(metric), ())

    @cached_property
    def _perturbations_of(self) -> Mapping[StatisticKey, Sequence[str]]:
        """The perturbations of each statistic, by its key on the original texts."""
        found: dict[StatisticKey, list[str]] = {}
        for key in self.store.statistics:
            if key.perturbation is not None:
                found.setdefault(key._replace(perturbation=None), []).append(key.perturbation)
        return found

    def _by_item(self, statistic: StatisticKey) -> Answers:
        found = self.store.responses(statistic)
        return found.item, found.value

    def _by_instance(self, statistic: StatisticKey) -> Answers:
        found = self.store.rows(statistic)
        return average(found.instance, found.value)


def _by_metric(runs: Sequence[EvaluatedRun]) -> Iterator[tuple[MetricKey, list[EvaluatedRun]]]:
    """Yield each main metric, with the runs that have it."""
    for metric in sorted({metric for run in runs for metric in run.metrics}, key=_order):
        yield metric, [run for run in runs if metric in run.metrics]


def _order(metric: MetricKey) -> tuple[str, ...]:
    return tuple(text or "" for text in metric)

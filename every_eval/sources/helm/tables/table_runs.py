"""The runs of a release with the statistics that tables show, in the order in which HELM reads the runs.

A statistic is ours, recomputed from single outputs, wherever outputs determine it and the run is complete; else it is
HELM's own.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.errors import UpstreamMalformed
from every_eval.sources.distinct import distinct, to_list
from every_eval.sources.helm.reading.records import ScenarioSpec
from every_eval.sources.statistics_files import RUN_COLUMNS, RunKey

Frozen = object
"""A hashable form of a JSON value. Two are equal if Python holds the values equal, as in HELM: 1 equals 1.0."""


class Statistic(NamedTuple):
    """A statistic over original texts or, under a perturbation, over the worst of both texts."""

    metric_name: str
    split: str | None
    sub_split: str | None
    perturbation: str | None
    perturbation_name: str | None
    n_trials: int
    total: float | None
    """Sum over the trials; null if HELM reported a sum that is not finite, or if the statistic is lost."""
    is_reported: bool
    """True if `n_trials` and `total` are HELM's, false if they are recomputed from single outputs."""
    reported_n_trials: int | None
    """Number of trials that HELM reported; null if HELM did not report the statistic."""
    reported_total: float | None
    """Sum that HELM reported; null as `reported_n_trials`, or if the sum is not finite."""

    @property
    def is_lost(self) -> bool:
        """True if outputs were measured but cannot be scored, and HELM's own number is not there."""
        return self.total is None and self.reported_n_trials is None


class TableRunSpec(msgspec.Struct, frozen=True):
    """The parts of run_spec.json that tables are built from."""

    name: str
    scenario_spec: ScenarioSpec
    adapter_spec: dict[str, Any]
    """The adaptation, with its keys in the file's order: a row's label shows them in this order."""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class TableRun:
    """A run and its statistics."""

    suite: str
    name: str
    spec: TableRunSpec
    statistics: Mapping[str, Sequence[Statistic]]
    """Statistics by metric, in the order of stats.json, and after them those that HELM did not report."""
    is_whole: bool = True
    """False if statistics may be missing: the run is incomplete, or HELM's own statistics could not be read."""

    @property
    def adapter_key(self) -> Frozen:
        """The adaptation as a key."""
        return freeze(self.spec.adapter_spec)

    @property
    def scenario_key(self) -> Frozen:
        """Class and arguments of the scenario, by which runs of one scenario are found."""
        return (self.spec.scenario_spec.class_name, freeze(self.spec.scenario_spec.args))


def freeze(value: Any) -> Frozen:  # noqa: ANN401 - any JSON value
    """Return a JSON value as a key, equal for equal values whatever the order of an object's names."""
    if isinstance(value, dict):
        return frozenset((key, freeze(item)) for key, item in value.items())
    return tuple(map(freeze, value)) if isinstance(value, list) else value


def read_runs(
    stats: pa.Table, suites: Sequence[str], metric_names: Collection[str], benchmark: str | None = None
) -> list[TableRun]:
    """Return the runs of `suites`, in the order of the suites and then of the runs' names.

    Args:
        stats: Rows of the contract `stats`; a run without rows is not found.
        suites: Names of the suites.
        metric_names: Metrics whose statistics are kept, if they are over original texts or the worst of both.
        benchmark: The benchmark to read; null if all rows are of one benchmark.
    """
    shown = pc.field("suite").isin(pa.array(suites, pa.string()))
    if benchmark is not None:
        shown = shown & (pc.field("benchmark") == benchmark)
    rows = stats.select(_READ).append_column("row", pa.array(range(stats.num_rows), pa.int64())).filter(shown)
    statistics, texts, whole = _statistics(rows, metric_names), dict[str, str](), _whole_runs(rows)
    runs = [
        TableRun(
            suite,
            run,
            _share(_decode(suite, run, spec), texts),
            statistics.get((suite, run), {}),
            (suite, run) in whole,
        )
        for suite, run, spec in _specs(rows, stats["run_spec"])
    ]
    return sorted(runs, key=lambda run: (suites.index(run.suite), run.name))


def _specs(rows: pa.Table, specs: pa.ChunkedArray) -> Iterator[tuple[str, str, str]]:
    """Yield suite, name and specification of each run; all rows of a run repeat it, and only one of them is decoded."""
    first = rows.group_by(["suite", "run"]).aggregate([("row", "min")]).sort_by("row_min")
    is_first = pc.is_in(pa.array(range(len(specs)), pa.int64()), value_set=first["row_min"].combine_chunks())
    texts = (text.as_py() for text in specs.filter(is_first))
    yield from zip(to_list(first["suite"]), to_list(first["run"]), texts, strict=True)


def _decode(suite: str, run: str, spec: str) -> TableRunSpec:
    try:
        return msgspec.json.decode(spec, type=TableRunSpec)
    except msgspec.DecodeError as error:
        raise UpstreamMalformed(f"run_spec.json of {suite}/{run} cannot be read: {error}") from error


def _share(spec: TableRunSpec, texts: dict[str, str]) -> TableRunSpec:
    """Return the specification with one object for each text, from `texts`, however many runs have the text."""
    adapter = {
        key: texts.setdefault(value, value) if isinstance(value, str) else value
        for key, value in spec.adapter_spec.items()
    }
    return msgspec.structs.replace(spec, adapter_spec=adapter)


def latest_runs(runs: Sequence[TableRun]) -> list[TableRun]:
    """Return the runs, given in HELM's order, without those that a later suite repeats."""
    latest = {run.name: run for run in runs}
    return [run for run in runs if latest[run.name] is run]


_KEY = ["suite", "run", *Statistic._fields[:5]]
_NUMBERS = ["n_trials", "sum", "reported_count", "reported_sum", "is_complete", "unscored_reason"]
_READ = ["benchmark", *_KEY, *_NUMBERS, "reported_index", "computed_on"]
COLUMNS = (*_READ, "run_spec")
"""The columns of the contract `stats` that runs are read from."""


def _whole_runs(stats: pa.Table) -> set[RunKey]:
    """Return the runs that are complete and of which HELM's own statistics could be read."""
    incomplete = distinct(stats.filter(pc.equal(stats["is_complete"], False)), RUN_COLUMNS)[1]
    return set(distinct(stats.filter(stats["reported_index"].is_valid()), RUN_COLUMNS)[1]) - set(incomplete)


def _statistics(stats: pa.Table, names: Collection[str]) -> Mapping[RunKey, Mapping[str, list[Statistic]]]:
    field = pc.field
    kept = stats.filter(
        field("metric_name").isin(pa.array(sorted(names), pa.string()))
        & (field("reported_count").is_valid() | field("n_trials").is_valid())
        & (field("perturbation").is_null() | (field("computed_on") == "worst"))
    ).sort_by("reported_index")
    found: dict[RunKey, dict[str, list[Statistic]]] = defaultdict(lambda: defaultdict(list))
    columns = (to_list(kept[name]) for name in (*_KEY, *_NUMBERS))
    for suite, run, *values in zip(*columns, strict=True):
        statistic = _statistic(values[:5], *values[5:])
        found[suite, run][statistic.metric_name].append(statistic)
    return found


def _statistic(
    key: Sequence[str | None],
    n_trials: int | None,
    total: float | None,
    reported_count: int | None,
    reported_sum: float | None,
    is_complete: bool | None,
    unscored_reason: str | None,
) -> Statistic:
    can_be_scored = is_complete is not False and unscored_reason is None
    numbers: tuple[int, float | None]
    if can_be_scored and total is not None:
        numbers = n_trials or 0, total
    elif reported_count is not None:
        numbers = reported_count, reported_sum if reported_count else 0.0
    else:
        numbers = 0, 0.0 if can_be_scored else None
    is_reported = not can_be_scored or total is None
    return Statistic._make([*key, *numbers, is_reported, reported_count, reported_sum])

"""The runs of a release with their reported statistics, in the order in which HELM reads them."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.distinct import to_list
from every_eval.errors import UpstreamMalformed

Frozen = object
"""A JSON value made hashable; equal where Python holds the values equal, 1 and 1.0 included, as HELM does."""


class Statistic(NamedTuple):
    """A statistic over original texts or, under a perturbation, over the worst of both."""

    metric_name: str
    split: str | None
    sub_split: str | None
    perturbation: str | None
    perturbation_name: str | None
    n_trials: int
    total: float | None
    """Null where what was reported is not finite."""


class ScenarioSpec(msgspec.Struct, frozen=True):
    """Which scenario a run is on."""

    class_name: str
    args: dict[str, Any] = {}


class RunSpec(msgspec.Struct, frozen=True):
    """What a run is: the parts of run_spec.json that tables are built from."""

    name: str
    scenario_spec: ScenarioSpec
    adapter_spec: dict[str, Any]
    """In the file's order, which is the order of keys in a row's label."""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class ReportedRun:
    """One run and what its stats.json says."""

    suite: str
    name: str
    spec: RunSpec
    statistics: Mapping[str, Sequence[Statistic]]
    """By metric, in the file's order."""

    @property
    def adapter_key(self) -> Frozen:
        """The adaptation, as a key."""
        return freeze(self.spec.adapter_spec)

    @property
    def scenario_key(self) -> Frozen:
        """The scenario, as a key."""
        return (self.spec.scenario_spec.class_name, freeze(self.spec.scenario_spec.args))


def freeze(value: Any) -> Frozen:  # noqa: ANN401 - any JSON value
    """`value` as a key: equal for equal values, whatever the order of an object's keys."""
    if isinstance(value, dict):
        return frozenset((key, freeze(item)) for key, item in value.items())
    return tuple(map(freeze, value)) if isinstance(value, list) else value


def read_runs(
    stats: pa.Table, suites: Sequence[str], metric_names: Collection[str], benchmark: str | None = None
) -> list[ReportedRun]:
    """The runs of `suites` in rows of the contract `stats`: by suite as listed, then by name.

    `stats` is of one benchmark unless `benchmark` names the one to read. Only statistics that a table can show are
    kept: reported ones of `metric_names`, over original texts or over the worst of both. A run without any row in
    `stats` is not seen.
    """
    shown = pc.field("suite").isin(pa.array(suites, pa.string()))
    if benchmark is not None:
        shown = shown & (pc.field("benchmark") == benchmark)
    rows = stats.select(_READ).append_column("row", pa.array(range(stats.num_rows), pa.int64())).filter(shown)
    statistics, texts = _statistics(rows, metric_names), dict[str, str]()
    runs = [
        ReportedRun(suite, run, _share(_decode(suite, run, spec), texts), statistics.get((suite, run), {}))
        for suite, run, spec in _specs(rows, stats["run_spec"])
    ]
    return sorted(runs, key=lambda run: (suites.index(run.suite), run.name))


def _specs(rows: pa.Table, specs: pa.ChunkedArray) -> Iterator[tuple[str, str, str]]:
    """Suite, name and specification of each run; every row repeats the specification, and only one is touched."""
    first = rows.group_by(["suite", "run"]).aggregate([("row", "min")]).sort_by("row_min")
    is_first = pc.is_in(pa.array(range(len(specs)), pa.int64()), value_set=first["row_min"].combine_chunks())
    texts = (text.as_py() for text in specs.filter(is_first))
    yield from zip(to_list(first["suite"]), to_list(first["run"]), texts, strict=True)


def _decode(suite: str, run: str, spec: str) -> RunSpec:
    try:
        return msgspec.json.decode(spec, type=RunSpec)
    except msgspec.DecodeError as error:
        raise UpstreamMalformed(f"run_spec of {suite}/{run}: {error}") from error


def _share(spec: RunSpec, texts: dict[str, str]) -> RunSpec:
    """The same with one object for each text, however many runs are adapted by it; `texts` is added to."""
    adapter = {
        key: texts.setdefault(value, value) if isinstance(value, str) else value
        for key, value in spec.adapter_spec.items()
    }
    return msgspec.structs.replace(spec, adapter_spec=adapter)


def latest_runs(runs: Sequence[ReportedRun]) -> list[ReportedRun]:
    """`runs`, in HELM's order, without those that a later suite has again."""
    latest = {run.name: run for run in runs}
    return [run for run in runs if latest[run.name] is run]


_SHOWN = ["suite", "run", *Statistic._fields[:-2], "reported_count", "reported_sum"]
_READ = ["benchmark", *_SHOWN, "reported_index", "computed_on"]
COLUMNS = (*_READ, "run_spec")
"""Of the contract `stats`, what runs are read from."""


def _statistics(stats: pa.Table, names: Collection[str]) -> Mapping[tuple[str, str], Mapping[str, list[Statistic]]]:
    field = pc.field
    kept = stats.filter(
        field("metric_name").isin(pa.array(sorted(names), pa.string()))
        & field("reported_count").is_valid()
        & (field("perturbation").is_null() | (field("computed_on") == "worst"))
    ).sort_by("reported_index")
    found: dict[tuple[str, str], dict[str, list[Statistic]]] = defaultdict(lambda: defaultdict(list))
    columns = (to_list(kept[name]) for name in _SHOWN)
    for suite, run, *values in zip(*columns, strict=True):
        statistic = Statistic._make(values)
        found[suite, run][statistic.metric_name].append(statistic)
    return found

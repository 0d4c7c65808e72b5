"""Releases for tests: those of the bundled sample, a real one of HELM 0.2.4, and made-up ones."""

import json
import tarfile
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from every_eval.contracts.helm_tables import HELM_TABLES, PUBLISHED_CELL
from every_eval.contracts.stats import STATS
from every_eval.sources.helm.published_cells import PublishedCell, parse_group
from every_eval.sources.helm.schema import ReleaseSchema, decode_schema
from every_eval.sources.helm.tables.release_tables import Release, helm_tables, read_statistics
from every_eval.sources.helm.tables.table_runs import COLUMNS, TableRun, read_runs
from every_eval.sources.statistics_files import StatisticsFiles
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage

LEGACY = Path(__file__).parents[3] / "fixtures" / "helm_legacy_tables.tar.xz"
"""Tables that HELM 0.2.4 wrote for the release v0.2.4 of two suites, and the runs behind them; of each stats.json
only the statistics that tables show."""

SAMPLE_RELEASES = tuple((benchmark, name) for benchmark in ("lite", "mmlu", "classic") for name in ("v1.0.0", "v1.1.0"))

RunFiles = tuple[str, str, str, Sequence[Mapping[str, Any]]]
"""Suite, name, run_spec.json and the statistics in stats.json."""


def stats_table(benchmark: str, runs: Iterable[RunFiles]) -> pa.Table:
    """Return rows of the contract `stats`; a run without statistics has one row."""
    rows = [row for suite, run, spec, statistics in runs for row in _rows(benchmark, suite, run, spec, statistics)]
    return pa.Table.from_pylist(rows, schema=STATS.schema)


def _rows(
    benchmark: str, suite: str, run: str, spec: str, statistics: Sequence[Mapping[str, Any]]
) -> Iterable[dict[str, Any]]:
    shared: dict[str, Any] = {"source": "helm", "benchmark": benchmark, "suite": suite, "run": run, "run_spec": spec}
    shared |= {"is_complete": True, "n_rejected": 0}
    if not statistics:
        yield shared | {"metric_name": "num_instances", "reported_index": 0, "reported_count": 1, "reported_sum": 0.0}
    for index, statistic in enumerate(statistics):
        name = statistic["name"]
        perturbation = name.get("perturbation")
        yield shared | {
            "metric_name": name["name"],
            "split": name.get("split"),
            "sub_split": name.get("sub_split"),
            "perturbation": perturbation and json.dumps(perturbation, sort_keys=True),
            "perturbation_name": perturbation and perturbation["name"],
            "computed_on": perturbation and perturbation["computed_on"],
            "reported_index": index,
            "reported_count": statistic["count"],
            "reported_sum": statistic["sum"],
            **statistic.get("ours", {}),
        }


@cache
def sample(benchmark: str, name: str) -> tuple[Release, pa.Table]:
    """Return a release of the bundled sample, and the statistics of all runs of its benchmark."""
    storage = ArchiveStorage(HELM_SAMPLE)
    root = f"{benchmark}/benchmark_output/"
    index = f"{root}releases/{name}/"
    groups = [file.name for file in storage.list(f"{index}groups/")]
    release = Release(
        benchmark=benchmark,
        name=name,
        suites=tuple(json.loads(storage.read(f"{index}summary.json"))["suites"]),
        schema_json=storage.read(f"{index}schema.json").decode(),
        cells=tuple(cell for file in groups for cell in parse_group(Path(file).stem, storage.read(file))),
    )
    runs = [
        (suite, run, storage.read(f"{folder}run_spec.json").decode(), json.loads(storage.read(f"{folder}stats.json")))
        for suite in storage.list_folders(f"{root}runs/")
        for run in storage.list_folders(f"{root}runs/{suite}/")
        for folder in [f"{root}runs/{suite}/{run}/"]
        if storage.stat(f"{folder}stats.json")
    ]
    return release, stats_table(benchmark, runs)


@cache
def legacy() -> tuple[Release, pa.Table]:
    """Return the release of HELM 0.2.4, and the statistics of its runs."""
    with tarfile.open(LEGACY) as archive:
        files = {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]
    groups = [name for name in files if name.startswith("groups/")]
    cells = tuple(cell for name in groups for cell in parse_group(Path(name).stem, files[name]))
    runs = [
        (*Path(name).parts[1:3], spec.decode(), json.loads(files[name.replace("run_spec", "stats")]))
        for name, spec in files.items()
        if name.endswith("/run_spec.json")
    ]
    return Release("classic", "v0.2.4", ("v0.2.3", "v0.2.4"), None, cells), stats_table("classic", runs)


def whole_tables(release: Release, stats: pa.Table) -> pa.Table:
    """Return all tables of a release, computed from statistics in a file of the state."""
    with tempfile.TemporaryDirectory() as folder:
        pq.write_table(stats.select(COLUMNS), Path(folder) / "state")
        needed = read_statistics(release, StatisticsFiles([Path(folder) / "state"]), set(stats["run"].to_pylist()))
    return pa.concat_tables([HELM_TABLES.schema.empty_table(), *helm_tables(release, needed)])


def statistic(metric: str, count: int, total: float | None, split: str | None = "test", **name: Any) -> dict[str, Any]:
    """Return an entry of stats.json with the fields that tables read."""
    return {"name": {"name": metric, "split": split, **name}, "count": count, "sum": total}


def recomputed(one: Mapping[str, Any], n_trials: int, total: float | None, **rest: Any) -> dict[str, Any]:
    """Return an entry of stats.json with our own numbers, and further columns of the contract `stats`, beside it."""
    return {**one, "ours": {"n_trials": n_trials, "sum": total, **rest}}


def unreported(one: Mapping[str, Any]) -> dict[str, Any]:
    """Return a statistic that stands beside `recomputed` numbers alone, not in stats.json."""
    return {**one, "ours": one["ours"] | dict.fromkeys(("reported_index", "reported_count", "reported_sum"))}


def worst(perturbation: str, **rest: Any) -> dict[str, Any]:
    """Return a perturbation whose statistic is over the worst of the original and the perturbed text."""
    return {"name": perturbation, "computed_on": "worst", **rest}


def run_spec(
    name: str,
    groups: Sequence[str],
    adapter: Mapping[str, Any] | None = None,
    scenario: Mapping[str, Any] | None = None,
) -> str:
    """Return a run_spec.json, by default of the model `m/a` on a scenario without arguments."""
    adapter_spec = {"model_deployment": "host/a", "model": "m/a"} if adapter is None else adapter
    scenario_spec = {"class_name": "a.Scenario", "args": {}, **(scenario or {})}
    return json.dumps(
        {"name": name, "scenario_spec": scenario_spec, "adapter_spec": adapter_spec, "groups": list(groups)}
    )


def reported_run(
    name: str,
    groups: Sequence[str] = (),
    statistics: Sequence[Mapping[str, Any]] = (),
    suite: str = "s1",
    **spec: Any,
) -> TableRun:
    """Return a run as tables read it."""
    table = stats_table("lite", [(suite, name, run_spec(name, groups, **spec), statistics)])
    [run] = read_runs(table, [suite], {one["name"]["name"] for one in statistics})
    return run


def schema(**parts: Any) -> ReleaseSchema:
    """Return a schema with the given parts."""
    empty: dict[str, Any] = {"metrics": [], "perturbations": [], "metric_groups": [], "run_groups": [], "models": []}
    return decode_schema(json.dumps(empty | parts).encode())


def published_cells(cells: Sequence[PublishedCell]) -> pa.Array:
    """Return the cells as the table `releases` holds them."""
    return pa.array(cells, PUBLISHED_CELL)

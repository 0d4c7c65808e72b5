"""Rows of the table `metrics` of one run, by hand or from HELM's own files, and the statistics of such rows."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.metrics import METRICS
from every_eval.contracts.stats import REPORTED, STATISTIC_KEY
from every_eval.sources.helm.reading.metric_index import ROW, MetricIndex
from every_eval.sources.helm.statistics.metric_values import ORIGINAL, RunMetrics, Treatment
from every_eval.sources.helm.statistics.recompute import recompute_statistics

HELM_RUN = Path(__file__).parents[3] / "fixtures" / "helm_perturbed_run"
"""The run imdb:only_contrast=True,model=cohere_command,data_augmentation=contrast_sets, with four of its metrics."""

DEFAULTS = {
    "benchmark": "classic",
    "suite": "v1.0.0",
    "run": "imdb:model=m",
    "perturbation": None,
    "perturbation_name": None,
    "train_trial_index": 0,
    "reference_index": None,
    "occurrence": 0,
    "metric_name": "f1",
    "split": "test",
    "sub_split": None,
}


def row(instance_id: str, value: float | None, *, count: int = 1, **rest: Any) -> dict[str, Any]:
    """Return a row with `count` times the same value; a null value gives a row of count 0."""
    count = 0 if value is None else count
    total = 0.0 if value is None else value * count
    numbers = {"count": count, "sum": total, "min": value, "max": value, "value": value}
    return DEFAULTS | {"instance_id": instance_id} | numbers | rest


def perturbed(**flags: Any) -> str:
    """Return a perturbation as JSON, without robustness and fairness unless `flags` set them."""
    return canonical_json({"name": "typos", "robustness": False, "fairness": False, "computed_on": "perturbed"} | flags)


def table(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return rows as the table `metrics`."""
    return pa.Table.from_pylist(list(rows), schema=METRICS.schema)


def run_metrics(metrics: pa.Table) -> RunMetrics:
    """Return the rows as a metric index gives them to the statistics."""
    index = MetricIndex()
    rows = metrics.to_pylist()
    names = [(row["metric_name"], row["split"], row["sub_split"]) for row in rows]
    columns = {
        "key": [
            index.key_code(row["instance_id"], _treatment(row["perturbation"]), row["train_trial_index"])
            for row in rows
        ],
        "name": [index.names.setdefault(name, len(index.names)) for name in names],
        **{field: [row[field] for row in rows] for field in ("count", "sum", "min")},
    }
    index.add({field: np.array(columns[field], kind) for field, kind in ROW.items()})
    return index.select(index.metric_names)


def summarise(metrics: pa.Table, *, has_worst_cases: bool = True) -> pa.Table:
    """Return the statistics of the rows."""
    return recompute_statistics(run_metrics(metrics), has_worst_cases=has_worst_cases)


def _treatment(perturbation: str | None) -> Treatment:
    return ORIGINAL if perturbation is None else Treatment.of(json.loads(perturbation))


def helm_metrics() -> pa.Table:
    """Return the rows of HELM's run."""
    entries = json.loads((HELM_RUN / "per_instance_stats.json").read_bytes())
    return table(_helm_row(entry, stat) for entry in entries for stat in entry["stats"])


def helm_reported() -> list[dict[str, Any]]:
    """Return what HELM reported about its run: columns of `STATISTIC_KEY` and `REPORTED`."""
    stats = json.loads((HELM_RUN / "stats.json").read_bytes())
    return [_helm_key(stat["name"]) | _helm_numbers(index, stat) for index, stat in enumerate(stats)]


def join(derived: pa.Table, reported: Iterable[dict[str, Any]]) -> pa.Table:
    """Return one row for each statistic that was derived or reported, with the columns of both."""

    def key(record: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(record[column.name] for column in STATISTIC_KEY)

    records = {key(record): dict(record) for record in derived.to_pylist()}
    for record in reported:
        records[key(record)] = records.get(key(record), {}) | record
    schema = pa.schema([*derived.schema, *(column.field for column in REPORTED)])
    return pa.Table.from_pylist(list(records.values()), schema=schema)


def _helm_row(entry: dict[str, Any], stat: dict[str, Any]) -> dict[str, Any]:
    numbers = {"count": stat["count"], "sum": stat["sum"], "min": stat.get("min"), "max": stat.get("max")}
    key = _helm_key(stat["name"])
    return (
        DEFAULTS
        | key
        | numbers
        | {"instance_id": entry["instance_id"], "train_trial_index": entry["train_trial_index"]}
    )


def _helm_key(name: dict[str, Any]) -> dict[str, Any]:
    perturbation = name.get("perturbation", {})
    return {
        "metric_name": name["name"],
        "split": name.get("split"),
        "sub_split": name.get("sub_split"),
        "perturbation": canonical_json(perturbation) if perturbation else None,
        "perturbation_name": perturbation.get("name"),
        "computed_on": perturbation.get("computed_on"),
    }


def _helm_numbers(index: int, stat: dict[str, Any]) -> dict[str, Any]:
    return {"reported_index": index} | {
        f"reported_{field}": stat.get(field) for field in ("count", "sum", "mean", "min", "max")
    }

"""Rows of the table `metrics`, for one run: written by hand, or read from what HELM wrote."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.metrics import METRICS
from every_eval.contracts.stats import REPORTED, STATISTIC_KEY

HELM_RUN = Path(__file__).parents[3] / "fixtures" / "helm_perturbed_run"
"""imdb:only_contrast=True,model=cohere_command,data_augmentation=contrast_sets, four of its metrics."""

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
    """A row with one value or, if it is None, an entry of count 0; `count` repeats the value."""
    count = 0 if value is None else count
    total = 0.0 if value is None else value * count
    numbers = {"count": count, "sum": total, "min": value, "max": value, "value": value}
    return DEFAULTS | {"instance_id": instance_id} | numbers | rest


def perturbed(**flags: Any) -> str:
    """A perturbation as JSON; `robustness` and `fairness` are off unless told."""
    return canonical_json({"name": "typos", "robustness": False, "fairness": False, "computed_on": "perturbed"} | flags)


def table(rows: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Rows as the table `metrics`."""
    return pa.Table.from_pylist(list(rows), schema=METRICS.schema)


def helm_metrics() -> pa.Table:
    """The rows of HELM's run."""
    entries = json.loads((HELM_RUN / "per_instance_stats.json").read_bytes())
    return table(_helm_row(entry, stat) for entry in entries for stat in entry["stats"])


def helm_reported() -> list[dict[str, Any]]:
    """What HELM reported on its run: columns of `STATISTIC_KEY` and `REPORTED`."""
    stats = json.loads((HELM_RUN / "stats.json").read_bytes())
    return [_helm_key(stat["name"]) | _helm_numbers(index, stat) for index, stat in enumerate(stats)]


def join(derived: pa.Table, reported: Iterable[dict[str, Any]]) -> pa.Table:
    """Both side by side, a row for every statistic that either knows."""

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

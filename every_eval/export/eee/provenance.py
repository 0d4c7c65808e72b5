"""What a record says of where its numbers come from: the evaluators, their program, and the data set."""

import re
from collections.abc import Mapping
from typing import Any, Final

from every_eval.export.eee.json_text import text_map

UNKNOWN: Final = "unknown"
_HUB_DATASET: Final = re.compile(r"[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*")
_FILES: Final = (".csv", ".json", ".jsonl", ".parquet", ".py", ".tsv", ".txt")
"""Ends of names that are files, and no data sets of the Hugging Face Hub."""

Row = Mapping[str, Any]


def source_metadata(run: Row, provider: str) -> dict[str, Any]:
    """Return the object `source_metadata`.

    Args:
        run: Any row of the run's statistics.
        provider: Owner of the data repo, who provides the results of sources whose evaluators are not stated.
    """
    found: dict[str, Any] = {"source_name": f"{run['source']} {run['benchmark']}", "source_type": "evaluation_run"}
    if run["source"] == "helm":
        return found | {
            "source_organization_name": "Stanford CRFM",
            "source_organization_url": "https://crfm.stanford.edu/helm",
            "evaluator_relationship": "third_party",
        }
    return found | {"source_organization_name": provider, "evaluator_relationship": "other"}


def eval_library(source: str, spec: Row) -> dict[str, Any]:
    """Return the object `eval_library`, by the run's specification; HELM's does not state the version."""
    packages = spec.get("packages") or {}
    names = {"eval_harness": "lm_eval", "inspect": "inspect_ai"}
    version = {"eval_harness": spec.get("lm_eval_version"), "inspect": packages.get("inspect_ai")}.get(source)
    return {"name": names.get(source, source), "version": version if isinstance(version, str) else UNKNOWN}


def evaluation_timestamp(spec: Row) -> str | None:
    """Return when the run was evaluated, as the source writes it; null if it does not."""
    stated = spec.get("created") or spec.get("date")
    return None if stated is None else str(stated)


def source_data(run: Row, spec: Row) -> dict[str, Any]:
    """Return the object `source_data`: a data set of the Hugging Face Hub only where the run states its name there."""
    found: dict[str, Any] = {"dataset_name": dataset_label(run)}
    repo, split = _hub_dataset(spec)
    found |= {"source_type": "other"} if repo is None else {"source_type": "hf_dataset", "hf_repo": repo}
    if repo is not None and split is not None:
        found["hf_split"] = split
    scenario = spec.get("scenario_spec") or {}
    details = {
        **{name: run[name] for name in ("benchmark", "suite", "task", "variant", "source_url")},
        "groups": run["groups"] or None,
        "scenario_class": scenario.get("class_name"),
        "task_version": spec.get("version") or spec.get("task_version"),
        "task_hash": spec.get("task_hash"),
    }
    return found | {"additional_details": text_map(details)}


def dataset_label(run: Row) -> str:
    """Return the name of the run's scenario or task; of a run that does not state it, the variant."""
    return str(run["dataset_name"] or run["variant"])


def evaluation_name(run: Row) -> str:
    """Return the name of what was evaluated: the scenario with its arguments, such as `mmlu:subject=anatomy`."""
    return ":".join(part for part in (dataset_label(run), run["task"]) if part)


def _hub_dataset(spec: Row) -> tuple[str | None, str | None]:
    """Return the data set and the split that the specification names; null if it names none on the Hub."""
    task, dataset = spec.get("task_config") or {}, spec.get("dataset") or {}
    stated = task.get("dataset_path") or dataset.get("location")
    if not isinstance(stated, str) or not _HUB_DATASET.fullmatch(stated) or stated.endswith(_FILES):
        return None, None
    split = task.get("test_split") or task.get("validation_split")
    return stated, split if isinstance(split, str) else None

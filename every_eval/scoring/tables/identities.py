"""Rows of identities: the names in all sources, each with the identity that a rule gives."""

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import pyarrow as pa

from every_eval.contracts.identities import (
    COMMON_NAME,
    CREATOR_AND_NAME,
    DECLARED,
    EQUAL_NAMES,
    IDENTITIES,
    MODEL,
    NONE,
    OWN_NAME,
    SCENARIO,
)
from every_eval.contracts.model_names import DECLARED_REPO, HUGGING_FACE_NAMES, has_declared_repo, model_id
from every_eval.contracts.scenario_names import COMMON_NAMES, common_name
from every_eval.scoring.tables.registry import Registry
from every_eval.sources.distinct import distinct

NAME_COLUMNS: Final = ("source", "model_name", "model_deployment", "dataset_name")
"""Columns of comprehensive_stats that the names come from."""
_LOADS_FROM_HUB: Final = frozenset({"hf", "hf-auto", "hf-multimodal", "sglang", "vllm", "vllm-vlm"})
"""Backends of lm-eval and providers of Inspect whose model is a name on the Hugging Face Hub."""
_HELM: Final = "helm"
_LOADERS: Final = frozenset({"eval_harness", "inspect"})

Name = tuple[str | None, ...]


def names_in(rows: pa.Table) -> set[Name]:
    """Return the distinct values of `NAME_COLUMNS` in rows of comprehensive_stats."""
    return set(distinct(rows, NAME_COLUMNS)[1]) if rows.num_rows else set()


def identities(names: Iterable[Name], registry: Registry) -> pa.Table:
    """Return rows of the contract `identities`, for names as `names_in` returns them, in any order."""
    models: dict[tuple[str, str], set[str]] = {}
    scenarios: set[tuple[str, str]] = set()
    for source, model, deployment, scenario in names:
        assert source is not None
        if model is not None:
            models.setdefault((source, model), set()).add(deployment or "")
        if scenario is not None:
            scenarios.add((source, scenario))
    rows = [*_models(models), *(_scenario(*each) for each in scenarios)]
    rows.sort(key=lambda row: (row["kind"], row["identity"], row["source"], row["source_name"]))
    return pa.Table.from_pylist([row | _entry(row, registry) for row in rows], schema=IDENTITIES.schema)


def _models(models: Mapping[tuple[str, str], set[str]]) -> Iterator[dict[str, Any]]:
    for (source, name), deployments in models.items():
        identity = model_id(name)
        rule, confidence = _model_rule(source, name)
        yield {
            "kind": MODEL,
            "source": source,
            "source_name": name,
            "identity": identity or f"{source}:{name}",
            "rule": rule,
            "confidence": confidence,
            "hugging_face_id": _hugging_face_id(source, name, deployments),
        }


def _model_rule(source: str, name: str) -> tuple[str, str]:
    """Return the rule that gives a model's identity, and its confidence."""
    if model_id(name) is None:
        return OWN_NAME, NONE
    if has_declared_repo(name):
        # HELM declares the repo of its own name. That another source means the same by this name follows from the name.
        return DECLARED_REPO, DECLARED if source == _HELM else EQUAL_NAMES
    return CREATOR_AND_NAME, EQUAL_NAMES


def _scenario(source: str, name: str) -> dict[str, Any]:
    identity = common_name(source, name)
    return {
        "kind": SCENARIO,
        "source": source,
        "source_name": name,
        "identity": identity,
        "rule": COMMON_NAME,
        "confidence": DECLARED if name in COMMON_NAMES.get(source, {}) else EQUAL_NAMES,
        "hugging_face_id": None,
    }


def _hugging_face_id(source: str, name: str, deployments: Iterable[str]) -> str | None:
    """Return the model's name on the Hub if the source loaded it from there; null if that is not stated."""
    if source == _HELM:
        return HUGGING_FACE_NAMES.get(name)
    repo = name.split("+")[0].split("@")[0]
    is_loaded = any(deployment.split("(")[0] in _LOADS_FROM_HUB for deployment in deployments)
    return repo if source in _LOADERS and is_loaded and repo.count("/") == 1 and all(repo.split("/")) else None


def _entry(row: Mapping[str, Any], registry: Registry) -> dict[str, Any]:
    entry = registry.entry(row["kind"], row["source_name"]) or {}
    confidence = entry.get("confidence")
    return {
        "registry_id": entry.get("canonical_id"),
        "registry_strategy": entry.get("strategy"),
        "registry_status": entry.get("status"),
        "registry_confidence": float(confidence) if confidence is not None and math.isfinite(confidence) else None,
    }

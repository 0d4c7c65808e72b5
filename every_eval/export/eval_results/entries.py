"""Scores as entries of the Hub's community evals.

The names of data sets and tasks, and the scale of 0 to 100, are those of the tool of every_eval_ever 0.3.0
(tools/hf_community_evals.py).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import pyarrow.compute as pc

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.identities import IDENTITIES, MODEL
from every_eval.contracts.model_names import model_id
from every_eval.readers.published import Published

SOURCE_NAME: Final = "Every Eval"
HUB: Final = "https://huggingface.co"
_RUN: Final = ("source", "benchmark", "suite", "run", "metric_name", "split", "sub_split")
_COLUMNS: Final = (
    *("source", "benchmark", "suite", "run", "metric_name", "split", "sub_split", "model_name"),
    *("model_deployment", "common_name", "task", "variant"),
    *("accuracy", "ci_low", "ci_high", "n_scored", "score_origin"),
)


@dataclass(frozen=True)
class Dataset:
    """A benchmark that the Hub collects."""

    id: str
    """Name of the data set on the Hub."""
    task_id: str
    file: str
    """Beginning of the names of its files."""


DATASETS: Final[Mapping[str, Dataset]] = {
    "gsm8k": Dataset("openai/gsm8k", "gsm8k", "gsm8k"),
    "hle": Dataset("cais/hle", "default", "hle"),
    "mmlu_pro": Dataset("TIGER-Lab/MMLU-Pro", "mmlu_pro", "mmlu_pro"),
}
"""Benchmarks by the common name of the scenario. A score counts if it is over the whole benchmark."""
GPQA: Final = Dataset("Idavidrein/gpqa", "diamond", "gpqa_diamond")
_DIAMOND: Final = re.compile(r"(^|,)subset=gpqa_diamond(,|$)")


@dataclass(frozen=True)
class Entry:
    """One score of a model."""

    model: str
    """Name of the model on the Hub."""
    file: str
    content: Mapping[str, Any]


def source_of(page: str | None, scores_repo: str) -> dict[str, str]:
    """Return the source of the entries: the page, such as `spaces/a/b`, or else the repo of the scores."""
    return {"url": f"{HUB}/datasets/{scores_repo}" if page is None else f"{HUB}/{page}", "name": SOURCE_NAME}


def entries(published: Published, source: Mapping[str, str]) -> Iterator[Entry]:
    """Yield an entry for each accuracy of a benchmark that the Hub collects, in the order of the published rows.

    Raises:
        HubUnavailable: The Hub does not answer.
    """
    on_hub = _models(published)
    wanted = (
        pc.field("is_main_metric") & pc.field("accuracy").is_valid() & ~pc.field("perturbation").is_valid()
    ) & pc.field("computed_on").is_null()
    for row in published.read(COMPREHENSIVE_STATS, list(_COLUMNS), wanted).to_pylist():
        model, dataset = on_hub.get((row["source"], row["model_name"])), _dataset(row)
        if model is not None and dataset is not None and _is_of_repo(row):
            yield Entry(model, f"{dataset.file}_{_digest(row)}.yaml", _content(row, dataset, source))


def _models(published: Published) -> Mapping[tuple[str, str], str]:
    """Return the repos of models by source and name. A model with a revision or an adapter is left out."""
    rows = published.read(IDENTITIES, ["kind", "source", "source_name", "hugging_face_id"]).to_pylist()
    return {
        (row["source"], row["source_name"]): row["hugging_face_id"]
        for row in rows
        if row["kind"] == MODEL and row["hugging_face_id"] and model_id(row["source_name"])
    }


def _is_of_repo(row: Mapping[str, Any]) -> bool:
    """Tell whether the run used the weights of the repo: other deployments of HELM's models may serve other weights."""
    return row["source"] != "helm" or (row["model_deployment"] or "").startswith("huggingface/")


def _dataset(row: Mapping[str, Any]) -> Dataset | None:
    if row["sub_split"] is not None:
        return None
    if row["common_name"] == "gpqa":
        return GPQA if _DIAMOND.search(row["task"] or "") else None
    return DATASETS.get(row["common_name"] or "") if row["task"] is None else None


def _digest(row: Mapping[str, Any]) -> str:
    identity = [row[name] for name in _RUN]
    return sha256(canonical_json(identity).encode()).hexdigest()[:12]


def _content(row: Mapping[str, Any], dataset: Dataset, source: Mapping[str, str]) -> dict[str, Any]:
    notes = [f"{row['source']} {row['benchmark']}, {row['variant']}, {row['metric_name']}"]
    if row["ci_low"] is not None:
        notes.append(f"95 % confidence interval {100 * row['ci_low']:.2f} to {100 * row['ci_high']:.2f}")
    notes.append(f"n = {row['n_scored']}" if row["n_scored"] is not None else "number of instances unknown")
    notes.append("recomputed from outputs" if row["score_origin"] == "outputs" else "as reported")
    return {
        "dataset": {"id": dataset.id, "task_id": dataset.task_id},
        "value": round(100 * row["accuracy"], 6),
        "source": dict(source),
        "notes": "; ".join(notes),
    }

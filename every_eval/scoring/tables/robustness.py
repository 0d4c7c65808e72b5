"""Rows of robustness: perturbed minus original, for each run and perturbation."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from every_eval.scoring.tables.evaluated_runs import EvaluatedRun, MetricKey
from every_eval.scoring.tables.paired_rows import Row, paired_columns
from every_eval.scoring.tables.response_matrix import Answers, ResponseMatrix
from every_eval.statistics.before_and_after import compare_changes
from every_eval.statistics.groups import FloatArray
from every_eval.statistics.nulls import known

KINDS: Final = ("robustness", "fairness")
"""Flags of HELM's perturbations."""


def robustness(
    runs: Sequence[EvaluatedRun],
    metric: MetricKey,
    perturbation: str,
    originals: Sequence[Answers],
    perturbed: Sequence[Answers],
    lower_is_better: bool | None,
) -> list[Row]:
    """Return rows of the contract `robustness` for one perturbation and one main metric of one variant.

    The columns source, benchmark and release, and the adjusted p-values are left to the caller.

    Args:
        runs: Runs of the variant.
        metric: The main metric.
        perturbation: The perturbation, as JSON.
        originals: For each run the values on the original texts, by number of instance.
        perturbed: For each run the values on the perturbed texts, likewise.
        lower_is_better: Direction of the metric; null if it has none.
    """
    matrix = ResponseMatrix.of([*originals, *perturbed])
    is_changed = np.isin(matrix.items, np.concatenate([numbers for numbers, _ in perturbed]))
    instances, values = matrix.items[is_changed], matrix.values[is_changed]
    before, after = values[:, : len(runs)], values[:, len(runs) :]
    compared = compare_changes(instances, before, after)
    worst = _worst(before, after, lower_is_better)
    return [
        {
            **run.columns,
            **metric._asdict(),
            **describe(perturbation),
            **paired_columns(compared, at),
            "lower_is_better": lower_is_better,
            "n_perturbed": len(perturbed[at][0]),
            "mean_original": known(compared.mean_before[at]),
            "mean_perturbed": known(compared.mean_after[at]),
            "worst": known(worst[at]),
        }
        for at, run in enumerate(runs)
    ]


def describe(perturbation: str) -> Mapping[str, Any]:
    """Return the columns that describe a perturbation, which HELM writes as an object with a name and with flags."""
    stated = json.loads(perturbation)
    stated = stated if isinstance(stated, dict) else {}
    name = stated.get("name")
    kinds = [kind for kind in KINDS if stated.get(kind) is True]
    return {
        "perturbation": perturbation,
        "perturbation_name": name if isinstance(name, str) else None,
        "kind": " and ".join(kinds) or None,
    }


def _worst(before: FloatArray, after: FloatArray, lower_is_better: bool | None) -> FloatArray:
    """Return the mean over instances of the worse of both values; NaN without a direction or without instances."""
    if lower_is_better is None:
        return np.full(before.shape[1], np.nan)
    worse = np.maximum(before, after) if lower_is_better else np.minimum(before, after)  # NaN where one is NaN.
    is_paired = ~np.isnan(worse)
    n = np.count_nonzero(is_paired, axis=0)
    return np.where(n > 0, np.where(is_paired, worse, 0.0).sum(axis=0) / np.maximum(n, 1), np.nan)

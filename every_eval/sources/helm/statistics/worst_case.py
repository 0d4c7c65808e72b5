"""Worst cases over perturbations, by the rules of HELM's `compute_worst_case_metrics` (metrics/metric.py).

For each metric, trial and instance:

- a perturbation that changed the instance adds two cells: "original" is what the unchanged text gave, and "worst" the
  smaller of both;
- "robustness" and "fairness" hold the smallest value over the unchanged text and all perturbations of that kind, on
  every instance, perturbed or not.

HELM takes the smallest value for the worst even where lower is better. We do the same, since its tables are made of
these numbers.
"""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from every_eval.sources.helm.statistics.cells import ORIGINAL, Cells, Run, Treatment
from every_eval.statistics.groups import BoolArray, Groups, IntArray

POOLS = ("robustness", "fairness")


def derive_worst_cases(run: Run) -> Run:
    """The run with the worst cases' treatments and cells; of equal cells there is one copy, see `Run.same`."""
    same = _find_same(run)
    positions = {treatment: index for index, treatment in enumerate(run.treatments)}
    parts = [run.cells]
    for treatment, cells in _find_worst_cases(run, same):
        code = positions.setdefault(treatment, len(positions))
        parts.append(replace(cells, treatment=np.full_like(cells.treatment, code)))
    codes = {positions.setdefault(treatment, len(positions)): positions[other] for treatment, other in same.items()}
    return replace(run, treatments=tuple(positions), cells=Cells.join(*parts), same=codes)


def _find_same(run: Run) -> dict[Treatment, Treatment]:
    """Pools whose cells are those of another treatment: without perturbations, all that a run has is its original."""
    robust, fair = map(_describe, POOLS)
    if any(
        pool in run.treatments or any(_belongs(run, name)) for name, pool in zip(POOLS, (robust, fair), strict=True)
    ):
        return {}
    return {robust: ORIGINAL, fair: ORIGINAL} if _is_single(run.cells) else {fair: robust}


def _is_single(cells: Cells) -> bool:
    """Whether every cell on the original text has one value at most, which then is the smallest too."""
    is_equal = (cells.count == 1) & (cells.sum.view(np.int64) == cells.min.view(np.int64))
    return bool((is_equal | (cells.count == 0) | (cells.treatment != 0)).all())


def _find_worst_cases(run: Run, same: dict[Treatment, Treatment]) -> Iterator[tuple[Treatment, Cells]]:
    keys = (run.cells.metric * run.n_trials + run.cells.trial) * len(run.instance_ids) + run.cells.instance
    is_original = run.cells.treatment == 0
    for index, treatment in enumerate(run.treatments[1:], start=1):
        is_changed = run.cells.treatment == index
        is_before = is_original & np.isin(keys, keys[is_changed])
        yield treatment.on("original"), run.cells.take(is_before)
        yield treatment.on("worst"), _take_smallest(run, keys, is_before | is_changed)
    for name in POOLS:
        if _describe(name) not in same:
            yield _describe(name), _take_smallest(run, keys, is_original | _belongs(run, name)[run.cells.treatment])


def _belongs(run: Run, pool: str) -> BoolArray:
    """Which of the run's treatments are of the pool's kind."""
    return np.array([treatment.has(pool) for treatment in run.treatments])


def _describe(pool: str) -> Treatment:
    return Treatment.of({"name": pool, "computed_on": "worst"} | {name: name == pool for name in POOLS})


def _take_smallest(run: Run, keys: IntArray, chosen: BoolArray) -> Cells:
    """One cell for each key among the cells chosen, with the smallest of their values."""
    groups = Groups(keys[chosen])
    lowest = groups.known_min(run.cells.min[chosen])
    shape = (len(run.metrics), run.n_trials, len(run.instance_ids))
    metric, trial, instance = np.unravel_index(groups.keys, shape)
    is_scored = np.isfinite(lowest)
    total = np.where(is_scored, lowest, 0.0)
    return Cells(metric, np.zeros_like(metric), trial, instance, is_scored.astype(np.int64), total, lowest)

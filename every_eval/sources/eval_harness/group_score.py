"""Compute the score of one metric over the tasks of a group, with lm-eval's weights (`lm_eval/api/group.py`)."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Final

import numpy as np

from every_eval.sources.eval_harness.moments import merge_in_order
from every_eval.sources.eval_harness.task_score import Columns, TaskScore, add, spread

_LARGE: Final = 1e150
"""Limit for values whose squares are added: the sum of squares of larger values may not fit into a float."""


@dataclass(frozen=True)
class GroupMember:
    """A task of a group."""

    task: str
    size: int
    """Number of samples that the task was evaluated on: the weight of the task."""
    score: TaskScore
    """Score of the metric over the rows of the task."""


Tree = Sequence["str | Tree"]
"""Tasks of a group by name, with a tree for each nested group."""


@dataclass(frozen=True)
class _Part:
    """A task, or several tasks together: the number of samples, their mean, and its variance."""

    size: int
    mean: float
    variance: float

    def combine(self, other: "_Part") -> "_Part":
        """Return both parts together, by the formula of `COMBINED`."""
        n, m = self.size, other.size
        mean = (self.mean * n + other.mean * m) / (n + m)
        distance = mean - other.mean
        within = ((n - 1) * self.variance + (m - 1) * other.variance) / (n + m - 1)
        # A product, because a power that is too large raises an error.
        return _Part(n + m, mean, within + n * m / ((n + m) * (n + m - 1)) * (distance * distance))


@dataclass(frozen=True)
class GroupScore:
    """Score of one metric over the tasks of a group; nested groups are replaced by their tasks."""

    members: tuple[GroupMember, ...]
    """Tasks of the group that report the metric."""
    tree: Tree = ()
    """Tasks of the group and of its nested groups; if it is empty, the members are the tasks."""

    @property
    def is_known(self) -> bool:
        """True if every task has a score that we recomputed."""
        return bool(self.members) and all(member.score.mean is not None and member.size for member in self.members)

    @property
    def reason(self) -> str | None:
        """Reason why the score of a task is not computed; null if nothing prevents the score of any task."""
        reasons = (f"{member.task}: {member.score.reason}" for member in self.members if member.score.reason)
        return next(reasons, None)

    @property
    def weighted(self) -> float:
        """Mean of the tasks' scores weighted by size: lm-eval's `weight_by_size`, its default."""
        return add(size * mean for size, mean in zip(self._sizes, self._means, strict=True)) / sum(self._sizes)

    @property
    def plain(self) -> float:
        """Plain mean of the tasks' scores: a group without `weight_by_size`."""
        return add(self._means) / len(self.members)

    @property
    def standard_error(self) -> float | None:
        """Pooled standard error: √(Σ (n - 1) n e² / (N - k) / N) over k tasks of size n and standard error e, N in all.

        The standard error is null if lm-eval has no formula for the standard error of a task.
        """
        errors, total = self._errors, sum(self._sizes)
        if errors is None or total <= len(errors):
            return None
        terms = (size * (size - 1) * error * error for size, error in zip(self._sizes, errors, strict=True))
        return _root(add(terms) / (total - len(errors)) / total)

    @property
    def combined_standard_error(self) -> float | None:
        """Standard error by `COMBINED`, as lm-eval 0.4.0 and 0.4.1 report it; null as `standard_error`."""
        if self._errors is None or sum(self._sizes) < 2:
            return None
        members = zip(self.members, self._means, self._errors, strict=True)
        parts = {member.task: _Part(member.size, mean, error * error) for member, mean, error in members}
        whole = _combine(self.tree or tuple(parts), parts)
        return None if whole is None else _root(whole.variance)

    def columns(self, mean: float | None) -> Columns:
        """Return the recomputed columns. The spread is over all instances, and null if `mean` is not their mean."""
        scores = [member.score for member in self.members]
        n_scored = sum(score.n_scored for score in scores)
        counts: Columns = {
            "n_instances": sum(score.n_instances for score in scores),
            "n_scored": n_scored,
            "n_trials": min(n_scored, 1),
        }
        if not self._is_over_instances(mean):
            return {**counts, "mean": mean}
        moments = merge_in_order({member.task: member.score.moments for member in self.members})
        return counts | spread(mean, moments, all(score.is_binary for score in scores))

    def _is_over_instances(self, mean: float | None) -> bool:
        """Tell whether `mean` is the mean over all instances of all tasks."""
        is_complete = all(member.score.is_mean and member.size == member.score.n_scored for member in self.members)
        is_squarable = all((np.abs(member.score.shares) < _LARGE).all() for member in self.members)
        return mean is not None and mean == self.weighted and is_complete and is_squarable

    @property
    def _errors(self) -> list[float] | None:
        """Standard errors of the tasks; null if one is unknown."""
        errors = [member.score.standard_error for member in self.members if member.score.is_mean]
        known = [error for error in errors if error is not None]
        return known if len(known) == len(self.members) else None

    @property
    def _sizes(self) -> list[int]:
        return [member.size for member in self.members]

    @property
    def _means(self) -> list[float]:
        return [member.score.mean for member in self.members if member.score.mean is not None]


def _combine(tree: Tree, parts: Mapping[str, _Part]) -> _Part | None:
    """Return the tasks of a group together; a task that does not report the metric is left out."""
    found = (parts.get(item) if isinstance(item, str) else _combine(item, parts) for item in tree)
    known = [part for part in found if part is not None]
    return reduce(_Part.combine, known) if known else None


def _root(variance: float) -> float | None:
    """Return the square root; null if it is not finite."""
    return math.sqrt(variance) if math.isfinite(variance) else None

"""Compute the score of one metric over the tasks of a group, with lm-eval's weights (`lm_eval/api/group.py`)."""

import math
from dataclasses import dataclass
from typing import Final

from every_eval.contracts.stats import N_REPLICATES
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


@dataclass(frozen=True)
class GroupScore:
    """Score of one metric over the tasks of a group; nested groups are replaced by their tasks."""

    members: tuple[GroupMember, ...]
    """Tasks of the group that report the metric."""

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
        errors = [member.score.standard_error for member in self.members if member.score.is_mean]
        total, known = sum(self._sizes), [error for error in errors if error is not None]
        if len(known) < len(self.members) or total <= len(known):
            return None
        terms = (size * (size - 1) * error * error for size, error in zip(self._sizes, known, strict=True))
        pooled = math.sqrt(add(terms) / (total - len(known)) / total)
        return pooled if math.isfinite(pooled) else None

    def columns(self, mean: float | None) -> Columns:
        """Return the recomputed columns. The spread is over all instances, and null if `mean` is not their mean."""
        scores = [member.score for member in self.members]
        n_scored = sum(len(score.scored) for score in scores)
        counts: Columns = {
            "n_instances": sum(score.n_instances for score in scores),
            "n_scored": n_scored,
            "n_trials": min(n_scored, 1),
        }
        if not self._is_over_instances(mean):
            return {**counts, "mean": mean}
        moments = merge_in_order({member.task: member.score.moments for member in self.members})
        return counts | spread(mean, moments, all(share in (0, 1) for score in scores for share in score.shares))

    def replicates(self, mean: float | None, benchmark: str) -> Columns:
        """Return the sums of the tasks' bootstrap replicates; none if `mean` is not the mean over all instances."""
        if not self._is_over_instances(mean):
            return {}
        parts = [member.score.replicates((benchmark, member.task, None)) for member in self.members]
        return {
            name: [add(part[name][index] for part in parts) for index in range(N_REPLICATES)]
            for name in ("boot_weight", "boot_sum")
        }

    def _is_over_instances(self, mean: float | None) -> bool:
        """Tell whether `mean` is the mean over all instances of all tasks."""
        is_complete = all(member.score.is_mean and member.size == len(member.score.scored) for member in self.members)
        is_squarable = all(abs(value) < _LARGE for member in self.members for value in member.score.shares)
        return mean is not None and mean == self.weighted and is_complete and is_squarable

    @property
    def _sizes(self) -> list[int]:
        return [member.size for member in self.members]

    @property
    def _means(self) -> list[float]:
        return [member.score.mean for member in self.members if member.score.mean is not None]

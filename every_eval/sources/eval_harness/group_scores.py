"""What tasks give for one metric of their group, by lm-eval's own weighting (`lm_eval/api/group.py`)."""

import math
from dataclasses import dataclass
from typing import Final

from every_eval.contracts.stats import N_REPLICATES
from every_eval.sources.eval_harness.moments import merge_in_order
from every_eval.sources.eval_harness.scores import Columns, TaskScore, add, spread

_LARGE: Final = 1e150
"""Beyond it the square of a number may be too large."""


@dataclass(frozen=True)
class Member:
    """A task within a group."""

    task: str
    size: int
    """Samples that it was evaluated on: its weight."""
    score: TaskScore


@dataclass(frozen=True)
class GroupScore:
    """One metric over the tasks of a group, nested groups taken apart into theirs."""

    members: tuple[Member, ...]

    @property
    def is_known(self) -> bool:
        """Whether every task has a mean."""
        return bool(self.members) and all(member.score.mean is not None and member.size for member in self.members)

    @property
    def weighted(self) -> float:
        """The tasks' means weighted by their sizes: a group's `weight_by_size`, which is the default."""
        return add(size * mean for size, mean in zip(self._sizes, self._means, strict=True)) / sum(self._sizes)

    @property
    def plain(self) -> float:
        """The plain mean of the tasks' means: a group without `weight_by_size`."""
        return add(self._means) / len(self.members)

    @property
    def standard_error(self) -> float | None:
        """The pooled one: √(Σ (n - 1) n e² / (N - k) / N) over k tasks of sizes n, N in all, with standard errors e.

        Null where a task has no standard error by formula.
        """
        errors = [member.score.standard_error for member in self.members if member.score.is_mean]
        total, known = sum(self._sizes), [error for error in errors if error is not None]
        if len(known) < len(self.members) or total <= len(known):
            return None
        terms = (size * (size - 1) * error * error for size, error in zip(self._sizes, known, strict=True))
        pooled = math.sqrt(add(terms) / (total - len(known)) / total)
        return pooled if math.isfinite(pooled) else None

    def columns(self, mean: float | None) -> Columns:
        """What is recomputed; the spread is that over all instances, where the mean is theirs too."""
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
        """The sums of the tasks' replicates, where the mean is that over all instances."""
        if not self._is_over_instances(mean):
            return {}
        parts = [member.score.replicates((benchmark, member.task, None)) for member in self.members]
        return {
            name: [add(part[name][index] for part in parts) for index in range(N_REPLICATES)]
            for name in ("boot_weight", "boot_sum")
        }

    def _is_over_instances(self, mean: float | None) -> bool:
        is_whole = all(member.score.is_mean and member.size == len(member.score.scored) for member in self.members)
        is_tame = all(abs(value) < _LARGE for member in self.members for value in member.score.shares)
        return mean is not None and mean == self.weighted and is_whole and is_tame

    @property
    def _sizes(self) -> list[int]:
        return [member.size for member in self.members]

    @property
    def _means(self) -> list[float]:
        return [member.score.mean for member in self.members if member.score.mean is not None]

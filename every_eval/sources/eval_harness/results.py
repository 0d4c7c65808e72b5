"""A results file: what lm-eval says of the tasks of one evaluation."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeGuard

from msgspec import Struct, field

Named = dict[str, dict[str, Any]]


class Reported(NamedTuple):
    """A number that lm-eval reports of a task or group."""

    value: Any
    """As it stands in the file: a number, or a text where there is none."""
    standard_error: Any


class Results(Struct):
    """The file's content as far as it is read; `results` and `configs` tell it from other JSON files."""

    results: Named
    configs: Named
    config: dict[str, Any] = {}
    versions: dict[str, Any] = {}
    n_shot: dict[str, Any] = field(name="n-shot", default_factory=dict)
    n_samples: Named = field(name="n-samples", default_factory=dict)
    higher_is_better: Named = {}
    group_subtasks: dict[str, list[str]] = {}
    task_hashes: dict[str, str] = {}
    date: float | None = None
    """When the evaluation began, in seconds since 1970: unlike the time stamp in its name, of no time zone."""
    model_source: str | None = None
    lm_eval_version: str | None = None
    transformers_version: str | None = None
    git_hash: str | None = None
    system_instruction: Any = None
    system_instruction_sha: str | None = None
    chat_template: Any = None
    chat_template_sha: str | None = None
    fewshot_as_multiturn: Any = None

    def is_group(self, task: str) -> bool:
        """Whether the name is that of a group, whose numbers are made from those of its subtasks."""
        return bool(self.group_subtasks.get(task))

    def reported(self, task: str) -> dict[str, Reported]:
        """What is reported of a task, by "{metric},{filter}" and in the file's order."""
        row = self.results.get(task, {})
        keys = [key for key in row if "," in key]
        return {key: Reported(row[key], row.get(_error_key(key))) for key in keys if not _is_error_key(key, row)}

    def leaves(self, group: str) -> Iterator[str]:
        """The tasks below a group, each once, through nested groups."""
        yield from dict.fromkeys(self._leaves(group, frozenset()))

    def _leaves(self, group: str, above: frozenset[str]) -> Iterator[str]:
        for name in self.group_subtasks.get(group, ()):
            if self.is_group(name) and name not in above:
                yield from self._leaves(name, above | {group})
            elif not self.is_group(name):
                yield name

    def groups_of(self, task: str) -> list[str]:
        """The groups that contain a task or group, directly or not, in the file's order."""
        return [group for group in self.group_subtasks if task in self._below(group, frozenset())]

    def _below(self, group: str, above: frozenset[str]) -> set[str]:
        direct = [name for name in self.group_subtasks.get(group, ()) if name not in above]
        return set(direct).union(*(self._below(name, above | {group}) for name in direct))

    def higher(self, task: str, metric: str) -> bool | None:
        """Whether higher is better, for a metric's name without its filter; null where the file does not say."""
        stated = self.higher_is_better.get(task, {}).get(metric)
        return stated if isinstance(stated, bool) else None

    def size(self, task: str) -> int | None:
        """Number of samples that were evaluated."""
        stated = self.n_samples.get(task, {}).get("effective", self.results.get(task, {}).get("sample_len"))
        return stated if is_count(stated) else None

    def is_partial(self, task: str) -> bool:
        """Whether fewer samples were evaluated than the task has, or a limit was set."""
        leaves = list(self.leaves(task)) or [task]
        sizes: list[Mapping[str, Any]] = [self.n_samples.get(leaf, {}) for leaf in leaves]
        return self.config.get("limit") is not None or any(n.get("effective") != n.get("original") for n in sizes)


def is_count(value: Any) -> TypeGuard[int]:  # noqa: ANN401 - any JSON value
    """Whether a value is a whole number that a column holds."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def as_float(value: Any) -> float | None:  # noqa: ANN401 - any JSON value
    """A number, or a text of one, infinite where it is too large for a float; null for anything else."""
    try:
        return float(value)
    except OverflowError:
        return math.inf
    except (TypeError, ValueError):
        return None


def _error_key(key: str) -> str:
    metric, _, filter_name = key.partition(",")
    return f"{metric}_stderr,{filter_name}"


def _is_error_key(key: str, row: Mapping[str, Any]) -> bool:
    metric, _, filter_name = key.partition(",")
    return metric.endswith("_stderr") and f"{metric.removesuffix('_stderr')},{filter_name}" in row

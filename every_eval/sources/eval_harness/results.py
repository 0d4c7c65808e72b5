"""Decode a results file: the numbers and the settings that lm-eval reports for the tasks of one evaluation."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, TypeGuard

from msgspec import Struct, field

Named = dict[str, dict[str, Any]]


class ReportedNumber(NamedTuple):
    """A number that lm-eval reports for a task or group, with its standard error."""

    value: Any
    """Value as it is in the file: a number, or a text if lm-eval has no number."""
    standard_error: Any
    """Standard error as it is in the file; null if the file has none."""


class Results(Struct):
    """Contents of a results file that we read; `results` and `configs` distinguish it from other JSON files."""

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
    """Start of the evaluation, in seconds since 1970 UTC; the time stamp in the file's name has no time zone."""
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
        """Tell whether a name belongs to a group, whose numbers lm-eval computes from its subtasks."""
        return bool(self.group_subtasks.get(task))

    def reported(self, task: str) -> dict[str, ReportedNumber]:
        """Return the numbers reported for a task, by "{metric},{filter}" and in the file's order."""
        row = self.results.get(task, {})
        keys = [key for key in row if "," in key]
        return {key: ReportedNumber(row[key], row.get(_error_key(key))) for key in keys if not _is_error_key(key, row)}

    def leaves(self, group: str) -> Iterator[str]:
        """Return the tasks of a group and of its nested groups, each task once."""
        yield from dict.fromkeys(self._leaves(group, frozenset()))

    def _leaves(self, group: str, above: frozenset[str]) -> Iterator[str]:
        for name in self.group_subtasks.get(group, ()):
            if self.is_group(name) and name not in above:
                yield from self._leaves(name, above | {group})
            elif not self.is_group(name):
                yield name

    def groups_of(self, task: str) -> list[str]:
        """Return the groups that contain a task or group, directly or through nested groups, in the file's order."""
        return [group for group in self.group_subtasks if task in self._below(group, frozenset())]

    def _below(self, group: str, above: frozenset[str]) -> set[str]:
        direct = [name for name in self.group_subtasks.get(group, ()) if name not in above]
        return set(direct).union(*(self._below(name, above | {group}) for name in direct))

    def higher(self, task: str, metric: str) -> bool | None:
        """Tell whether higher is better for a metric, named without its filter; null if the file does not say."""
        stated = self.higher_is_better.get(task, {}).get(metric)
        return stated if isinstance(stated, bool) else None

    def size(self, task: str) -> int | None:
        """Return the number of samples that were evaluated; null if the file does not say."""
        stated = self.n_samples.get(task, {}).get("effective", self.results.get(task, {}).get("sample_len"))
        return stated if is_count(stated) else None

    def is_partial(self, task: str) -> bool:
        """Tell whether a limit was set, or fewer samples were evaluated than the task has."""
        leaves = list(self.leaves(task)) or [task]
        sizes: list[Mapping[str, Any]] = [self.n_samples.get(leaf, {}) for leaf in leaves]
        return self.config.get("limit") is not None or any(n.get("effective") != n.get("original") for n in sizes)


def is_count(value: Any) -> TypeGuard[int]:  # noqa: ANN401 - any JSON value
    """Tell whether a value is a whole number from 0 that fits into an int64 column."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def as_float(value: Any) -> float | None:  # noqa: ANN401 - any JSON value
    """Return a number or the text of a number as a float, infinite if it is too large; null for other values."""
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

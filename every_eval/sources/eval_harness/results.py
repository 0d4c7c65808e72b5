"""Contents of a results file: the numbers and the settings that lm-eval reports for the tasks of one evaluation."""

import math
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeGuard

from msgspec import Struct, field

from every_eval.sources.eval_harness.aggregations import objects
from every_eval.sources.source import Reject

_NOT_STATED: Final = "N/A"
"""Version of a group in old files."""
_NO_METRICS: Final = frozenset({"alias", "name", "sample_len", "samples", "task", "version"})
"""Keys beside the metrics of a task."""

_MOST_NESTED: Final = 200
"""Largest number of nested groups that are kept apart: a file with more is not one of lm-eval's."""

Named = dict[str, dict[str, Any]]


class ReportedNumber(NamedTuple):
    """A number that lm-eval reports for a task or group, with its standard error."""

    value: Any
    """Value as it is in the file: a number, or a text if lm-eval has no number."""
    standard_error: Any
    """Standard error as it is in the file; null if the file has none."""


Scalar = str | int | float | bool | None


class Results(Struct):
    """Contents of a results file that we read.

    lm-eval 0.3 writes `results`, `versions` and `config` only; its files have no `configs`.
    """

    results: Named
    configs: Named = {}
    config: dict[str, Any] = {}
    versions: dict[str, Scalar] = {}
    n_shot: dict[str, Scalar] = field(name="n-shot", default_factory=dict)
    n_samples: Named = field(name="n-samples", default_factory=dict)
    higher_is_better: Named = {}
    groups: Named = {}
    """Numbers of groups, which `results` holds too."""
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
    fewshot_as_multiturn: bool | None = None
    has_filters: bool = True
    """True if the names of metrics contain a filter; false for lm-eval 0.3, which also writes no samples files."""
    odd_fields: tuple[Reject, ...] = ()
    """Fields of another type than lm-eval gives them, which are left out."""

    def odd_fields_of(self, task: str) -> tuple[Reject, ...]:
        """Return the odd fields that concern a task: its own, and those of the evaluation as a whole."""
        others = {name for name in (*self.results, *self.configs) if name != task}
        return tuple(item for item in self.odd_fields if entry_of(item) not in others)

    def is_group(self, task: str) -> bool:
        """Tell whether a name belongs to a group, whose numbers lm-eval computes from its subtasks."""
        return bool(self.group_subtasks.get(task))

    def version(self, task: str) -> Scalar:
        """Return the version of a task; null for a group of an old file, which has none."""
        stated = self.versions.get(task)
        return None if stated == _NOT_STATED else stated

    def n_shot_of(self, task: str) -> Scalar:
        """Return the number of in-context examples; null if the file does not say, or not for each task."""
        stated = self.n_shot.get(task, self.configs.get(task, {}).get("num_fewshot"))
        if not self.has_filters:
            stated = self.config.get("num_fewshot")
        return stated if isinstance(stated, int | float | str) else None

    def reported(self, task: str) -> dict[str, ReportedNumber]:
        """Return the numbers reported for a task, by "{metric},{filter}" and in the file's order."""
        row = self.results.get(task, {})
        keys = [key for key in row if "," in key or not (self.has_filters or key in _NO_METRICS)]
        return {key: ReportedNumber(row[key], row.get(_error_key(key))) for key in keys if not _is_error_key(key, row)}

    def leaves(self, group: str) -> list[str]:
        """Return the tasks of a group and of its nested groups, each task once, in order."""
        found: dict[str, None] = {}
        stack = [group]
        while stack:
            name = stack.pop()
            if name not in found:
                found[name] = None
                stack += reversed(self.group_subtasks.get(name, ()))
        return [name for name in found if name != group and not self.is_group(name)]

    def nested(self, group: str) -> list[Any]:
        """Return the tasks of a group, with a list for each nested group; each group once."""
        return self._nested(group, set())

    def _nested(self, group: str, seen: set[str]) -> list[Any]:
        seen.add(group)
        if len(seen) > _MOST_NESTED:
            return self.leaves(group)
        members = [name for name in self.group_subtasks.get(group, ()) if name not in seen]
        return [self._nested(name, seen) if self.is_group(name) else name for name in members]

    def groups_of(self, task: str) -> list[str]:
        """Return the groups that contain a task or group, directly or through nested groups, in the file's order."""
        above: dict[str, list[str]] = {}
        for group, names in self.group_subtasks.items():
            for name in names:
                above.setdefault(name, []).append(group)
        found: set[str] = set()
        stack = [task]
        while stack:
            new = [group for group in above.get(stack.pop(), ()) if group not in found]
            found.update(new)
            stack += new
        return [group for group in self.group_subtasks if group in found and group != task]

    def higher(self, task: str, metric: str) -> bool | None:
        """Tell whether higher is better for a metric, named without its filter; null if the file does not say.

        Before lm-eval 0.4.3, only the list of metrics in the task's configuration says. A group has the direction of
        its tasks if these agree.
        """
        stated = self.higher_is_better.get(task, {}).get(metric)
        if not isinstance(stated, bool):
            stated = self._listed_direction(task, metric)
        if stated is None and self.is_group(task):
            found = {self.higher(leaf, metric) for leaf in self.leaves(task)} - {None}
            return found.pop() if len(found) == 1 else None
        return stated

    def _listed_direction(self, task: str, metric: str) -> bool | None:
        for item in objects(self.configs.get(task, {}).get("metric_list")):
            if item.get("metric") == metric and isinstance(item.get("higher_is_better"), bool):
                return bool(item["higher_is_better"])
        return None

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
    metric, comma, filter_name = key.partition(",")
    return f"{metric}_stderr{comma}{filter_name}"


def _is_error_key(key: str, row: Mapping[str, Any]) -> bool:
    metric, comma, filter_name = key.partition(",")
    return metric.endswith("_stderr") and f"{metric.removesuffix('_stderr')}{comma}{filter_name}" in row


def is_placeholder(value: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Tell whether a reported value is a text that stands for no number, such as "N/A" or " "."""
    return value is None or (isinstance(value, str) and as_float(value) is None)


def entry_of(odd_field: Reject) -> str | None:
    """Return the task that an odd field belongs to; null if the field concerns the evaluation as a whole."""
    _, bracket, entry = (odd_field.place or "").partition("[")
    return entry.partition("]")[0].strip("'") if bracket else None

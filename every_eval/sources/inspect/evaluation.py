"""The evaluation of a log: the name of its run, its scores by name, and the values that all its rows share."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from every_eval.contracts.shared_columns import RUN_SETTINGS
from every_eval.sources.inspect.evaluated_model import EvaluatedModel, model_of, plain, role_models
from every_eval.sources.inspect.own_arguments import own_arguments
from every_eval.sources.inspect.published_spec import PublishedSpec, published_spec
from every_eval.sources.inspect.records import EvalSpec, Header, ReportedMetric, ReportedScore, is_count, is_number
from every_eval.sources.inspect.statistics.derivable import declared_names
from every_eval.sources.source import Run

AVERAGES: Final = ("accuracy", "mean")
"""Metrics that are the mean of a score's numbers, so that they are defined for a single sample."""

_LIMITS: Final = (
    *("limit", "sample_id", "message_limit", "token_limit", "time_limit", "working_limit", "cost_limit", "turn_limit"),
)
"""Settings that change which samples are evaluated, or how long a model may try."""
_CHOICE: Final = ("limit", "sample_id")
"""Settings because of which not all samples are evaluated."""
_LONGEST_VALUE: Final = 80
"""Longest argument that a variant quotes; a digest stands for a longer one."""


@dataclass(frozen=True)
class ScoreName:
    """A number that a scorer gives: its whole value, or one element of it."""

    scorer: str
    """Name of the scorer in the samples."""
    key: str | None = None
    """Key of the element; null if the value is a single number."""

    def __str__(self) -> str:
        return self.scorer if self.key is None else f"{self.scorer}.{self.key}"


def score_name(score: ReportedScore) -> ScoreName:
    """Return which number of the samples a reported score is made from.

    The second of two scorers with the same name has a number at the end: `match1` of the scorer `match`.
    """
    is_whole = not score.scorer or re.fullmatch(re.escape(score.scorer) + r"\d*", score.name)
    return ScoreName(score.name) if is_whole else ScoreName(score.scorer, score.name)


@dataclass(frozen=True)
class Evaluation:
    """The evaluation of one log."""

    header: Header
    messages: str
    """What is published of messages: final, all or none."""
    ordinal: int = 1
    """Number of the model among models that differ only in values that are not published."""

    @cached_property
    def model(self) -> EvaluatedModel:
        """Model that was evaluated."""
        return model_of(self.header.eval, self.ordinal)

    @cached_property
    def roles(self) -> Mapping[str, str]:
        """Name of the model of each role, for example of the grader."""
        return role_models(self.header.eval)

    @cached_property
    def spec(self) -> PublishedSpec:
        """Specification of the run, without what is not published."""
        return published_spec(self.header, self.model, self.messages)

    @cached_property
    def scores(self) -> list[ReportedScore]:
        """Reported scores; those that Inspect would have reported if the evaluation ended before it did."""
        if self.header.results is not None:
            return self.header.results.scores
        return list(declared_scores(self.header.eval))

    @property
    def metric_names(self) -> Iterator[str]:
        """Names of all reported metrics."""
        return (metric_name(score, metric) for score in self.scores for metric in score.metrics)

    @cached_property
    def arguments(self) -> Mapping[str, str]:
        """Arguments of the task as they may be published."""
        return {key: _short(value) for key, value in _public(self.header.eval.task_args).items()}

    @cached_property
    def variant(self) -> str:
        """Task with its version, its arguments, its solver and its limits: models are compared within a variant."""
        spec = self.header.eval
        version = {} if spec.task_version is None else {"version": plain(spec.task_version)}
        solver = {"solver": spec.solver} if isinstance(spec.solver, str) else {}
        solver |= {f"solver.{key}": _short(value) for key, value in _public(spec.solver_args).items() if solver}
        limits = {key: _short(value) for key, value in self._config.items() if key in _LIMITS and value is not None}
        stated = {**version, **self.arguments, **solver, **limits}
        return f"{spec.task}:{','.join(f'{key}={value}' for key, value in stated.items())}" if stated else spec.task

    @property
    def run_name(self) -> str:
        """Name of the run: the variant and the model."""
        return f"{self.variant},model={self.model.name or ''},model_deployment={self.model.deployment}"

    @property
    def is_partial(self) -> bool:
        """True if only some samples of the dataset were to be evaluated."""
        return any(self._config.get(key) is not None for key in _CHOICE)

    @property
    def has_samples(self) -> bool:
        """False if the log was written without samples (`log_samples=False`)."""
        return self._config.get("log_samples") is not False

    @cached_property
    def average_names(self) -> Mapping[ScoreName, str]:
        """Metric that is the mean of each reported score over samples and epochs: accuracy, else mean."""
        found: dict[ScoreName, str] = {}
        for score in self.scores:
            stated = [name for name in AVERAGES if name in score.metrics]
            if stated and score.reducer in (None, "mean"):
                found.setdefault(score_name(score), stated[0])
        return found

    @cached_property
    def keys(self) -> Mapping[str, list[str]]:
        """Keys of each scorer whose values are objects, as far as they are reported."""
        found: dict[str, list[str]] = {}
        for name in dict.fromkeys(map(score_name, self.scores)):
            if name.key is not None:
                found.setdefault(name.scorer, []).append(name.key)
        return found

    @cached_property
    def _value_names(self) -> dict[tuple[str, str | None], str]:
        return {}

    def value_name(self, scorer: str, key: str | None = None) -> str:
        """Return the metric name of single values of a scorer, or of a key of its objects: that of their mean."""
        names = self._value_names
        if (scorer, key) not in names:
            score = ScoreName(scorer, key)
            names[scorer, key] = f"{self.average_names.get(score, 'mean')},{score}"
        return names[scorer, key]

    @cached_property
    def main_metrics(self) -> tuple[str, ...]:
        """Main metrics of the run: Inspect's headline, then the first reported metric of every other scorer."""
        found: dict[str, str] = {}
        headline = self.header.results.headline if self.header.results else None
        if headline:
            for score in self.scores:
                is_meant = (score.name, score.reducer) == (headline.score, headline.reducer)
                if is_meant and headline.metric in score.metrics:
                    found.setdefault(score.scorer, metric_name(score, headline.metric))
        for score in self.scores:
            if score.metrics:
                found.setdefault(score.scorer, metric_name(score, next(iter(score.metrics))))
        return tuple(found.values())

    @cached_property
    def main_score(self) -> ScoreName | None:
        """Score of the first main metric; null if nothing is reported."""
        first = self.main_metrics[:1]
        named = ((metric_name(score, metric), score_name(score)) for score in self.scores for metric in score.metrics)
        return next((score for name, score in named if name in first), None)

    def shared(self, run: Run) -> Mapping[str, Any]:
        """Return the values of columns that are equal in all rows of the run."""
        return {
            "source": run.source,
            "benchmark": run.benchmark,
            "suite": run.suite,
            "run": run.name,
            "source_url": f"{run.folder}/{run.inputs[0].name}" if run.inputs else run.folder,
            "source_version": run.suite,
            "releases": list(run.releases),
            **self._shared,
        }

    @cached_property
    def _shared(self) -> Mapping[str, Any]:
        return {
            "dataset_name": self.header.eval.task,
            "task": ",".join(f"{key}={value}" for key, value in self.arguments.items()) or None,
            "variant": self.variant,
            "groups": [],
            "model_name": self.model.name,
            "model_family": self.model.family,
            "model_deployment": self.model.deployment,
            "adapter_method": None,
            "reference_index": None,
            "withheld_arguments": list(self.spec.withheld) or None,
            **dict.fromkeys(_UNSTATED),
            **self.settings,
        }

    @property
    def settings(self) -> Mapping[str, float | int | None]:
        """Values of the columns `RUN_SETTINGS`; a setting of another type than a number is null."""
        stated = self.header.eval.model_generate_config
        generation = stated if isinstance(stated, dict) else {}
        temperature = generation.get("temperature")
        found: dict[str, float | int | None] = dict.fromkeys(column.name for column in RUN_SETTINGS)
        for column, name in (("max_tokens", "max_tokens"), ("num_outputs", "num_choices")):
            value = generation.get(name)
            found[column] = value if is_count(value) else None
        return found | {"temperature": float(temperature) if is_number(temperature) else None}

    @cached_property
    def _config(self) -> Mapping[str, Any]:
        stated = self.header.eval.config
        return stated if isinstance(stated, dict) else {}


_UNSTATED: Final = (
    *("category", "creator", "hf_split", "hf_index", "license", "split", "sub_split"),
    *("perturbation", "perturbation_name", "computed_on", "output_media", "truncated_output"),
)
"""Columns that are null in every row, because Inspect does not state their values."""


def metric_name(score: ReportedScore, metric: str) -> str:
    """Return the name of a reported metric: `{metric},{score}`, and `,{reducer}` if epochs are not averaged.

    A metric that a function returns among others, such as the lower end of `ci`, has the function's name before it.
    """
    group = score.metrics[metric].group if metric in score.metrics else None
    function = f"{group}." if isinstance(group, str) else ""
    reducer = "" if score.reducer in (None, "mean") else f",{score.reducer}"
    return f"{function}{metric},{score_name(score)}{reducer}"


def cluster_key(score: ReportedScore) -> str | None:
    """Return the key of the samples' metadata by which the metrics of a score cluster samples: `stderr(cluster=…)`.

    There is none if no metric names a key, or if metrics name different keys.
    """
    arguments = [metric.params or metric.options for metric in score.metrics.values()]
    keys = {stated.get("cluster") for stated in arguments if isinstance(stated, dict)} - {None}
    key = keys.pop() if len(keys) == 1 else None
    return key if isinstance(key, str) else None


def declared_scores(spec: EvalSpec) -> Iterator[ReportedScore]:
    """Return the scores that a log declares, without numbers; a scorer whose metrics are of single keys has none."""
    for scorer in spec.scorers if isinstance(spec.scorers, list) else ():
        name, declared = (scorer.get(key) for key in ("name", "metrics")) if isinstance(scorer, dict) else (None, None)
        if isinstance(name, str) and isinstance(declared, list):
            names = [metric.rpartition("/")[2] for metric in declared_names(declared)]
            yield ReportedScore(name, {metric: ReportedMetric(metric) for metric in names}, name)


def _public(stated: Any) -> Mapping[str, Any]:  # noqa: ANN401 - any JSON value
    """Return arguments that have a value and may be published."""
    return {key: value for key, value in own_arguments(stated).shown.items() if value is not None}


def _short(value: Any) -> str:  # noqa: ANN401 - any JSON value
    text = plain(value)
    is_short = len(text) <= _LONGEST_VALUE and not set(text) & set("\n\r")
    return text if is_short else f"#{hashlib.sha256(text.encode()).hexdigest()[:8]}"

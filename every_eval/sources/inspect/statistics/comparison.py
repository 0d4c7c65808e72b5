"""Compare the metrics that Inspect reports in a log's `results` with the same metrics recomputed from the samples."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np

from every_eval.sources.inspect.statistics.derivable import (
    ARGUMENTS,
    EARLIER_RULES,
    NOT_DERIVABLE,
    PACKAGE,
    THRESHOLD_UNKNOWN,
    NotDerivable,
    check_declaration,
    declared_names,
    has_earlier_rules,
    parse_reducer,
    unfinished_reason,
)
from every_eval.sources.inspect.statistics.metrics import Result, Scores, metadata_keys, metric_of, population_variance
from every_eval.sources.inspect.statistics.reducers import HAS_THRESHOLD
from every_eval.sources.inspect.statistics.run_scores import RunScores, ScoredSample
from every_eval.sources.inspect.statistics.values import to_float
from every_eval.sources.tolerance import differs

UNREDUCED: Final = frozenset({"frequency"})
"""Metrics that count each epoch: those declared with `@metric(scores="unreduced")`."""
IMPLICIT_REDUCER: Final = "mean"
"""Reducer of a log that names none."""
OF_SEVERAL_NUMBERS: Final = ("ci", "ci_wilson", "frequency", "grouped")
"""Metrics of which each number is an entry of its own."""


@dataclass(frozen=True, slots=True)
class ComparedMetric:
    """A reported metric beside the recomputed one."""

    scorer: str
    """Name of the scorer."""
    score: str
    """Name of the score: that of the scorer, or a key of the scorer's objects."""
    metric: str
    """Key of the metric within its score, such as "accuracy", or "upper" of the metric `ci`."""
    function: str
    """Name of the function that computed the metric, such as "ci"."""
    reducer: str | None
    """Name of the epoch reducer; null if the log names none."""
    reported: float
    """Number in the log; NaN where Inspect wrote NaN or no number."""
    recomputed: float | None = None
    """Number recomputed from the samples; null if the metric is not derivable."""
    n: int | None = None
    """Number of scores that the recomputed number is over; null if the metric is not derivable."""
    scale: float = math.nan
    """Largest absolute value of the scores."""
    reason: str | None = None
    """Reason why the metric is not derivable, or why the recomputed number is uncertain; null if neither."""

    @property
    def is_exact(self) -> bool:
        """True if the numbers are equal to the bit, or both NaN."""
        ours = self.recomputed
        return ours is not None and (ours == self.reported or (math.isnan(ours) and math.isnan(self.reported)))

    @property
    def is_equal(self) -> bool | None:
        """True if the numbers are equal but for rounding; null if the metric is not derivable.

        Null too if only Inspect's number is not finite: older versions have formulas that divide by 0.
        """
        if self.is_exact:
            return True
        if self.recomputed is None or not math.isfinite(self.reported):
            return None
        return not differs(*(np.array([number]) for number in (self.recomputed, self.reported, self.scale)))[0]


def needed_metadata(results: Mapping[str, Any]) -> frozenset[str]:
    """Return the keys of the samples' metadata that the metrics of a log's `results` need, for clusters and groups."""
    arguments = (_arguments(metric) for score in _objects(results.get("scores")) for metric in _metrics(score).values())
    return frozenset[str]().union(*map(metadata_keys, arguments))


def scores_of_log(log: Mapping[str, Any], samples: Sequence[ScoredSample]) -> RunScores:
    """Return the scores of a log's samples, each epoch of a sample once, in any order."""
    sample_ids = _object(_object(log.get("eval")).get("dataset")).get("sample_ids")
    return RunScores(samples, sample_ids if isinstance(sample_ids, list) else None)


def compare(log: Mapping[str, Any], scores: RunScores) -> list[ComparedMetric]:
    """Return each reported metric of a log beside the number that the samples give, in the order of the log.

    Args:
        log: Header of the log: the keys `status`, `eval` and `results`.
        scores: Scores of the log's samples.
    """
    results, spec = _object(log.get("results")), _object(log.get("eval"))
    samples = scores.samples
    n_without_error = sum(not sample.has_error for sample in samples)
    n_scored = sum(bool(sample.values) for sample in samples)
    reason = unfinished_reason(str(log.get("status")), results, len(samples), n_without_error, n_scored)
    return [
        compared
        for score in _objects(results.get("scores"))
        for compared in _Recomputation(scores, score, _declared(spec, score), spec).compare(reason)
    ]


@dataclass(frozen=True, slots=True)
class _Recomputation:
    """Recomputes the metrics of one entry of `results.scores`."""

    scores: RunScores
    score: Mapping[str, Any]
    """Entry of `results.scores`."""
    declared: Any
    """Metrics that the log declares for the scorer; null if it declares none."""
    spec: Mapping[str, Any]
    """Field `eval` of the log."""

    @property
    def key(self) -> str | None:
        """Key of the scorer's objects; null if the metrics are of the whole value."""
        name = str(self.score.get("name"))
        return name if name != _scorer(self.score) or isinstance(self.declared, dict) else None

    def compare(self, reason: str | None) -> Iterator[ComparedMetric]:
        """Yield each metric of the entry; nothing is recomputed if there is a reason why the samples do not give it."""
        scorer, name, reducer = _scorer(self.score), str(self.score.get("name")), _text(self.score.get("reducer"))
        known: dict[str, tuple[Result, Scores]] = {}
        for key, metric in _metrics(self.score).items():
            function = self._function(metric)
            reported = ComparedMetric(scorer, name, key, function, reducer, _number(metric), reason=reason)
            try:
                yield reported if reason else self._recompute(reported, metric, known)
            except NotDerivable as why:
                yield replace(reported, reason=str(why))

    def _recompute(
        self, reported: ComparedMetric, metric: Mapping[str, Any], known: dict[str, tuple[Result, Scores]]
    ) -> ComparedMetric:
        arguments = _arguments(metric)
        call = json.dumps([reported.function, arguments], sort_keys=True)
        if call not in known:
            known[call] = self._call(reported, arguments)
        result, scores = known[call]
        ours = _entry(result, reported.function, str(metric.get("name")))
        scale = max(map(abs, scores.numbers), default=math.nan)
        compared = replace(reported, recomputed=ours, n=len(scores), scale=scale)
        if reported.function == "var" and not compared.is_equal:
            earlier = replace(compared, recomputed=population_variance(scores))
            compared = earlier if earlier.is_equal else compared
        return replace(compared, reason=self._doubt(reported)) if compared.is_equal is False else compared

    def _doubt(self, reported: ComparedMetric) -> str | None:
        """Return the reason why a number that differs can be right nevertheless; null if there is none."""
        if has_earlier_rules(self.spec) and self.scores.has_unclear(reported.scorer):
            return EARLIER_RULES
        has_threshold = reported.reducer is not None and parse_reducer(reported.reducer)[0] in HAS_THRESHOLD
        return THRESHOLD_UNKNOWN if has_threshold else None

    def _call(self, reported: ComparedMetric, arguments: Mapping[str, Any]) -> tuple[Result, Scores]:
        check_declaration(reported.function, declared_names(self.declared, self.key))
        function = metric_of(reported.function, arguments)
        is_switched_off = _object(self.spec.get("config")).get("epochs_reducer") == []
        is_unreduced = reported.reducer is None and (reported.function in UNREDUCED or is_switched_off)
        n_scored = self.score.get("scored_samples")
        scores = self.scores.scored(
            reported.scorer,
            self.key,
            None if is_unreduced else reported.reducer or IMPLICIT_REDUCER,
            n_scored if isinstance(n_scored, int) else None,
        )
        with np.errstate(all="ignore"):  # Values may be infinite.
            return function(scores), scores

    def _function(self, metric: Mapping[str, Any]) -> str:
        """Return the function of a metric. Older versions do not name the function of an entry of several numbers."""
        if isinstance(metric.get("group"), str):
            return str(metric["group"])
        name = str(metric.get("name"))
        if name in ARGUMENTS or name in NOT_DERIVABLE:
            return name
        if "group_key" in _arguments(metric):
            return "grouped"
        declared = declared_names(self.declared, self.key)
        several = [function for function in OF_SEVERAL_NUMBERS if PACKAGE + function in declared]
        return several[0] if len(several) == 1 else name


def _entry(result: Result, function: str, name: str) -> float:
    """Return the number of an entry. Older versions put the function before the name, or digits behind it."""
    if not isinstance(result, Mapping):
        return result
    short = name.removeprefix(f"{function}_")
    n_digits = len(short) - len(short.rstrip("0123456789"))
    for key in (name, *(short[: len(short) - n] for n in range(n_digits + 1))):
        if key in result:
            return result[key]
    if name == function:  # For no scores, Inspect can report a single NaN in place of several numbers.
        return math.nan
    raise NotDerivable(f"no {name!r} among the numbers that the samples give for {function}")


def _declared(spec: Mapping[str, Any], score: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON value
    """Return the metrics that the log declares for a scorer. The second scorer of one name has a digit behind it."""
    scorers = {str(item.get("name")): item.get("metrics") for item in _objects(spec.get("scorers"))}
    name = _scorer(score)
    return scorers.get(name, scorers.get(name.rstrip("0123456789")))


def _scorer(score: Mapping[str, Any]) -> str:
    return str(score.get("scorer") or score.get("name"))


def _metrics(score: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
    metrics = _object(score.get("metrics"))
    return {key: metric for key, metric in metrics.items() if isinstance(metric, dict)}


def _arguments(metric: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the arguments of a metric, which versions before 0.3.100 call options."""
    return _object(metric.get("params") or metric.get("options"))


def _number(metric: Mapping[str, Any]) -> float:
    value = metric.get("value")
    return to_float(value) if isinstance(value, int | float) else math.nan


def _text(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, str) else None


def _object(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, dict) else {}


def _objects(value: Any) -> Sequence[Mapping[str, Any]]:  # noqa: ANN401 - any JSON value
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []

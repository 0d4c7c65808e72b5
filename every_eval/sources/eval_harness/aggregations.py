"""lm-eval's aggregations: how the values of a task's rows become the number that lm-eval reports.

The formulas are those of `lm_eval/api/metrics.py`. Each aggregation is a function f of a ratio r = S / T of sums over
the rows: of values over the number of values, or of log-likelihoods over words or bytes. The share of a row in f(r) is
the linearisation of f at r. The mean of the shares is f(r), and their spread gives the standard error of f(r), as in
`every_eval.sources.helm.statistics.perplexity`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from every_eval.contracts.stats import RESAMPLED, SAMPLE


@dataclass(frozen=True)
class Aggregation:
    """An aggregation that we can recompute from rows."""

    name: str
    """Name in lm-eval."""
    function: Callable[[float], float]
    """Function of the ratio of sums."""
    slope: Callable[[float], float]
    """Derivative of `function`."""
    is_weighted: bool
    """True if the value of a row is a pair: a log-likelihood, and the number of words or bytes that it covers."""

    @property
    def is_mean(self) -> bool:
        """True if the aggregation is the plain mean of values, so that the metric is defined for a single row."""
        return self.name in (MEAN, NANMEAN)

    @property
    def leaves_out_nan(self) -> bool:
        """True if lm-eval leaves out values that are NaN."""
        return self.name == NANMEAN

    @property
    def error_method(self) -> str:
        """Method of lm-eval's standard error: a formula for `mean`, bootstrap for all other aggregations."""
        return SAMPLE if self.name == MEAN else RESAMPLED


MEAN: Final = "mean"
NANMEAN: Final = "nanmean"

_LN_2: Final = math.log(2)


def _exp(rate: float) -> float:
    try:
        return math.exp(-rate)
    except OverflowError:
        return math.inf


def _identity(rate: float) -> float:
    return rate


_ALL: Final = (
    Aggregation(MEAN, _identity, lambda _: 1.0, False),
    Aggregation(NANMEAN, _identity, lambda _: 1.0, False),
    Aggregation("perplexity", _exp, lambda rate: -_exp(rate), False),
    Aggregation("weighted_perplexity", _exp, lambda rate: -_exp(rate), True),
    Aggregation("bits_per_byte", lambda rate: -rate / _LN_2, lambda _: -1 / _LN_2, True),
)
AGGREGATIONS: Final[Mapping[str, Aggregation]] = {item.name: item for item in _ALL}
"""Aggregations by name. Numbers of all other aggregations, such as f1, bleu or brier_score, are taken as reported."""

_REGISTERED: Final = {
    **dict.fromkeys(("acc", "acc_norm", "acc_mutual_info", "acc_bytes", "exact_match", "likelihood"), MEAN),
    "perplexity": "perplexity",
    "word_perplexity": "weighted_perplexity",
    "byte_perplexity": "weighted_perplexity",
    "bits_per_byte": "bits_per_byte",
}
"""Aggregation that lm-eval registers for a metric, which holds if a task lists the metric without an aggregation."""


@dataclass(frozen=True)
class MetricAggregation:
    """Aggregation of one metric of a task."""

    aggregation: Aggregation | None
    """Aggregation that we can recompute; null for any other."""
    is_stated: bool
    """True if the task lists the metric; false if the aggregation is lm-eval's default, which a task can override."""


def aggregation_of(config: Mapping[str, Any], metric: str) -> MetricAggregation:
    """Return the aggregation of a metric, named without its filter, from the configuration of a task."""
    for item in objects(config.get("metric_list")):
        if item.get("metric") == metric:
            name = item.get("aggregation") or _REGISTERED.get(metric)
            return MetricAggregation(AGGREGATIONS.get(str(name)), True)
    return MetricAggregation(AGGREGATIONS[_REGISTERED.get(metric, MEAN)], False)


def objects(stated: Any) -> Sequence[Mapping[str, Any]]:  # noqa: ANN401 - any JSON value
    """Return the objects in a list of a task's configuration; empty if the value is not a list."""
    return [item for item in stated if isinstance(item, dict)] if isinstance(stated, list) else []

"""How lm-eval makes one number of a task's rows, where the rows determine it (`lm_eval/api/metrics.py`).

All of these are functions f of a ratio r = S / T of sums over the rows: of values over their number, or of
log-likelihoods over words or bytes. A row's share in f(r) is f linearised at r, so that the mean of the shares is f(r)
and their spread gives its standard error, as in `every_eval.sources.helm.statistics.perplexity`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from every_eval.contracts.stats import RESAMPLED, SAMPLE


@dataclass(frozen=True)
class Aggregation:
    """One that rows determine."""

    name: str
    function: Callable[[float], float]
    slope: Callable[[float], float]
    """Derivative of `function`."""
    is_weighted: bool
    """Whether a row's value is a pair: a log-likelihood and the number of words or bytes that it is of."""

    @property
    def is_mean(self) -> bool:
        """Whether the number is the plain mean of the rows, so that it is defined for a single one."""
        return self.name in (MEAN, "nanmean")

    @property
    def error_method(self) -> str:
        """How lm-eval takes the standard error: by formula for `mean`, by bootstrap for anything else."""
        return SAMPLE if self.name == MEAN else RESAMPLED


MEAN: Final = "mean"

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
    Aggregation("nanmean", _identity, lambda _: 1.0, False),
    Aggregation("perplexity", _exp, lambda rate: -_exp(rate), False),
    Aggregation("weighted_perplexity", _exp, lambda rate: -_exp(rate), True),
    Aggregation("bits_per_byte", lambda rate: -rate / _LN_2, lambda _: -1 / _LN_2, True),
)
AGGREGATIONS: Final[Mapping[str, Aggregation]] = {item.name: item for item in _ALL}
"""Those that rows determine. Any other, such as f1, bleu or brier_score, is taken as reported."""

_REGISTERED: Final = {
    **dict.fromkeys(("acc", "acc_norm", "acc_mutual_info", "acc_bytes", "exact_match", "likelihood"), MEAN),
    "perplexity": "perplexity",
    "word_perplexity": "weighted_perplexity",
    "byte_perplexity": "weighted_perplexity",
    "bits_per_byte": "bits_per_byte",
}
"""The aggregation that lm-eval registers with a metric; used where a task lists the metric without one."""


@dataclass(frozen=True)
class Aggregated:
    """How a task's metric is aggregated."""

    aggregation: Aggregation | None
    """Null where rows do not determine the number."""
    is_stated: bool
    """False for a metric that the task does not list: it is then lm-eval's fallback, which a task may override."""


def aggregated(config: Mapping[str, Any], metric: str) -> Aggregated:
    """The aggregation of a metric, by its name without the filter, in a task's `config`."""
    for item in objects(config.get("metric_list")):
        if item.get("metric") == metric:
            name = item.get("aggregation") or _REGISTERED.get(metric)
            return Aggregated(AGGREGATIONS.get(str(name)), True)
    return Aggregated(AGGREGATIONS[_REGISTERED.get(metric, MEAN)], False)


def objects(stated: Any) -> Sequence[Mapping[str, Any]]:  # noqa: ANN401 - any JSON value
    """The objects in a list of a task's configuration; none if it is no list."""
    return [item for item in stated if isinstance(item, dict)] if isinstance(stated, list) else []

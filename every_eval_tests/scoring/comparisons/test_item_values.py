import math

import numpy as np
import pytest

from every_eval.scoring.comparisons.item_values import item_values
from every_eval.scoring.responses.response_store import Responses
from every_eval.statistics.groups import FloatArray

LOGPROBS, TOKENS = np.array([-6.0, -10.0, -3.0]), np.array([3.0, 4.0, 2.0])
RATE = LOGPROBS.sum() / TOKENS.sum()


def responses(value: FloatArray, *ratio: FloatArray | None) -> Responses:
    n = len(value)
    unknown = np.full(n, np.nan)
    numerator, denominator = (unknown if part is None else part for part in (*ratio, None, None)[:2])
    return Responses(np.arange(n), np.arange(n), value, numerator, denominator)


def test_the_items_of_a_mean_are_its_scores() -> None:
    value = np.array([0.1, 0.2, 0.7])
    assert item_values(responses(value), float(value.mean())) is value


@pytest.mark.parametrize("statistic", [math.exp(-RATE), -RATE / math.log(2), RATE])
def test_the_items_of_a_ratio_have_the_ratio_as_their_mean(statistic: float) -> None:
    found = item_values(responses(LOGPROBS / TOKENS, LOGPROBS, TOKENS), statistic)
    assert found.mean() == pytest.approx(statistic)
    assert len(set(found.tolist())) == 3


def test_the_spread_of_a_ratio_is_that_of_the_ratio_estimator() -> None:
    found = item_values(responses(LOGPROBS / TOKENS, LOGPROBS, TOKENS), RATE)
    # Cochran, 2.11: the deviations are (s - r t) / mean(t).
    assert found - RATE == pytest.approx((LOGPROBS - RATE * TOKENS) / TOKENS.mean())


def test_a_perplexity_over_values_is_linearised_too() -> None:
    found = item_values(responses(LOGPROBS), math.exp(-LOGPROBS.mean()))
    assert found.mean() == pytest.approx(math.exp(-LOGPROBS.mean()))


@pytest.mark.parametrize("denominator", [None, TOKENS, np.zeros(3)])
def test_without_a_known_function_the_scores_stay_as_they_are(denominator: FloatArray | None) -> None:
    value = np.array([1.0, 2.0, 3.0])
    assert item_values(responses(value, LOGPROBS, denominator), 1234.5) is value


def test_no_items_have_no_values() -> None:
    assert len(item_values(responses(np.zeros(0)), 0.5)) == 0

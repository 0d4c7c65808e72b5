"""Confidence intervals: formulas by hand, and coverage by simulation."""

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from every_eval.statistics.intervals import (
    SMALL,
    Intervals,
    Moments,
    bounded_variance,
    confidence_intervals,
    t_interval,
    wilson,
)
from every_eval.statistics.quantiles import Z
from every_eval.statistics.student_t import t_quantile

Array = npt.NDArray[np.float64]
N_SAMPLES = 4000


def moments(n_means: int, **numbers: float | Array) -> Moments:
    """Moments of means; those not given are unknown."""
    unknown = dict.fromkeys(("lowest", "highest", "trial_variance", "residual_mean_square", "stated_error"), math.nan)
    full = {name: np.full(n_means, number) for name, number in (unknown | {"n_trials": 1.0} | numbers).items()}
    return Moments(**full)


def of_samples(values: Array, **known: float) -> Intervals:
    """Intervals of many samples at once; `values` has the shape (samples, items), trials averaged."""
    n_samples, n = values.shape
    mean = values.mean(axis=1) if n else np.full(n_samples, math.nan)
    m2 = ((values - mean[:, np.newaxis]) ** 2).sum(axis=1)
    return confidence_intervals(moments(n_samples, n=float(n), mean=mean, m2=m2, **({"is_binary": False} | known)))


def interval(outputs: list[list[float]]) -> Intervals:
    """The interval of one sample, from its instances' values, one list for each trial."""
    values = np.array(outputs, np.float64)
    is_binary = bool(np.isin(values, (0, 1)).all())
    return of_samples(values.mean(axis=0)[np.newaxis], n_trials=len(outputs), is_binary=is_binary)


def ends(found: Intervals) -> tuple[float, float]:
    """Lower and upper end of the one interval."""
    return found.low.item(), found.high.item()


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_gives_the_intervals_of_newcombes_examples(successes: int, n: int, low: float, high: float) -> None:
    # R. G. Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3
    found = interval([[1.0] * successes + [0.0] * (n - successes)])
    assert found.method.item() == "wilson"
    assert ends(found) == pytest.approx((low, high), abs=5e-5)


def test_the_ends_of_wilson_are_where_the_score_test_turns() -> None:
    p, n = 0.3, 10.0
    for end in wilson(np.array([p]), np.array([n])):
        assert (p - end[0]) ** 2 == pytest.approx(Z**2 * end[0] * (1 - end[0]) / n, rel=1e-12)


def test_wilson_reaches_0_and_1_exactly() -> None:
    assert interval([[0.0] * 5]).low.item() == 0.0
    assert interval([[1.0] * 5]).high.item() == 1.0


def test_of_several_trials_wilson_takes_the_effective_size() -> None:
    # Items 1, 2/3, 1/3, 0: p = 1/2, m2 = 2 (1/4 + 1/36) = 5/9, error² = 5/9 / 3 / 4 = 5/108. The interval adds a value
    # of variance 1/4, as p~ = 4 / 8: s~² = (5/9 + 1/4) / 4 = 29/144, s~² / 4 = 29/576, and t of 3 degrees is 3.1824.
    found = interval([[1.0, 1.0, 1.0, 0.0], [1.0, 1.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
    low, high = wilson(np.array([0.5]), np.array([1 / 4 / (29 / 576) * (Z / 3.182446305284) ** 2]))
    assert found.method.item() == "wilson_effective"
    assert found.standard_error.item() == pytest.approx(math.sqrt(5 / 108), rel=1e-14)
    assert ends(found) == pytest.approx((low[0], high[0]), rel=1e-10)


def test_the_variance_between_trials_widens_the_interval() -> None:
    # Items 0, 2 and trials 0, 1 without a residual: error² = 1 + 0.25. Of 2 items and 2 trials, Satterthwaite's degrees
    # of freedom are 1.25² / (1² / 1 + 0.25² / 1).
    known = {"trial_variance": 0.5, "residual_mean_square": 0.0}
    found = of_samples(np.array([[0.5, 2.5]]), n_trials=2.0, **known)
    half = t_quantile(1.25**2 / 1.0625) * math.sqrt(1.25)
    assert found.standard_error.item() == pytest.approx(math.sqrt(1.25), rel=1e-14)
    assert ends(found) == pytest.approx((1.5 - half, 1.5 + half), rel=1e-10)


@pytest.mark.parametrize("outputs", [[[1.0] * 7] * 3, [[0.0] * 7] * 3])
def test_where_all_trials_agree_on_0_or_1_the_effective_size_is_the_number_of_items(
    outputs: list[list[float]],
) -> None:
    found = interval(outputs)
    low, high = wilson(np.array(outputs[0][:1]), np.array([7.0]))
    assert ends(found) == (low[0], high[0])


def test_values_in_a_range_are_rescaled() -> None:
    values = np.array([[2.0, 4.0, 4.0, 10.0, 3.0]])
    unit, scaled = of_samples(values / 10, lowest=0.0, highest=1.0), of_samples(values - 1, lowest=-1.0, highest=9.0)
    assert unit.method.item() == scaled.method.item() == "wilson_effective"
    assert ends(scaled) == pytest.approx(tuple(10 * end - 1 for end in ends(unit)), rel=1e-12)


def test_the_bounded_variance_adds_one_value_of_the_largest_variance() -> None:
    # Values 0.2, 0.2, 0.8: mean 0.4, m2 0.24, p~ = (1.2 + 2) / 7; (0.24 + p~ (1 - p~)) / 3
    p = 3.2 / 7
    (found,) = bounded_variance(np.array([3.0]), np.array([0.4]), np.array([0.24]))
    assert found == pytest.approx((0.24 + p * (1 - p)) / 3, rel=1e-14)


def test_equal_values_inside_a_range_have_an_interval_that_is_not_empty() -> None:
    found = of_samples(np.full((1, 20), 0.25), lowest=0.0, highest=1.0)
    assert found.standard_error.item() == 0.0
    assert 0 < found.low.item() < 0.25 < found.high.item() < 1


def test_equal_values_at_an_end_of_a_range_have_the_interval_of_wilson() -> None:
    low, high = wilson(np.array([0.0]), np.array([20.0]))
    assert ends(of_samples(np.full((1, 20), 3.0), lowest=3.0, highest=5.0)) == pytest.approx((3.0, 3 + 2 * high[0]))
    assert low[0] == 0.0


def test_a_mean_that_only_rounding_tells_from_an_end_has_the_interval_of_the_end() -> None:
    # HELM's BLEU is 2.2e-308 where no words match.
    for value, end in ((2.2250738585072626e-308, 0.0), (math.nextafter(1, 0), 1.0)):
        found = of_samples(np.full((1, 9), value), lowest=0.0, highest=1.0)
        assert ends(found) == ends(of_samples(np.full((1, 9), end), lowest=0.0, highest=1.0))
        assert ends(found)[0] <= value <= ends(found)[1]


def test_a_mean_beyond_its_range_has_students_interval() -> None:
    found = of_samples(np.array([[1.0, 2.0, 3.0, 4.0, 5.0]]), lowest=0.0, highest=1.0)
    assert found.method.item() == "t"


def test_other_values_have_students_interval() -> None:
    # 1 … 5: mean 3, variance 10 / 4, error √(2.5 / 5) = √0.5; t of 4 degrees of freedom is 2.776445
    found = interval([[1.0, 2.0, 3.0, 4.0, 5.0]])
    half = 2.7764451052 * math.sqrt(0.5)
    assert found.method.item() == "t"
    assert ends(found) == pytest.approx((3 - half, 3 + half), rel=1e-10)


def test_one_item_has_no_standard_error_and_an_interval_only_if_binary() -> None:
    fraction, binary = interval([[0.5]]), interval([[1.0]])
    assert np.isnan([fraction.standard_error, fraction.low, fraction.high, binary.standard_error]).all()
    assert (binary.high.item(), binary.is_small.item()) == (1.0, True)


def test_without_a_value_nothing_is_known() -> None:
    for n in (0.0, math.nan):
        found = confidence_intervals(moments(1, n=n, mean=math.nan, m2=math.nan, is_binary=False))
        assert np.isnan([found.standard_error, found.low, found.high]).all()


def test_a_stated_error_replaces_the_error_of_the_items() -> None:
    # Ten values, half of them 1: an error of 0.1 is worth 0.5 x 0.5 / 0.1² = 25 draws, with t of 9 degrees 2.2622.
    found = confidence_intervals(moments(1, n=10.0, mean=0.5, m2=2.5, is_binary=True, stated_error=0.1))
    low, high = wilson(np.array([0.5]), np.array([25 * (Z / 2.2621571628) ** 2]))
    assert (found.standard_error.item(), found.method.item()) == (0.1, "wilson_effective")
    assert ends(found) == pytest.approx((low[0], high[0]), rel=1e-9)
    unbounded = confidence_intervals(moments(1, n=10.0, mean=0.5, m2=2.5, is_binary=False, stated_error=0.1))
    assert ends(unbounded) == pytest.approx(tuple(end[0] for end in t_interval(*np.array([[0.5], [0.1], [9.0]]))))


def test_small_samples_are_marked() -> None:
    assert interval([[0.0, 1.0] * (SMALL // 2 - 1)]).is_small.item()
    assert not interval([[0.0, 1.0] * (SMALL // 2)]).is_small.item()


@pytest.mark.parametrize(("n", "p"), [(10, 0.1), (20, 0.5), (50, 0.97), (100, 0.3), (400, 0.9)])
def test_wilson_covers_as_often_as_enumeration_says(n: int, p: float) -> None:
    successes = np.arange(n + 1)
    low, high = wilson(successes / n, np.full(n + 1, float(n)))
    chances = np.array([math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in successes])
    exact = chances[(low <= p) & (p <= high)].sum()
    drawn = (np.random.default_rng([n, round(100 * p)]).random((N_SAMPLES, n)) < p).astype(np.float64)
    found = of_samples(drawn, is_binary=True)
    covered = np.mean((found.low <= p) & (p <= found.high))
    # Four standard errors of a share of N_SAMPLES
    assert covered == pytest.approx(exact, abs=4 * math.sqrt(exact * (1 - exact) / N_SAMPLES))


def one_trial(p: float) -> Callable[[np.random.Generator, int], Array]:
    return lambda rng, n: (rng.random((N_SAMPLES, n)) < p).astype(np.float64)


def three_trials(a: float, b: float) -> Callable[[np.random.Generator, int], Array]:
    """Items of different difficulty, each tried three times: clustered."""
    return lambda rng, n: rng.binomial(3, rng.beta(a, b, (N_SAMPLES, n))) / 3


@pytest.mark.parametrize("n", [100, 300])
@pytest.mark.parametrize(
    ("draw", "truth", "n_trials", "is_binary"),
    [
        (one_trial(0.3), 0.3, 1, True),
        (one_trial(0.85), 0.85, 1, True),
        (three_trials(1.0, 1.0), 0.5, 3, True),
        (three_trials(0.4, 0.1), 0.8, 3, True),
        (three_trials(50.0, 50.0), 0.5, 3, True),
        (lambda rng, n: rng.random((N_SAMPLES, n)), 0.5, 1, False),
        (lambda rng, n: rng.gamma(2.0, 1.0, (N_SAMPLES, n)), 2.0, 1, False),
        (
            lambda rng, n: rng.gamma(2.0, 1.0, (N_SAMPLES, n)) + rng.normal(0, 1, (3, N_SAMPLES, n)).mean(axis=0),
            2.0,
            3,
            False,
        ),
    ],
    ids=[
        "binary",
        "binary high",
        "binary x 3",
        "binary high x 3",
        "binary alike x 3",
        "uniform",
        "skewed",
        "skewed x 3",
    ],
)
def test_from_100_items_on_intervals_cover_93_to_97_percent(
    draw: Callable[[np.random.Generator, int], Array], truth: float, n_trials: int, is_binary: bool, n: int
) -> None:
    found = of_samples(draw(np.random.default_rng(n), n), n_trials=n_trials, is_binary=is_binary)
    assert 0.93 <= np.mean((found.low <= truth) & (truth <= found.high)) <= 0.97

import pytest

from every_eval.errors import ConfigurationError, UpstreamUnavailable
from every_eval.network.retries import with_retries


class Flaky:
    """Fails as often as told, then gives its number of calls."""

    def __init__(self, n_failures: int, error: Exception) -> None:
        self.n_failures, self.error, self.n_calls = n_failures, error, 0

    def __call__(self) -> int:
        self.n_calls += 1
        if self.n_calls <= self.n_failures:
            raise self.error
        return self.n_calls


def test_an_error_that_passes_is_waited_out_and_told() -> None:
    waited: list[float] = []
    told: list[str] = []
    flaky = Flaky(2, UpstreamUnavailable("busy"))
    assert with_retries(flaky, told.append, (1.0, 5.0, 25.0), waited.append) == 3
    assert waited == [1.0, 5.0]
    assert told == [f"UpstreamUnavailable: busy; trying again in {wait} s" for wait in (1, 5)]


def test_an_error_that_lasts_is_raised_after_the_last_wait() -> None:
    waited: list[float] = []
    flaky = Flaky(9, UpstreamUnavailable("down"))
    with pytest.raises(UpstreamUnavailable):
        with_retries(flaky, print, (1.0, 5.0), waited.append)
    assert flaky.n_calls == 3
    assert waited == [1.0, 5.0]


def test_an_error_that_cannot_pass_is_raised_at_once() -> None:
    flaky = Flaky(1, ConfigurationError("wrong"))
    with pytest.raises(ConfigurationError):
        with_retries(flaky, print, (1.0,), lambda _: None)
    assert flaky.n_calls == 1

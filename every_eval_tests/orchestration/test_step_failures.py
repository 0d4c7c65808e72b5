"""A failed step says what happened and what to do, once."""

import dagster as dg
import pytest

from every_eval.errors import ConfigurationError, ContractViolation, EveryEvalError, HubUnavailable, UpstreamMalformed
from every_eval.orchestration.step_failures import explain, explained


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (HubUnavailable("the Hub answered 503"), "Launch the job again later"),
        (ConfigurationError("HF_TOKEN is not set"), "Correct the setting"),
        (UpstreamMalformed("runs.json is cut off"), "Look at the file at the source"),
        (ContractViolation("stats: 2 nulls"), "Report this as a bug"),
    ],
)
def test_an_error_is_explained_with_what_to_do(error: EveryEvalError, advice: str) -> None:
    assert explain(error).startswith(f"{type(error).__name__}: {error}. {advice}")


def test_an_error_of_unknown_kind_is_named_without_advice() -> None:
    assert explain(ValueError("not a number.")) == "ValueError: not a number."


def test_an_error_raised_on_purpose_fails_the_step_without_a_retry_by_dagster() -> None:
    with pytest.raises(dg.Failure) as failure, explained():
        raise HubUnavailable("the Hub answered 503")
    assert "the Hub answered 503. Launch the job again later" in str(failure.value.description)
    assert failure.value.allow_retries is False


def test_a_mistake_of_ours_is_not_explained_away() -> None:
    with pytest.raises(ZeroDivisionError), explained():
        raise ZeroDivisionError

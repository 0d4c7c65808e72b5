"""A failed step says what happened and whether to retry, to correct a setting, or to look at the source."""

import re

import dagster as dg
import pytest

from every_eval import errors
from every_eval.errors import (
    BenchmarkMissing,
    ConfigurationError,
    ContractViolation,
    EveryEvalError,
    HubUnavailable,
    HubUnreachable,
    PublishConflict,
    TerminalError,
    UpstreamMalformed,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from every_eval.ingestion.run_failures import unexpected
from every_eval.orchestration.step_failures import (
    Action,
    Explanation,
    explain,
    explained,
    failure,
    single_failure,
    trace,
)

ROOT = "EVERY_EVAL_HELM_ROOT"


@pytest.mark.parametrize(
    ("error", "action", "advice"),
    [
        (HubUnavailable("The Hub answers 503."), Action.RETRY, "Launch the job again later"),
        (UpstreamUnavailable("stats.json has changed"), Action.RETRY, "Launch the job again later"),
        (PublishConflict("Somebody else has committed"), Action.RETRY, "Launch the job again later"),
        (HubUnreachable("Cannot reach it. Check HF_ENDPOINT."), Action.CORRECT, "Correct HF_ENDPOINT if the address"),
        (UpstreamUnreachable("Cannot reach http://a"), Action.CORRECT, f"Correct {ROOT} if the address is wrong"),
        (ConfigurationError("HF_TOKEN is not set"), Action.CORRECT, "Correct HF_TOKEN, then launch the job again."),
        (ConfigurationError("it is not a folder"), Action.CORRECT, f"Correct {ROOT}, then launch the job again."),
        (BenchmarkMissing("no folder lite"), Action.CORRECT, f"Correct the benchmark's name, or {ROOT}, then"),
        (UpstreamMalformed("runs.json is cut off"), Action.LOOK, "Look at this file at the source, http://a/b."),
        (TerminalError("The Hub answers 400."), Action.LOOK, "Look at the place that refuses"),
        (ContractViolation("stats: 2 nulls"), Action.REPORT, "Report this as a bug"),
        (unexpected("lite", KeyError("a")), Action.REPORT, "Report this as a bug"),
        (OSError(28, "No space left on device"), Action.CORRECT, "Look at the disk and the rights of this machine"),
        (ValueError("not a number"), Action.REPORT, "Report this as a bug"),
    ],
)
def test_an_error_is_explained_with_what_to_do(error: Exception, action: Action, advice: str) -> None:
    explanation = explain(error, ROOT, "http://a/b")
    assert explanation.action is action
    assert explanation.advice.startswith(advice)
    assert ("Launch the job again later" in explanation.advice) == (action is Action.RETRY)
    assert re.search(rf"{re.escape(str(error).splitlines()[0].rstrip('.'))}\. {re.escape(advice)}", str(explanation))


def test_every_error_that_is_raised_on_purpose_is_explained() -> None:
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, EveryEvalError)]
    assert len(kinds) > 10
    assert all(explain(kind("something")).what == "something." for kind in kinds)


def test_an_error_of_unknown_kind_is_named_by_its_class() -> None:
    assert explain(ValueError("not a number.")).what == "ValueError: not a number."


def test_a_bug_has_a_trace_and_other_errors_have_none() -> None:
    try:
        raise ValueError("not a number")
    except ValueError as error:
        assert "test_step_failures.py" in trace(error)
        assert "test_step_failures.py" in trace(unexpected("lite", error))
    assert trace(HubUnavailable("The Hub answers 503.")) == trace(OSError("full")) == ""


def test_problems_with_the_same_advice_share_it() -> None:
    gone = [Explanation(f"file {n} has gone.", Action.RETRY, "Launch the job again.") for n in (1, 2)]
    differs = Explanation("two values differ", Action.LOOK, "")
    raised = failure("3 problems.", [("a", gone[0]), ("b", differs), ("c", gone[1])])
    assert raised.description == (
        "3 problems.\n- a: file 1 has gone.\n- c: file 2 has gone.\nLaunch the job again.\n- b: two values differ"
    )
    assert {name: value.value for name, value in raised.metadata.items()} == {
        "what_to_do": "retry, look at the source",
        "is_new": True,
    }
    assert failure("Known.", [], is_new=False).metadata["is_new"].value is False


def test_the_advice_stands_apart_from_a_list() -> None:
    listed = Explanation("2 settings:\n- A\n- B.", Action.CORRECT, "Correct A or B.")
    assert single_failure("The job did not start.", listed).description == (
        "The job did not start. 2 settings:\n- A\n- B.\nCorrect A or B."
    )


def test_an_error_raised_on_purpose_fails_the_step_without_a_retry_by_dagster() -> None:
    with pytest.raises(dg.Failure) as raised, explained():
        raise HubUnavailable("the Hub answered 503")
    assert "the Hub answered 503. Launch the job again later" in str(raised.value.description)
    assert raised.value.allow_retries is False
    assert raised.value.__cause__ is None


def test_a_cause_that_an_earlier_step_states_is_not_repeated() -> None:
    known = explain(ConfigurationError("2 settings cannot be used:\n- HF_TOKEN is not set.\n- HF_ENDPOINT is wrong."))
    with pytest.raises(dg.Failure) as raised, explained(known=[known]):
        raise ConfigurationError("HF_TOKEN is not set")
    assert raised.value.description == "This step failed for the reason that stands above."


def test_a_mistake_of_ours_is_not_explained_away() -> None:
    with pytest.raises(ZeroDivisionError), explained():
        raise ZeroDivisionError

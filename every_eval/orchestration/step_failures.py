"""What a failed step tells people: what happened, and whether to retry, to correct a setting, or to look at the source.

Everything else that tells of failures (the end of the log, the alert, the page of the run) repeats what stands here.
"""

import re
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import dagster as dg

from every_eval.errors import (
    BenchmarkMissing,
    ConfigurationError,
    ContractViolation,
    EveryEvalError,
    HubUnreachable,
    TerminalError,
    TransientError,
    UpstreamMalformed,
    UpstreamUnreachable,
)
from every_eval.ingestion.ingestor import ShardHeldBack
from every_eval.ingestion.run_failures import UnexpectedFailure
from every_eval.network.redaction import redact

ACTIONS_KEY: Final = "what_to_do"
"""Metadata of a failure: what people can do about it, the values of `Action` separated by commas."""
IS_NEW_KEY: Final = "is_new"
"""Metadata of a failure: whether people have not been told of it before."""


def without_secrets(error: Exception) -> Exception:
    """Return an error whose text holds no secret: the same error if it holds none."""
    text = str(error)
    return error if redact(text) == text else TerminalError(redact(f"{type(error).__name__}: {text}"))


@contextmanager
def redacted_errors() -> Iterator[None]:
    """Replace an error that holds a secret, because Dagster stores the trace and the causes of each error.

    Raises:
        Failure: an error with a secret anywhere in its trace was raised in the body.
    """
    try:
        yield
    except Exception as error:
        trace = "".join(traceback.format_exception(error))
        if (redacted := redact(trace)) == trace:
            raise
        said, metadata = f"{type(error).__name__}: {error}", dict[str, Any]()
        if isinstance(error, dg.Failure):
            said, metadata = error.description or "", dict(error.metadata)
        metadata["trace"] = dg.MetadataValue.text(redacted)
        raise dg.Failure(redact(said), metadata=metadata, allow_retries=False) from None


class Action(StrEnum):
    """What people can do about a failure."""

    RETRY = "retry"
    """Launch the job again: the failure may pass by itself."""
    CORRECT = "correct a setting"
    """Correct a setting, an option, or this machine, and then launch the job again."""
    LOOK = "look at the source"
    """Look at a place outside every_eval. A retry changes nothing before that place has changed."""
    REPORT = "report a bug"
    """Report a bug of every_eval. A retry changes nothing."""


REMEDIES: Final[tuple[tuple[type[Exception], Action, str], ...]] = (
    (
        HubUnreachable,
        Action.CORRECT,
        "Correct HF_ENDPOINT if the address is wrong; if it is right, launch the job again when the Hub answers.",
    ),
    (
        UpstreamUnreachable,
        Action.CORRECT,
        "Correct {variable} if the address is wrong; if it is right, launch the job again when the server answers.",
    ),
    (
        TransientError,
        Action.RETRY,
        "Launch the job again later; what was published before stays, and nothing half is published.",
    ),
    (ConfigurationError, Action.CORRECT, "Correct {variable}, then launch the job again."),
    (BenchmarkMissing, Action.CORRECT, "Correct the benchmark's name, or {variable}, then launch the job again."),
    (
        UpstreamMalformed,
        Action.LOOK,
        "Look at this file at the source{place}. The first run after the file has changed reads it again.",
    ),
    (ShardHeldBack, Action.LOOK, ""),  # The message says what to do.
    (UnexpectedFailure, Action.REPORT, "Report this as a bug of every_eval; what was published before is unchanged."),
    (ContractViolation, Action.REPORT, "Report this as a bug of every_eval; what was published before is unchanged."),
    (TerminalError, Action.LOOK, "Look at the place that refuses; launching the job again alone changes nothing."),
    (
        OSError,
        Action.CORRECT,
        "Look at the disk and the rights of this machine, then launch the job again.",
    ),
    (Exception, Action.REPORT, "Report this as a bug of every_eval; what was published before is unchanged."),
)
"""What people should do about an error: the first entry whose class fits the error counts."""

_VARIABLE: Final = re.compile(r"\b(?:EVERY_EVAL_[A-Z_]*[A-Z]|HF_(?:TOKEN|ENDPOINT)|SOURCE_DATE_EPOCH|TMPDIR)\b")


@dataclass(frozen=True)
class Explanation:
    """An error in words."""

    what: str
    """What happened, and where."""
    action: Action
    advice: str
    """What people can do, in a sentence; empty if `what` says it."""

    def __str__(self) -> str:
        separator = "\n" if "\n" in self.what else " "
        return f"{self.what}{separator}{self.advice}".rstrip()


def explain(error: Exception, variable: str | None = None, place: str | None = None) -> Explanation:
    """Say in words what happened, and what to do.

    Args:
        error: The error. An error that every_eval does not raise on purpose is named by its class.
        variable: The setting that the error is about if the error's message names none.
        place: Where the files of the source are.
    """
    what = str(error) if isinstance(error, EveryEvalError) else f"{type(error).__name__}: {error}"
    if isinstance(error, UnexpectedFailure):
        what = what.partition("\n")[0]  # The trace follows.
    action, advice = next((action, advice) for kind, action, advice in REMEDIES if isinstance(error, kind))
    named = list(dict.fromkeys(_VARIABLE.findall(what))) or [variable or "the setting or the option"]
    advice = advice.format(variable=" or ".join(named), place=f", {place}" if place else "")
    return Explanation(redact(f"{what.rstrip('. ')}."), action, redact(advice))


def trace(error: Exception) -> str:
    """Return the stack trace of an error that is a bug of ours, on lines of its own; of other errors an empty text."""
    if isinstance(error, UnexpectedFailure):
        return "\n" + str(error).partition("\n")[2]
    is_foreseen = isinstance(error, EveryEvalError | OSError)
    return "" if is_foreseen else "\n" + "".join(traceback.format_exception(error))


def failure(title: str, problems: Iterable[tuple[str, Explanation]], *, is_new: bool = True) -> dg.Failure:
    """Return the failure to raise for problems, which names each problem and says what to do.

    Args:
        title: What the problems have in common, as a sentence.
        problems: The problems, each with the name of what has the problem.
        is_new: Whether people have not been told before; they are alerted of new failures alone.
    """
    lines_by_advice: dict[str, list[str]] = {}
    actions = set()
    for name, item in problems:
        actions.add(item.action)
        lines_by_advice.setdefault(item.advice, []).append(f"- {name}: {item.what}")
    lines = [line for advice, lines in lines_by_advice.items() for line in (*lines, advice) if line]
    return _failure("\n".join([title, *lines]), actions, is_new)


def single_failure(title: str, problem: Explanation) -> dg.Failure:
    """Return the failure to raise for one problem, which needs no name."""
    return _failure(f"{title} {problem}".lstrip(), {problem.action}, is_new=True)


def _failure(text: str, actions: set[Action], is_new: bool) -> dg.Failure:
    metadata: dict[str, Any] = {
        ACTIONS_KEY: ", ".join(action for action in Action if action in actions),
        IS_NEW_KEY: is_new,
    }
    return dg.Failure(text, metadata=metadata, allow_retries=False)


@contextmanager
def explained(
    variable: str | None = None, place: str | None = None, known: Iterable[Explanation] = ()
) -> Iterator[None]:
    """Turn an error that every_eval raises on purpose into a failure of the step that says what to do.

    The failure does not repeat what an earlier step of the run states: those are the `known` problems.

    Raises:
        Failure: an error was raised in the body.
    """
    with redacted_errors():
        try:
            yield
        except EveryEvalError as error:
            explanation = explain(error, variable, place)
            if any(str(error).rstrip(". ") in problem.what for problem in known):
                explanation = replace(explanation, what="This step failed for the reason that stands above.", advice="")
            raise single_failure("", explanation) from None

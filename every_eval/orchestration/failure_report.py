"""What a failed run tells people at its end, in the log and in the alert: each cause once, in few lines."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import dagster as dg

from every_eval.orchestration.step_failures import ACTIONS_KEY, IS_NEW_KEY, Action

MAX_LINE: Final = 500
"""Most characters of a line of a report."""
RETRIES: Final = (
    (Action.RETRY, "Launch it again: {command}. What is published stays, and the run makes only what is missing."),
    (Action.CORRECT, "After the correction: {command}."),
    (Action.LOOK, "After the source has changed: {command}. Before, a retry changes nothing."),
    (Action.REPORT, "A retry changes nothing until the bug is mended."),
)
"""What a report says of launching the run again: the first action that the failed steps state counts."""


@dataclass(frozen=True)
class FailedStep:
    """A failed step of a run."""

    step: str
    reason: str
    """What happened and what to do; of an error that nobody foresaw its type and its message."""
    actions: Sequence[Action]
    is_new: bool
    """Whether people have not been told of the failure before."""
    is_foreseen: bool
    """Whether the step says itself what is wrong; else the failure has a trace."""


_NOTED: Final[dict[str, dict[str, FailedStep]]] = {}
"""Failed steps that ran in this process, by run and by step. Dagster makes one set of loggers for the steps of a run
and another set for the run, so the loggers cannot keep the steps themselves."""


def note_failed_step(run_id: str, event: dg.DagsterEvent) -> FailedStep:
    """Keep the failure of a step for the end of its run."""
    step = failed_step(event)
    _NOTED.setdefault(run_id, {})[step.step] = step
    return step


def failed_steps(run_id: str, event: dg.DagsterEvent) -> list[FailedStep]:
    """Return the failed steps of a run whose failure is `event`: those of this process, else the first one."""
    first = event.job_failure_data.first_step_failure_event
    return list(_NOTED.get(run_id, {}).values()) or ([] if first is None else [failed_step(first)])


def failed_step(event: dg.DagsterEvent) -> FailedStep:
    """Describe the event of a step's failure."""
    data = event.step_failure_data
    own = data.user_failure_data
    if own is not None:
        values = {name: value.value for name, value in own.metadata.items()}
        actions = [action for action in Action if action in str(values.get(ACTIONS_KEY, ""))]
        return FailedStep(str(event.step_key), own.description or "", actions, bool(values.get(IS_NEW_KEY, True)), True)
    error = data.error
    while error is not None and error.cause is not None:
        error = error.cause
    reason = "Dagster recorded no reason." if error is None else error.message.strip()
    if data.error_source.value in {"INTERRUPT"}:
        return FailedStep(str(event.step_key), reason, [Action.RETRY], True, False)
    bug = f"every_eval failed unexpectedly: {reason}\nReport this as a bug of every_eval, with the trace in the log."
    return FailedStep(str(event.step_key), bug, [Action.REPORT], True, False)


def reasons(steps: Iterable[FailedStep]) -> list[str]:
    """Return the lines of the steps' reasons; steps that failed for the same reason share it."""
    names: dict[str, list[str]] = {}
    for step in steps:
        names.setdefault(step.reason, []).append(step.step)
    return [line for reason, found in names.items() for line in f"{', '.join(found)}: {reason}".splitlines()]


def retry(steps: Iterable[FailedStep], command: str) -> str:
    """Say whether launching the run again helps, and how to do it."""
    stated = {action for step in steps for action in step.actions} or {Action.RETRY}
    return next(text for action, text in RETRIES if action in stated).format(command=command)


def shortened(lines: Sequence[str], max_lines: int, max_characters: int, rest: str) -> list[str]:
    """Return the lines that fit, the last of which says how many were left out.

    Args:
        lines: Lines of a text. Tables and entries for the file of acknowledged faults are left out if it is too long.
        max_lines: Most lines to return.
        max_characters: Most characters to return.
        rest: Where the lines that were left out are.
    """
    short = [line if len(line) <= MAX_LINE else f"{line[: MAX_LINE - 1]}…" for line in lines]
    if len(short) <= max_lines and _size(short) <= max_characters:
        return short
    kept = [line for line in short if not line.lstrip().startswith(LEFT_OUT)]
    while kept and (len(kept) >= max_lines or _size(kept) + len(rest) + MAX_NOTE > max_characters):
        kept.pop()
    return [*kept, f"… and {len(short) - len(kept)} more lines: {rest}"]


LEFT_OUT: Final = ("|", "- {check:")
"""Beginnings of the lines of tables, and of entries for the file of acknowledged faults."""
MAX_NOTE: Final = 30
"""Characters of the note that says how many lines were left out."""


def _size(lines: Iterable[str]) -> int:
    return sum(len(line) + 1 for line in lines)

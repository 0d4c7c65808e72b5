"""The log of a job on the console: lines for people, and at the end of a failed run what they need to know.

Dagster's own console logger prints every event of the framework, and for each failure a stack trace, once for the step
and once for the run. This logger prints what the steps say. A stack trace is printed of errors that nobody foresaw.
"""

import logging
from collections.abc import Sequence
from typing import Any, Final

import dagster as dg

from every_eval.orchestration.failure_report import (
    FailedStep,
    failed_steps,
    note_failed_step,
    reasons,
    retry,
    shortened,
)

MAX_LINES: Final = 10
"""Most lines of a failed run's reasons at the end of the log."""
MAX_CHARACTERS: Final = 4000
"""Most characters of these lines."""
IN_PROCESS: Final = ("in_process", "execute_in_process_executor")
"""Names of the executors that run all steps in the process of the run."""
SHORT_ID: Final = 8
"""Characters of a run's id that tell the run apart from others in one log."""


@dg.logger(
    {"log_level": dg.Field(str, default_value="INFO", description="Lowest level of the lines that are printed.")},
    description="Prints the lines of a run's steps, and at the end of a failed run why it failed.",
)
def console_logger(context: dg.InitLoggerContext) -> logging.Logger:
    """Return a logger that prints to the standard error stream."""
    handler = logging.StreamHandler()
    job = context.job_def
    handler.setFormatter(ConsoleFormatter(sees_all_steps=job is not None and job.executor_def.name in IN_PROCESS))
    logger = logging.Logger("every_eval", level=context.logger_config["log_level"])
    logger.addHandler(handler)
    return logger


class ConsoleFormatter(logging.Formatter):
    """Formats the records of one run: time, level, job, run, step and message.

    `sees_all_steps` tells whether the steps run in this process. If they do, the reason of a step's failure stands at
    the end of the log; if not, it is printed at once.
    """

    def __init__(self, *, sees_all_steps: bool) -> None:
        super().__init__("%(asctime)s %(levelname)-7s %(message)s", "%Y-%m-%d %H:%M:%S %z")
        self._sees_all_steps = sees_all_steps

    def format(self, record: logging.LogRecord) -> str:
        meta: dict[str, Any] = getattr(record, "dagster_meta", {})
        run = " ".join(
            filter(None, [meta.get("job_name"), (meta.get("run_id") or "")[:SHORT_ID], meta.get("step_key")])
        )
        shown = logging.makeLogRecord(record.__dict__ | {"msg": f"{run}: {self._text(record, meta)}", "args": ()})
        return super().format(shown)

    def _text(self, record: logging.LogRecord, meta: dict[str, Any]) -> str:
        event: dg.DagsterEvent | None = meta.get("dagster_event")
        if event is not None and event.is_step_failure:
            return self._step_failure(note_failed_step(meta["run_id"], event), event)
        if event is not None and event.is_run_failure:
            return _run_failure(failed_steps(meta["run_id"], event), event)
        return str(meta.get("orig_message", record.getMessage()))

    def _step_failure(self, step: FailedStep, event: dg.DagsterEvent) -> str:
        if not step.is_foreseen:
            return f"failed.\n{event.step_failure_data.error_display_string}"
        lines = reasons([step])
        if self._sees_all_steps and shortened(lines, MAX_LINES, MAX_CHARACTERS, "") == lines:
            return "failed. The reason stands at the end of this log."
        return f"failed. {step.reason}"


def _run_failure(steps: Sequence[FailedStep], event: dg.DagsterEvent) -> str:
    if not steps:  # The run failed outside its steps.
        error = event.job_failure_data.error
        return f"{event.message}\n{error.to_string() if error else ''}".rstrip()
    lines = shortened(reasons(steps), MAX_LINES, MAX_CHARACTERS, "they stand above, where the step failed.")
    return "\n".join(["the run failed.", *lines, retry(steps, f"dg launch --job {event.job_name}")])

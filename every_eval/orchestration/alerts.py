"""Alerts: tell people of a failed run, or of another trouble: what it is, where it is, and whether a retry helps.

A run of a job posts its own alert, because a run that cron starts has no daemon: the jobs have `alert_logger` among
their loggers, which posts when it is told that the run failed. The daemon's sensor `failure_alerts` tells of the runs
that cannot tell of themselves: those of assets, and those whose process died.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import dagster as dg

from every_eval.network.redaction import redact
from every_eval.orchestration.failure_report import (
    FailedStep,
    failed_step,
    failed_steps,
    note_failed_step,
    reasons,
    retry,
    shortened,
)
from every_eval.orchestration.resources import AlertResource
from every_eval.settings import AlertSettings, read_settings

MAX_CHARACTERS: Final = 1900
"""Most characters of an alert as it is sent. Discord takes 2,000, Slack 40,000."""
MAX_LINES: Final = 12
"""Most lines of facts in an alert."""
TIMEOUT_SECONDS: Final = 10
"""Longest wait for the webhook's answer."""
WAITS_SECONDS: Final = (0, 1, 3)
"""Wait before each attempt to post, if the webhook does not ask for a longer one."""
MAX_WAIT_SECONDS: Final = 20.0
"""Longest wait before an attempt: Dagster stops a sensor after 60 seconds."""
OWN_REASONS: Final = frozenset({"STEP_FAILURE", "RUN_EXCEPTION", "UNEXPECTED_TERMINATION"})
"""Reasons of failures that the process of a run records itself, and tells its loggers."""

OWN_ALERTS_TAG: Final = "every_eval/posts_own_alerts"
"""Tag of the runs that have `alert_logger`."""

Report = Callable[[str], object]
"""Takes a line for the log."""


@dataclass(frozen=True)
class Alert:
    """What people are told."""

    title: str
    """What has trouble, and which trouble, for example `refresh failed`."""
    facts: Sequence[str]
    """Lines that say what is wrong, where, and what to do about it; as many are sent as fit."""
    where: str
    """Address of the page that shows everything."""
    retry: str = ""
    """Whether launching the run again helps, and how to do it; empty if nothing failed."""

    def text(self) -> str:
        """Write the alert in Slack's mrkdwn, which reads as plain text elsewhere, without secrets and not too long."""
        first = [_escaped(f"*{self.title}*")]
        last = [_escaped(line) for line in (f"Look: {self.where}", self.retry) if line]
        room = MAX_CHARACTERS - sum(len(line) + 1 for line in first + last)
        facts = [_escaped(line) for fact in self.facts for line in fact.splitlines()]
        return "\n".join([*first, *shortened(facts, MAX_LINES, room, "the page below shows them."), *last])


def send(alert: Alert, report: Report, *, is_new: bool = True) -> None:
    """Post an alert to $EVERY_EVAL_ALERT_WEBHOOK, if that is set; a webhook that fails is reported, and nothing else.

    Args:
        alert: What to tell.
        report: Takes a line for the log if nobody could be told.
        is_new: Whether people have not been told of it before; they are told once.
    """
    webhook = read_settings(AlertSettings).webhook
    if webhook is None or not is_new:
        return
    problem = post(webhook.get_secret_value(), alert.text())
    if problem:
        report(f"The webhook of EVERY_EVAL_ALERT_WEBHOOK did not take the alert “{alert.title}”: {problem}.")


@dg.logger({}, description="Posts to $EVERY_EVAL_ALERT_WEBHOOK why a run failed. Prints nothing.")
def alert_logger(_context: dg.InitLoggerContext) -> logging.Logger:
    """Return a logger that posts one alert if the run fails."""
    logger = logging.Logger("every_eval alerts", level=logging.ERROR)
    logger.addHandler(AlertHandler())
    return logger


class AlertHandler(logging.Handler):
    """Posts an alert when the failure of a run is logged, as `logging.handlers.SMTPHandler` sends mail."""

    def emit(self, record: logging.LogRecord) -> None:
        meta: dict[str, Any] = getattr(record, "dagster_meta", {})
        event: dg.DagsterEvent | None = meta.get("dagster_event")
        if event is not None and event.is_step_failure:
            note_failed_step(meta["run_id"], event)
        elif event is not None and event.is_run_failure:
            steps = failed_steps(meta["run_id"], event)
            again = f"`dg launch --job {event.job_name}`, or in the UI"
            page = f"{read_settings(AlertSettings).ui_url.rstrip('/')}/runs/{meta['run_id']}"
            alert = failure_alert(str(event.job_name), event, steps, page, again)
            send(alert, logging.getLogger(__name__).warning, is_new=_is_new(steps))


def failure_alert(what: str, event: dg.DagsterEvent, steps: Sequence[FailedStep], page: str, command: str) -> Alert:
    """Describe a failed run.

    Args:
        what: What failed: the job, or assets.
        event: The failure of the run.
        steps: The steps that failed.
        page: Address of the page of the run.
        command: How to launch the run again.
    """
    facts = reasons(steps) or [event.message or "Dagster recorded no reason."]
    return Alert(f"{what} failed", facts, page, retry(steps, command))


def _is_new(steps: Sequence[FailedStep]) -> bool:
    return not steps or any(step.is_new for step in steps)


@dg.run_failure_sensor(
    name="failure_alerts",
    description="Posts to $EVERY_EVAL_ALERT_WEBHOOK why a run failed that could not post this itself: a run of assets, "
    "or a run whose process died. The jobs post their own alerts.",
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def failure_alerts(context: dg.RunFailureSensorContext, alerts: AlertResource) -> dg.SkipReason | None:
    """Post one alert about one failed run. The sensor is on from the start: without the setting it posts nothing."""
    problems: list[str] = []
    if alerts.webhook is None:
        problems.append("EVERY_EVAL_ALERT_WEBHOOK is not set, so nobody was told.")
    elif _has_told_itself(context):
        problems.append("The run has posted its own alert.")
    else:
        steps = [failed_step(event) for event in context.get_step_failure_events()]
        send(_run_alert(context, steps, alerts.ui_url), problems.append, is_new=_is_new(steps))
    return dg.SkipReason(" ".join(problems)) if problems else None


def _has_told_itself(context: dg.RunFailureSensorContext) -> bool:
    """Whether the run has `alert_logger`, and its process recorded the failure."""
    # A run that Dagster reports as failed, since its process died, has no data about its failure.
    reason = getattr(context.failure_event.event_specific_data, "failure_reason", None)
    return OWN_ALERTS_TAG in context.dagster_run.tags and reason is not None and reason.value in OWN_REASONS


def _run_alert(context: dg.RunFailureSensorContext, steps: Sequence[FailedStep], ui: str) -> Alert:
    run = context.dagster_run
    what, command = run.job_name, f"`dg launch --job {run.job_name}`, or in the UI"
    if run.job_name.startswith("__"):
        partition = run.tags.get("dagster/partition")
        keys = ", ".join(key.to_user_string() for key in sorted(run.asset_selection or ()))
        what = keys + (f" for {partition}" if partition else "")
        command = "materialise the same assets in the UI"
    return failure_alert(what, context.failure_event, steps, f"{ui}/runs/{run.run_id}", command)


def post(webhook: str, text: str) -> str | None:
    """Post a text; return what was wrong after the last attempt, without the webhook's address, which is a secret."""
    import requests  # takes long to import, and loading the definitions does not need it

    from every_eval.network.retries import retry_after_seconds

    problem, asked = None, 0.0
    for wait in WAITS_SECONDS:
        time.sleep(min(max(wait, asked), MAX_WAIT_SECONDS))
        try:
            with _silent_urllib3():
                answer = requests.post(webhook, json={"text": text}, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        except (requests.RequestException, ValueError) as error:
            problem = type(error).__name__
            continue
        if answer.status_code // 100 == 2:
            return None
        problem, asked = (
            f"HTTP status {answer.status_code}",
            retry_after_seconds(answer.headers.get("Retry-After")) or 0.0,
        )
    return problem


@contextmanager
def _silent_urllib3() -> Iterator[None]:
    """Keep urllib3 from logging the address that it asks for."""
    logger = logging.getLogger("urllib3")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


def _escaped(line: str) -> str:
    return redact(line).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

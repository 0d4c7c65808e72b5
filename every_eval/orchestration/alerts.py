"""Alerts: tell people about a failed run: what failed, why, where to look and how to retry."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import dagster as dg

from every_eval.orchestration.resources import AlertResource

MAX_STEPS: Final = 5
"""Most failed steps that an alert describes."""
MAX_CHARACTERS: Final = 800
"""Most characters of one step's error."""
TIMEOUT_SECONDS: Final = 10
"""Longest wait for the webhook's answer."""
WAITS_SECONDS: Final = (0, 1, 3)
"""Wait before each attempt to post."""


@dg.run_failure_sensor(
    name="failure_alerts",
    description="Posts to $EVERY_EVAL_ALERT_WEBHOOK what failed, why, where to look and how to retry.",
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def failure_alerts(context: dg.RunFailureSensorContext, alerts: AlertResource) -> dg.SkipReason | None:
    """Post one alert about one failed run. The sensor is on from the start: without the setting it posts nothing."""
    reason = send_alert(context, alerts)
    return None if reason is None else dg.SkipReason(reason)


def send_alert(context: dg.RunFailureSensorContext, alerts: AlertResource) -> str | None:
    """Post an alert about a failed run; return why nobody was told, if nobody was."""
    webhook = alerts.webhook
    if webhook is None:
        return "EVERY_EVAL_ALERT_WEBHOOK is not set, so nobody was told."
    problem = post(webhook, alert_text(context, alerts.ui_url))
    return problem and f"The webhook did not take the alert about run {context.dagster_run.run_id}: {problem}."


def alert_text(context: dg.RunFailureSensorContext, ui_url: str) -> str:
    """Write the alert in Slack's mrkdwn, which reads as plain text elsewhere."""
    run = context.dagster_run
    what = ", ".join(_asset_names(run)) if run.job_name.startswith("__") else run.job_name
    partition = run.tags.get("dagster/partition")
    lines = [
        f"*{what} failed*" + (f" for {partition}" if partition else ""),
        *(list(_reasons(context)) or [context.failure_event.message or "Dagster recorded no reason."]),
        f"Look: {ui_url}/runs/{run.run_id}",
        f"Retry: {_retry(run)}",
    ]
    return "\n".join(line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for line in lines)


def _asset_names(run: dg.DagsterRun) -> list[str]:
    return [key.to_user_string() for key in sorted(run.asset_selection or ())]


def _reasons(context: dg.RunFailureSensorContext) -> Iterator[str]:
    """Yield why each failed step failed: its own description, else its first cause."""
    events = context.get_step_failure_events()
    for event in events[:MAX_STEPS]:
        error = event.step_failure_data.error
        while error is not None and error.cause is not None:
            error = error.cause
        why = "" if error is None else error.message.strip()
        failure = event.step_failure_data.user_failure_data
        yield f"{event.step_key}: {((failure.description if failure else None) or why)[:MAX_CHARACTERS]}"
    if len(events) > MAX_STEPS:
        yield f"and {len(events) - MAX_STEPS} more steps"


def _retry(run: dg.DagsterRun) -> str:
    if run.job_name.startswith("__"):
        return "materialise the same assets again in the UI"
    return (
        f"launch the job again, in the UI or by `dagster job execute -m every_eval.definitions -j {run.job_name}`; "
        "what is published stays, and the job makes only what is missing"
    )


def post(webhook: str, text: str) -> str | None:
    """Post a text; return what was wrong after the last attempt, without the webhook's address, which is a secret."""
    import requests  # takes long to import, and loading the definitions does not need it

    problem = None
    for wait in WAITS_SECONDS:
        time.sleep(wait)
        try:
            with _silent_urllib3():
                answer = requests.post(webhook, json={"text": text}, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        except (requests.RequestException, ValueError) as error:
            problem = type(error).__name__
            continue
        if answer.status_code // 100 == 2:
            return None
        problem = f"HTTP status {answer.status_code}"
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

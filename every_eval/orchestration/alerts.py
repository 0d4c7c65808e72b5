"""Failures are told to people: what failed, why, where to look and how to retry."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import dagster as dg

from every_eval.orchestration.resources import AlertResource

MAX_STEPS: Final = 5
"""Failed steps that a message tells of."""
MAX_CHARACTERS: Final = 800
"""Of one step's error."""
TIMEOUT_SECONDS: Final = 10
WAITS_SECONDS: Final = (0, 1, 3)
"""Before each attempt to post."""


@dg.run_failure_sensor(
    name="failure_alerts",
    description="Post to $EVERY_EVAL_ALERT_WEBHOOK what failed, why, where to look and how to retry.",
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def failure_alerts(context: dg.RunFailureSensorContext, alerts: AlertResource) -> dg.SkipReason | None:
    """Post one message about one failed run; on from the start, since nothing is posted without the setting."""
    reason = tell(context, alerts)
    return None if reason is None else dg.SkipReason(reason)


def tell(context: dg.RunFailureSensorContext, alerts: AlertResource) -> str | None:
    """Post about a failed run; why nobody was told, if nobody was."""
    webhook = alerts.webhook
    if webhook is None:
        return "EVERY_EVAL_ALERT_WEBHOOK is not set, so nobody was told."
    problem = post(webhook, message(context, alerts.ui_url))
    return problem and f"The webhook did not take the message about run {context.dagster_run.run_id}: {problem}."


def message(context: dg.RunFailureSensorContext, ui_url: str) -> str:
    """What people are told, in Slack's mrkdwn, which reads as plain text elsewhere."""
    run = context.dagster_run
    what = (
        run.job_name if not run.job_name.startswith("__") else ", ".join(map(_name, sorted(run.asset_selection or ())))
    )
    partition = run.tags.get("dagster/partition")
    lines = [
        f"*{what} failed*" + (f" for {partition}" if partition else ""),
        *(list(_reasons(context)) or [context.failure_event.message or "no reason was recorded"]),
        f"Look: {ui_url}/runs/{run.run_id}",
        f"Retry: {_retry(run)}",
    ]
    return "\n".join(line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;") for line in lines)


def _name(key: dg.AssetKey) -> str:
    return key.to_user_string()


def _reasons(context: dg.RunFailureSensorContext) -> Iterator[str]:
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
        "what is published stays, and only what is missing is made"
    )


def post(webhook: str, text: str) -> str | None:
    """Post a message; what was wrong after all attempts, without the webhook's address, which is a secret."""
    import requests  # slow to import, and not needed where definitions are loaded

    problem = None
    for wait in WAITS_SECONDS:
        time.sleep(wait)
        try:
            with _secret_kept():
                answer = requests.post(webhook, json={"text": text}, timeout=TIMEOUT_SECONDS, allow_redirects=False)
        except (requests.RequestException, ValueError) as error:
            problem = type(error).__name__
            continue
        if answer.status_code // 100 == 2:
            return None
        problem = f"HTTP status {answer.status_code}"
    return problem


@contextmanager
def _secret_kept() -> Iterator[None]:
    """Keep urllib3 from logging the address that it asks for."""
    logger = logging.getLogger("urllib3")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)

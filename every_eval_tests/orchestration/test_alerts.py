"""Alerts: the webhook hears of a failed run, and nobody hears of the webhook."""

import json
import logging
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import dagster as dg
import pytest

from every_eval.orchestration import alerts
from every_eval.orchestration.alerts import failure_alerts, send_alert
from every_eval.orchestration.jobs import WEEKLY
from every_eval.orchestration.resources import AlertResource
from every_eval_tests.helm_root import edit
from every_eval_tests.orchestration.deployment import Deployment

SECRET = "T0123-secret"
RUN = "mmlu:subject=anatomy,method=multiple_choice_joint,model=01-ai_yi-34b,eval_split=test,groups=mmlu_anatomy"


class Webhook(HTTPServer):
    """Keeps what is posted, and answers with the statuses given, then 200."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Hook)
        self.posted: list[dict[str, Any]] = []
        self.statuses: list[int] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/services/{SECRET}"


class Hook(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        self.server.posted.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(self.server.statuses.pop(0) if self.server.statuses else 200)
        self.end_headers()

    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def webhook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Webhook]:
    monkeypatch.setattr(alerts, "WAITS_SECONDS", (0, 0, 0))
    with Webhook() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("EVERY_EVAL_ALERT_WEBHOOK", server.url)
        yield server
        server.shutdown()


def told(deployment: Deployment, result: dg.ExecuteInProcessResult) -> str | None:
    """Tell of a failed run as the sensor does; why nobody was told, if nobody was."""
    context = dg.build_run_status_sensor_context(
        failure_alerts.name,
        result.get_run_failure_event(),
        deployment.instance,
        result.dagster_run,
    )
    return send_alert(context.for_run_failure(), AlertResource(ui="https://dagster.example.org/"))


def failed_run(deployment: Deployment) -> dg.ExecuteInProcessResult:
    """A run that finds nothing where its root should be."""
    deployment.environment.setenv("EVERY_EVAL_HELM_ROOT", str(deployment.root.path / "nothing"))
    result = deployment.launch(WEEKLY)
    assert not result.success
    return result


def test_the_message_says_what_failed_why_where_and_how_to_retry(deployment: Deployment, webhook: Webhook) -> None:
    file = deployment.root.run("mmlu", "v1.0.0", RUN) / "stats.json"
    edit(file, lambda stats: [{**stats[0], "sum": 0.125, "mean": 0.125}, *stats[1:]])
    result = deployment.launch(WEEKLY)
    assert told(deployment, result) is None
    ((name, text),) = webhook.posted[0].items()
    assert name == "text"
    assert text.startswith(f"*{WEEKLY} failed*\ncheck_shards: ")
    assert RUN in text
    assert f"https://dagster.example.org/runs/{result.run_id}" in text
    assert f"dagster job execute -m every_eval.definitions -j {WEEKLY}" in text


def test_the_webhook_is_a_secret_even_when_it_fails(
    deployment: Deployment, webhook: Webhook, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    result = failed_run(deployment)
    webhook.statuses += [500, 302, 500]
    outcome = told(deployment, result)
    assert outcome is not None
    assert "HTTP status 500" in outcome
    assert len(webhook.posted) == 3
    assert SECRET not in outcome + caplog.text + "".join(capfd.readouterr())


def test_a_webhook_that_is_not_there_is_reported_without_its_address(
    deployment: Deployment, webhook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = failed_run(deployment)
    for url in (f"http://127.0.0.1:1/{SECRET}", f"nonsense {SECRET}"):
        monkeypatch.setenv("EVERY_EVAL_ALERT_WEBHOOK", url)
        outcome = told(deployment, result)
        assert outcome is not None
        assert "did not take the alert" in outcome
        assert SECRET not in outcome
    assert webhook.posted == []


def test_without_the_setting_nobody_is_told_and_the_sensor_says_so(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("EVERY_EVAL_ALERT_WEBHOOK", raising=False)
    outcome = told(deployment, failed_run(deployment))
    assert outcome is not None
    assert "EVERY_EVAL_ALERT_WEBHOOK is not set" in outcome

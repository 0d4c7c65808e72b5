"""The log of a job: the lines of its steps, and at the end of a failed run what people need, once and in few lines."""

import time
from logging import makeLogRecord
from pathlib import Path

import dagster as dg
import pytest

from every_eval.orchestration import weekly_ops
from every_eval.orchestration.console import ConsoleFormatter, console_logger
from every_eval.orchestration.jobs import REFRESH, WEEKLY
from every_eval_tests.orchestration.deployment import Deployment

pytestmark = pytest.mark.slow

MOST_LINES = 14
"""Lines of the end of a failed run; `dg launch` adds one."""


def end_of(log: str) -> list[str]:
    """Return the last record of a log, which may have several lines."""
    lines = log.splitlines()
    start = max(number for number, line in enumerate(lines) if " ERROR " in line)
    return lines[start:]


def test_a_wrong_setting_is_named_once_at_the_end(
    deployment: Deployment, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    deployment.environment.setenv("EVERY_EVAL_HELM_ROOT", str(tmp_path / "nowhere"))
    (tmp_path / "file").write_text("")
    deployment.environment.setenv("EVERY_EVAL_HUB", str(tmp_path / "file"))
    result = deployment.launch(REFRESH)
    log = capfd.readouterr().err
    assert not result.success
    assert "Stack Trace" not in log and "Traceback" not in log and "DEBUG" not in log
    end = end_of(log)
    assert len(end) <= MOST_LINES
    for cause in ("EVERY_EVAL_HELM_ROOT='", f"EVERY_EVAL_HUB='{tmp_path}/file' is a file"):
        assert log.count(cause) == "\n".join(end).count(cause) == 1
    assert "Correct EVERY_EVAL_HUB or EVERY_EVAL_HELM_ROOT, then launch the job again." in end
    assert "Launch the job again later" not in log
    assert end[-1] == f"After the correction: dg launch --job {REFRESH}."


def test_after_a_failed_discovery_refresh_scores_what_was_published_and_says_so(
    deployment: Deployment, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERY_EVAL_BENCHMARKS", "mmlu")
    good = deployment.launch(REFRESH)
    first = capfd.readouterr().err
    run = deployment.instance.get_run_by_id(good.run_id)
    assert good.success and run is not None and run.remote_job_origin is not None
    shown = {f"reads helm: {deployment.root.path}", f"data repo: {deployment.hub}/evaleval/every_eval_ever"}
    assert shown <= {line.partition("discover: ")[2] for line in first.splitlines()[:5]}
    tags = {name: value for name, value in run.tags.items() if name.startswith("every_eval/")}
    assert tags["every_eval/reads_helm"] == str(deployment.root.path)
    assert "Python" in tags["every_eval/versions"]
    assert tags["every_eval/scores_repo"] == f"{deployment.hub}/evaleval/every_eval_score_ever"

    monkeypatch.setattr(time, "sleep", lambda _: None)
    monkeypatch.setenv("EVERY_EVAL_HELM_ROOT", "http://127.0.0.1:9/bucket")
    assert not deployment.launch(REFRESH).success
    log = capfd.readouterr().err
    assert "scored from what was published before this run" in log
    assert "helm scores: nothing new" in log
    end = end_of(log)
    assert len(end) <= MOST_LINES
    assert "Correct EVERY_EVAL_HELM_ROOT if the address is wrong" in "\n".join(end)
    assert log.count("Cannot reach http://127.0.0.1:9/storage") == 1


def test_a_bug_of_ours_shows_its_trace_and_is_reported_at_the_end(
    deployment: Deployment, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERY_EVAL_BENCHMARKS", "mmlu")
    monkeypatch.setattr(weekly_ops, "card_change", lambda *_, **__: 1 / 0)
    assert not deployment.launch(WEEKLY).success
    log = capfd.readouterr().err
    assert log.count("Stack Trace:") == 1 and "weekly_ops.py" in log
    end = end_of(log)
    assert len(end) <= MOST_LINES
    assert "check_shards: every_eval failed unexpectedly: ZeroDivisionError: division by zero" in end
    assert "A retry changes nothing until the bug is mended." in end


def test_steps_in_other_processes_say_their_reason_at_once(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EVERY_EVAL_HELM_ROOT", "/nowhere")
    result = deployment.launch(WEEKLY)
    (failed,) = result.get_step_failure_events()
    (handler,) = console_logger(dg.build_init_logger_context({"log_level": "INFO"})).handlers
    assert isinstance(handler.formatter, ConsoleFormatter)
    meta = {"dagster_event": failed, "run_id": "a run of its own", "job_name": WEEKLY, "step_key": failed.step_key}
    record = handler.formatter.format(makeLogRecord({"dagster_meta": meta, "levelname": "ERROR"}))
    assert "check_shards: failed. The job did not start. EVERY_EVAL_HELM_ROOT='/nowhere' cannot be read" in record

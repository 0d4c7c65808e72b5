import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace

import pytest

from every_eval.errors import UpstreamUnavailable
from every_eval.ingestion.workers import worker_pool
from every_eval.ingestion.workers.read_ahead import Inputs, OnDemand
from every_eval.ingestion.workers.tasks import Report
from every_eval.ingestion.workers.verified_runs import VerifiedRuns, read_runs
from every_eval.ingestion.workers.worker_pool import WorkerPool, share
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.source import Input, RunRows, Source
from every_eval_tests.ingestion.workers.sample_runs import STORAGE, changed, sample_runs
from every_eval_tests.rows_of_runs import gather


@pytest.fixture
def pool(request: pytest.FixtureRequest) -> Iterator[WorkerPool]:
    with WorkerPool(HelmSource(), STORAGE, getattr(request, "param", 2), lambda _: None) as pool:
        yield pool


def rows_of(runs: VerifiedRuns) -> list[RunRows]:
    return [gather(pieces) for _, pieces in runs]


@pytest.mark.parametrize("pool", [2, 3], indirect=True)
@pytest.mark.parametrize("runs_ahead", [1, 8])
def test_several_processes_give_the_rows_of_one_in_the_same_order(
    pool: WorkerPool, runs_ahead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_pool, "RUNS_AHEAD", runs_ahead)
    runs = sample_runs(12)
    twice = [rows_of(pool.read_runs(runs)), rows_of(pool.read_runs(runs[:5]))]

    here = rows_of(read_runs(HelmSource(), OnDemand(STORAGE), runs))
    assert twice == [here, here[:5]]
    assert all(rows.samples.num_rows and rows.metrics.num_rows and rows.stats.num_rows for rows in here)


def test_an_error_in_a_process_is_raised_here_and_the_next_runs_are_read(pool: WorkerPool) -> None:
    runs = sample_runs(12)
    with pytest.raises(UpstreamUnavailable, match="is not what was listed"):
        rows_of(pool.read_runs([*runs[:4], changed(runs[4]), *runs[5:]]))

    assert len(rows_of(pool.read_runs(runs[:3]))) == 3


def test_runs_that_are_left_early_leave_nothing_behind(pool: WorkerPool) -> None:
    runs = sample_runs(12)
    left = pool.read_runs(runs)
    next(left)
    left.close()

    assert len(rows_of(pool.read_runs(runs))) == len(runs)


@dataclass(frozen=True)
class _Reporting:
    """A task that reports a run of 7 bytes, works on for a second, and returns the time at its end."""

    subject: str = "a report"

    def perform(self, source: Source, inputs: Inputs, report: Report) -> float:  # noqa: ARG002
        report(7)
        time.sleep(1)
        return time.time()


def test_what_a_process_reports_is_reported_here_before_its_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_pool, "REPORT_SECONDS", 0.01)
    reports: list[tuple[int, float]] = []
    with WorkerPool(HelmSource(), STORAGE, 1, lambda n_bytes: reports.append((n_bytes, time.time()))) as pool:
        ended = pool.result(pool.workers[0].submit(_Reporting()))

    [(n_bytes, reported)] = reports
    assert n_bytes == 7 and reported < ended


def test_a_report_that_comes_with_the_result_is_reported_too() -> None:
    reports: list[int] = []
    with WorkerPool(HelmSource(), STORAGE, 1, reports.append) as pool:
        pool._reported.put(9)
        future: Future[int] = Future()
        future.set_result(7)
        assert pool.result(future) == 7

    assert reports == [9]


def test_runs_are_shared_so_that_no_process_has_more_than_a_run_more_than_another() -> None:
    [run] = sample_runs(1)
    runs = [replace(run, inputs=(Input("a", size, "w", "0" * 32),)) for size in [1000, 3000, 2000] * 40]

    for n_processes in (1, 2, 3, 4):
        n_bytes = [0] * n_processes
        for item, reader in zip(runs, share(runs, n_processes), strict=True):
            n_bytes[reader] += item.n_bytes
        assert max(n_bytes) - min(n_bytes) <= 3000 and sum(n_bytes) == 240_000


def test_no_runs_are_read_by_no_process() -> None:
    empty: Sequence[int] = share([], 2)
    assert list(empty) == []

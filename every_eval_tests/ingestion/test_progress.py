from collections.abc import Iterator

import pytest

from every_eval.ingestion import progress
from every_eval.ingestion.progress import Progress


class _Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.seconds = 100.0

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[_Clock]:
    clock = _Clock()
    monkeypatch.setattr(progress, "time", clock)
    yield clock


def test_a_line_states_what_is_done_the_rate_and_the_time_left(clock: _Clock) -> None:
    lines: list[str] = []
    work = Progress(lines.append, "helm_lite_part_00001", 4, 80_000_000)
    clock.seconds += 20
    work.add(20_000_000)

    # 20 MB in 20 s are 1 MB/s, so that the other 60 MB take 60 s.
    assert lines == ["helm_lite_part_00001: 1 of 4 runs, 20 of 80 MB, 1.0 MB/s, about 60 s left"]


def test_lines_come_at_most_every_ten_seconds(clock: _Clock) -> None:
    lines: list[str] = []
    work = Progress(lines.append, "x", 100, 100_000_000)
    for _ in range(100):
        clock.seconds += 1
        work.add(1_000_000)

    assert [line.split()[1] for line in lines] == [str(n) for n in range(10, 101, 10)]


def test_runs_without_bytes_have_no_estimate_of_the_time_left(clock: _Clock) -> None:
    lines: list[str] = []
    work = Progress(lines.append, "x", 2, 0)
    clock.seconds += 10
    work.add(0)

    assert lines == ["x: 1 of 2 runs, 0.0 of 0.0 MB, 0.0 MB/s, time left unknown"]


def test_the_end_is_reported_once_however_short_the_work_was_and_a_run_that_is_read_again_counts_once(
    clock: _Clock,
) -> None:
    lines: list[str] = []
    work = Progress(lines.append, "x", 2, 9_000_000)
    clock.seconds += 3
    for n_bytes in (2_000_000, 7_000_000, 7_000_000):
        work.add(n_bytes)

    # 9 MB in 3 s are 3 MB/s.
    assert lines == ["x: 2 of 2 runs, 9.0 of 9.0 MB in 3 s, 3.0 MB/s"]

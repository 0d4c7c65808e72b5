"""The end of a failed run is short: whole lines, no cut table, and where the rest is."""

from every_eval.orchestration.failure_report import MAX_LINE, FailedStep, reasons, retry, shortened
from every_eval.orchestration.step_failures import Action

REST = "they stand above."


def step(name: str, reason: str, *actions: Action) -> FailedStep:
    return FailedStep(name, reason, actions, is_new=True, is_foreseen=True)


def test_what_fits_stays_as_it_is() -> None:
    lines = ["check_shards: 1 problem.", "| a | b |", "| 1 | 2 |"]
    assert shortened(lines, 3, 1000, REST) == lines


def test_what_does_not_fit_is_cut_between_lines_and_counted() -> None:
    lines = [f"- problem {n}" for n in range(30)]
    assert shortened(lines, 10, 1000, REST) == [*lines[:9], f"… and 21 more lines: {REST}"]
    short = shortened(lines, 30, 100, REST)
    assert short[:-1] == lines[: len(short) - 1]
    assert sum(len(line) + 1 for line in short) <= 100


def test_a_table_that_does_not_fit_is_left_out_whole() -> None:
    table = [f"| {n} | x |" for n in range(20)]
    assert shortened(["Differ:", *table, "Look."], 10, 1000, REST) == [
        "Differ:",
        "Look.",
        f"… and 20 more lines: {REST}",
    ]


def test_a_long_line_is_cut_and_says_so() -> None:
    (line,) = shortened(["x" * 2 * MAX_LINE], 10, 10_000, REST)
    assert len(line) == MAX_LINE and line.endswith("…")


def test_steps_that_failed_for_one_reason_share_it() -> None:
    steps = [step("check_shards", "The Hub is down.\nLook."), step("score", "The Hub is down.\nLook.")]
    assert reasons(steps) == ["check_shards, score: The Hub is down.", "Look."]


def test_a_retry_is_offered_only_where_it_may_help() -> None:
    assert retry([step("a", "x", Action.LOOK, Action.RETRY)], "dg launch").startswith("Launch it again: dg launch.")
    assert retry([step("a", "x", Action.CORRECT)], "dg launch") == "After the correction: dg launch."
    assert "a retry changes nothing" in retry([step("a", "x", Action.LOOK)], "dg launch")
    assert "A retry changes nothing" in retry([step("a", "x", Action.REPORT)], "dg launch")

import math
from collections import Counter
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from every_eval.scoring.checks.check import Check
from every_eval.scoring.checks.row_checks import (
    check_bounds,
    check_finite,
    check_instances,
    check_order,
    check_reported_order,
    check_scored,
)
from every_eval.scoring.checks.validation import (
    RunTotals,
    Validation,
    check_coverage,
    check_scenarios,
    check_totals,
    instances_of_models,
    lost_rows,
)
from every_eval_tests.scoring.real_scores import RealBenchmark, RealScores
from every_eval_tests.scoring.run_stats import reported, shown_release, statistic, table
from every_eval_tests.scoring.tables.test_cross_benchmark import board, row


def _change(rows: pa.Table, at: int, **values: Any) -> pa.Table:
    """The table with other values in one row."""
    listed = rows.to_pylist()
    listed[at] |= values
    return pa.Table.from_pylist(listed, schema=rows.schema)


def _main(benchmark: RealBenchmark) -> tuple[int, dict[str, Any]]:
    """Position and content of a row that is recomputed from outputs."""
    rows = enumerate(benchmark.stats.to_pylist())
    return next((at, row) for at, row in rows if row["is_main_metric"] and row["is_binary"] and 0 < row["mean"] < 1)


@pytest.fixture
def lite(real_scores: RealScores) -> RealBenchmark:
    return next(benchmark for benchmark in real_scores if benchmark.name == "lite")


def rows_of(stats: pa.Table) -> Counter[tuple[str, str]]:
    return Counter(zip(stats["suite"].to_pylist(), stats["run"].to_pylist(), strict=True))


def check_scores(benchmark: RealBenchmark, board: pa.Table | None) -> list[Check]:
    """Every check; the rows are added run by run."""
    validation = Validation(benchmark.release, rows_of(benchmark.stats))
    for run in sorted(set(benchmark.stats["run"].to_pylist())):
        parts = [rows.filter(pc.field("run") == run) for rows in (benchmark.stats, benchmark.comprehensive)]
        validation.add(*parts)
    return validation.checks(board)


def totals(rows: pa.Table, instances: str) -> RunTotals:
    found = RunTotals()
    found.add(rows, instances)
    return found


def test_real_scores_pass(real_scores: RealScores) -> None:
    for one in real_scores:
        checks = check_scores(one, one.board)
        assert {check.name: check.problems for check in checks if not check.passed} == {}
        assert all(check.n_compared > 2 for check in checks)
        assert len({check.name for check in checks}) == len(checks) == 9


def test_a_benchmark_without_a_leaderboard_is_checked_as_well(lite: RealBenchmark) -> None:
    names = [check.name for check in check_scores(lite, None)]

    assert names == ["finite", "order", "reported_order", "bounds", "scored", "instances", "totals", "coverage"]


@pytest.mark.parametrize("planted", [{"mean": 0.0}, {"mean": 1.5}, {"min": 0.9}, {"max": 0.1}])
def test_a_planted_mean_outside_of_its_limits_is_found_and_named(
    lite: RealBenchmark, planted: dict[str, float]
) -> None:
    at, honest = _main(lite)
    limits = {"min": 0.2, "max": 0.8, "mean": 0.5, "n_trials": 1} | planted
    check = check_order(_change(lite.stats, at, **limits))

    assert check.n_problems == 1
    assert honest["run"] in check.problems[0] and honest["metric_name"] in check.problems[0]


def test_a_mean_may_leave_its_limits_by_rounding_alone() -> None:
    def passed(mean: float) -> bool:
        return check_order(table(statistic("m/a", [0.3, 0.3]) | {"mean": mean})).passed

    assert passed(0.3 * (1 + 9e-10)) and passed(0.3 * (1 - 9e-10))
    assert not passed(0.3 * (1 + 2e-9)) and not passed(0.3 * (1 - 2e-9))


def test_over_several_trials_the_mean_can_leave_the_limits_of_instances() -> None:
    # Instance id0 has 0.5 in the first trial alone; id1 has 0 in the first trial and 1 in the second. Averaged over
    # trials, both have 0.5. The means of the trials are 0.25 and 1, and their mean is 0.625.
    lone = statistic("m/a", [0.5, 0.5]) | {"n_trials": 2, "mean": 0.625}

    assert check_order(table(lone)).passed
    assert not check_order(table(lone | {"n_trials": 1})).passed


def test_a_reported_mean_outside_its_reported_limits_is_reported_and_does_not_block() -> None:
    assert check_reported_order(table(reported("m/a", 0.5))).passed
    told = check_reported_order(table(reported("m/a", 0.5, reported_max=0.4)))
    assert not told.passed
    assert not told.is_blocking
    assert check_reported_order(table(reported("m/a", 0.5, reported_max=None))).passed


def test_nan_and_infinite_numbers_are_found() -> None:
    honest = statistic("m/a", [0.1, 0.3])

    assert check_finite(table(honest, statistic("m/b", []))).passed
    for name in ("mean", "m2", "min", "max"):
        for value in (math.nan, math.inf):
            assert check_finite(table(honest | {name: value}, statistic("m/b", [1]))).n_problems == 1


@pytest.mark.parametrize(
    ("metric", "mean", "is_wrong"),
    [
        ("exact_match", 1.0000000001, False),
        ("exact_match", 1.01, True),
        ("quasi_exact_match@5", -0.01, True),
        ("num_output_tokens", 4e9, False),
        ("num_output_tokens", -1.0, True),
        ("logprob", -1e9, False),
        ("a_metric_of_tomorrow", 17.0, False),
    ],
)
def test_bounds_are_those_that_the_metric_declares(metric: str, mean: float, *, is_wrong: bool) -> None:
    for stats in (statistic("m/a", [mean]), reported("m/a", mean)):
        assert check_bounds(table(stats | {"metric_name": metric})).passed is not is_wrong


def test_more_instances_with_a_value_than_instances_are_found() -> None:
    honest = statistic("m/a", [1, 0])

    assert check_scored(table(honest, honest | {"n_scored": 0}, reported("m/a", 0.5))).passed
    assert check_scored(table(honest, honest | {"n_scored": 3})).n_problems == 1


def test_a_number_of_instances_that_differs_from_the_reported_one_is_named() -> None:
    stated = reported("m/a", 3.0, metric_name="num_instances", is_main_metric=False)
    check = check_instances(table(statistic("m/a", [1, 0]), stated))

    assert check.problems == ("v1, gsm:model=m_a, test: 2 instances were read, the source reports 3",)
    assert not check.is_blocking
    assert check_instances(table(statistic("m/a", [1, 0, 1]), stated)).passed
    # There is nothing to compare in another split, in another run, and without a reported number.
    assert check_instances(table(statistic("m/a", [1], split="valid"), statistic("m/b", [1]), stated)).passed
    assert check_instances(table(statistic("m/a", [1, 0]), stated | {"reported_mean": None})).passed


def test_instances_of_perturbed_inputs_are_not_counted() -> None:
    stated = reported("m/a", 3.0, metric_name="num_instances", is_main_metric=False)
    perturbed = {"perturbation": "{}", "perturbation_name": "typos", "computed_on": "perturbed"}

    assert check_instances(table(statistic("m/a", [1, 0]) | perturbed, stated)).passed


def test_a_row_lost_or_altered_on_the_way_is_found_in_its_run(lite: RealBenchmark) -> None:
    at, honest = _main(lite)
    place = lite.comprehensive["run"].to_pylist().index(honest["run"])
    lost = pa.concat_tables([lite.comprehensive.slice(0, place), lite.comprehensive.slice(place + 1)])

    n_rows = {run: number for (_, run), number in rows_of(lite.stats).items()}
    both = totals(lite.stats, "n_instances"), totals(lite.comprehensive, "total_samples")
    assert check_totals(n_rows, *both).passed

    def wrong_totals(stats: pa.Table, comprehensive: pa.Table) -> Check:
        return check_totals(n_rows, totals(stats, "n_instances"), totals(comprehensive, "total_samples"))

    for wrong in (
        wrong_totals(lite.stats, lost),
        wrong_totals(_change(lite.stats, at, n_scored=honest["n_scored"] + 1), lite.comprehensive),
        wrong_totals(_change(lite.stats, at, n_instances=honest["n_instances"] + 1), lite.comprehensive),
        check_totals({**n_rows, honest["run"]: 1}, *both),
        check_totals({**n_rows, f"{honest['run']}, lost": 1}, *both),
    ):
        assert wrong.n_problems == 1
        assert wrong.problems[0].startswith(honest["run"])
        assert wrong.is_blocking


def test_a_run_without_statistics_is_named(lite: RealBenchmark) -> None:
    more = replace(lite.release, runs=lite.release.runs | {("v9", "gsm:model=new")})
    check = check_coverage(rows_of(lite.stats).keys(), more)

    assert check.problems == ("v9/gsm:model=new: no statistics are published",)
    assert not check.is_blocking


def test_a_leaderboard_that_claims_too_many_scenarios_or_instances_is_found(lite: RealBenchmark) -> None:
    honest = lite.board.to_pylist()[0]
    model = f"lite {honest['model_name']} {honest['model_deployment']}"

    n_scored = instances_of_models(lite.comprehensive)
    for planted, told in (
        ({"n_scenarios": 11}, f"{model}: 11 scenarios, the main table has 10"),
        ({"n_scored": 10**6}, f"{model}: 1000000 instances, the model's runs have "),
    ):
        [problem] = check_scenarios(n_scored, _change(lite.board, 0, **planted)).problems
        assert problem.startswith(told)
    [problem] = check_scenarios(
        instances_of_models(lite.comprehensive), _change(lite.board, 0, model_deployment="x/y")
    ).problems
    assert problem == f"lite {honest['model_name']} x/y: on the leaderboard, but without statistics"


def test_rows_that_a_leaderboard_loses_are_told_unless_their_runs_are_left_out() -> None:
    before, now = board(row("lite", "a", 1), row("lite", "b", 2)), board(row("lite", "a", 1))

    assert lost_rows(before, now) == "the leaderboard has 1 rows, the published one has 2"
    assert lost_rows(before, now, n_left_out=1) is None
    assert lost_rows(now, before) is None
    assert lost_rows(board(), now) is None


def test_an_empty_benchmark_passes() -> None:
    checks = Validation(shown_release(table()), {}).checks(board())

    assert len(checks) == 9
    assert all(check.passed for check in checks)

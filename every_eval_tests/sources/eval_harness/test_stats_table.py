import json
import math
from collections.abc import Mapping
from typing import Any

import pytest

from every_eval.contracts.rejects import Reason
from every_eval.contracts.stats import STATS
from every_eval.sources.eval_harness.completeness import TaskCompleteness
from every_eval.sources.eval_harness.sample_rows import ValuesByMetric
from every_eval.sources.eval_harness.stats_table import TaskStatistics, task_statistics
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.source import Run
from every_eval_tests.sources.eval_harness.output import (
    AGAIN,
    BY_FILE,
    FILTERS,
    FIRST,
    FIVE_SHOT,
    Output,
    line,
    metrics,
    standard_errors,
    statistics,
    task,
    values_of,
)

RUN = Run("eval_harness", "main", "m/results_x", "quiz", "main/m")
ACC = metrics(("acc", None))
HALF = {"acc,none": 0.5, "acc_stderr,none": math.sqrt(1 / 12)}
"""Of two right answers and two wrong ones: m2 is 1, and the error sqrt(1 / 3 / 4)."""

REPRODUCED = [
    ("main", AGAIN, "wikitext_local"),
    ("main", FIRST, "wikitext_local"),
    ("main", AGAIN, "mmlu_local_professional_law"),
    ("main", AGAIN, "mmlu_local_stem"),
    ("main", AGAIN, "mmlu_local"),
    ("main", FIVE_SHOT, "mmlu_local_astronomy"),
    ("main", FILTERS, "gsm8k_sc_local"),
    ("file_style", BY_FILE, "mmlu_local_astronomy"),
    ("dummy", "wxrd1574/results_2026-11-20T04-29-53.914291", "lambada_local"),
]


def four(**values: list[Any]) -> list[Mapping[str, Any]]:
    return [line(doc_id, **{name: of_metric[doc_id] for name, of_metric in values.items()}) for doc_id in range(4)]


RIGHT_AND_WRONG = four(acc=[1, 0, 0, 1])


def made(of: Task, values: ValuesByMetric | None) -> tuple[dict[str, dict[str, Any]], TaskStatistics]:
    found = task_statistics(of, RUN, values, "results.json")
    STATS.validate(found.table)
    return {row["metric_name"]: row for row in STATS.decode(found.table).to_pylist()}, found


@pytest.mark.parametrize(("benchmark", "suite", "name"), REPRODUCED)
def test_what_lm_eval_reports_is_reproduced(output: Output, benchmark: str, suite: str, name: str) -> None:
    rows = output.read(output.run(suite, name, benchmark))
    reported = output.results(suite, benchmark)["results"][name]
    found, errors = statistics(rows), standard_errors(rows)

    assert set(found) == {key for key in reported if "," in key and "_stderr," not in key}
    for key, row in found.items():
        assert row["reported_mean"] == reported[key]
        assert row["mean"] == pytest.approx(reported[key], rel=1e-9)
        stated = reported[key.replace(",", "_stderr,", 1)]
        assert errors[key]["reported"] == (None if stated == "N/A" else stated)
        if errors[key]["recomputed"] is not None:
            assert errors[key]["recomputed"] == pytest.approx(stated, rel=1e-9)
    assert list(rows.disagreements) == []
    assert rows.rejects == ()


@pytest.mark.parametrize(
    ("benchmark", "suite", "name", "metric", "method", "is_recomputed"),
    [
        ("main", AGAIN, "mmlu_local_astronomy", "acc,none", "sample", True),
        ("main", AGAIN, "mmlu_local", "acc,none", "pooled", True),
        ("main", AGAIN, "wikitext_local", "bits_per_byte,none", None, False),
        ("main", AGAIN, "boolq_brier_local", "brier_score,none", None, False),
        (
            "dummy",
            "wxrd1574/results_2026-11-20T04-29-53.914291",
            "lambada_local",
            "perplexity,none",
            "bootstrap",
            False,
        ),
    ],
)
def test_every_standard_error_has_its_method(
    output: Output, benchmark: str, suite: str, name: str, metric: str, method: str | None, is_recomputed: bool
) -> None:
    error = standard_errors(output.read(output.run(suite, name, benchmark)))[metric]
    assert (error["method"], error["recomputed"] is not None) == (method, is_recomputed)


def test_a_statistic_counts_what_lm_eval_counted(output: Output) -> None:
    row = statistics(output.read(output.run(AGAIN, "mmlu_local")))["acc,none"]
    # 21 of physics, 18 of astronomy, 27 of law
    assert [row[name] for name in ("reported_count", "n_instances", "n_scored", "n_trials")] == [66, 66, 66, 1]
    assert (row["reported_index"], row["reported_sum"], row["split"]) == (0, None, None)


def test_the_first_metric_of_a_task_is_its_main_metric(output: Output) -> None:
    found = statistics(output.read(output.run(AGAIN, "wikitext_local")))
    assert {name: row["is_main_metric"] for name, row in found.items()} == {
        "word_perplexity,none": True,
        "byte_perplexity,none": False,
        "bits_per_byte,none": False,
    }


def test_what_only_all_rows_determine_is_as_reported(output: Output) -> None:
    found = statistics(output.read(output.run(AGAIN, "boolq_brier_local")))
    row = found["brier_score,none"]
    assert row["reported_mean"] == output.results(AGAIN)["results"]["boolq_brier_local"]["brier_score,none"]
    assert [row[name] for name in ("mean", "m2", "n_instances", "n_scored")] == [None, None, 4, 0]


def test_a_bypass_is_as_reported_and_measures_nothing(output: Output) -> None:
    suite = "EleutherAI__pythia-1.4b/results_2026-11-20T04-29-44.575335"
    found = statistics(output.read(output.run(suite, "gsm8k_local", "predict_only")))
    assert {(row["reported_mean"], row["mean"], row["n_scored"], row["is_main_metric"]) for row in found.values()} == {
        (999.0, None, 0, False)
    }


def test_numbers_that_disagree_are_told_with_their_key() -> None:
    of = task(ACC, {"acc,none": 0.75, "acc_stderr,none": 0.25})
    _, found = made(of, values_of(of, RIGHT_AND_WRONG))
    assert [(row["field"], row["ours"], row["reported"]) for row in found.disagreements] == [
        ("mean", 0.5, 0.75),
        ("standard_error", pytest.approx(math.sqrt(1 / 12)), 0.25),
    ]
    assert {(row["suite"], row["run"], row["metric_name"]) for row in found.disagreements} == {
        ("m/results_x", "quiz", "acc,none")
    }


def test_rows_that_their_results_file_contradicts_are_told_with_both_means_and_not_scored() -> None:
    of = task(ACC, {"acc,none": 0.75, "acc_stderr,none": 0.25})
    values = values_of(of, RIGHT_AND_WRONG)
    for completeness, told in (
        (TaskCompleteness(1, "rows are missing", is_contradicted=True), [("mean", 0.5, 0.75)]),
        (TaskCompleteness(1, "1 row could not be read"), []),
    ):
        found = task_statistics(of, RUN, values, "results.json", completeness)
        assert [(row["field"], row["ours"], row["reported"]) for row in found.disagreements] == told
        assert found.table["mean"].to_pylist() == [None]


def test_a_metric_that_is_not_listed_is_a_mean_only_if_that_is_reported() -> None:
    for reported, mean in ((0.5, 0.5), (0.75, None)):
        of = task({}, {"custom,none": reported, "custom_stderr,none": 0.1})
        rows, found = made(of, values_of(of, four(custom=[1, 0, 0, 1])))
        assert rows["custom,none"]["mean"] == mean
        assert [row["field"] for row in found.disagreements] == ([] if mean is None else ["standard_error"])


def test_a_metric_that_only_rows_hold_comes_after_those_reported() -> None:
    of = task(metrics(("acc", None), ("speed", "mean")), HALF)
    rows, _ = made(of, values_of(of, four(speed=[1, 2, 3, 4], acc=[1, 0, 0, 1])))
    assert list(rows) == ["acc,none", "speed,none"]
    assert rows["speed,none"]["mean"] == 2.5
    assert [rows["speed,none"][name] for name in ("reported_mean", "reported_count", "reported_index")] == [None] * 3


def test_without_samples_there_is_only_what_is_reported() -> None:
    rows, found = made(task(ACC, HALF, **{"n-samples": {"quiz": {"effective": 4}}}), None)
    row = rows["acc,none"]
    assert (row["reported_mean"], row["reported_count"], row["mean"], row["n_instances"]) == (0.5, 4, None, None)
    assert found.disagreements == []
    assert row["reported_standard_error"] == HALF["acc_stderr,none"]
    assert (row["standard_error"], row["standard_error_method"]) == (None, "sample")


@pytest.mark.parametrize(("stated", "reason"), [("NaN", Reason.NOT_FINITE), ("lots", Reason.UNEXPECTED_SHAPE)])
def test_a_reported_number_that_is_none_is_a_reject_with_its_place(stated: str, reason: Reason) -> None:
    of = task(ACC, {"acc,none": stated})
    rows, found = made(of, values_of(of, RIGHT_AND_WRONG))
    assert [(item.reason, item.file, item.place) for item in found.rejects] == [
        (reason, "results.json", "$.results['quiz']['acc,none']")
    ]
    assert (rows["acc,none"]["reported_mean"], rows["acc,none"]["mean"]) == (None, 0.5)


def change_group(output: Output, mean: float) -> dict[str, Any]:
    content = output.results(AGAIN)
    content["results"]["mmlu_local"]["acc,none"] = mean
    output.write(AGAIN, content)
    rows = output.read(output.run(AGAIN, "mmlu_local"))
    return statistics(rows)["acc,none"] | {"disagreements": rows.disagreements}


def test_a_group_without_weights_is_a_plain_mean(output: Output) -> None:
    tasks = output.results(AGAIN)["results"]
    leaves = ("mmlu_local_college_physics", "mmlu_local_astronomy", "mmlu_local_professional_law")
    plain = math.fsum(tasks[name]["acc,none"] for name in leaves) / 3
    row = change_group(output, plain)
    assert (row["mean"], row["disagreements"]) == (pytest.approx(plain, rel=1e-12), [])
    # the spread over instances is not that of this mean
    assert (row["m2"], row["min"]) == (None, None)


def test_a_group_that_is_neither_mean_is_a_disagreement(output: Output) -> None:
    weighted = output.results(AGAIN)["results"]["mmlu_local"]["acc,none"]
    row = change_group(output, 0.123)
    assert row["mean"] is None
    [told] = row["disagreements"]
    assert (told["field"], told["ours"], told["reported"]) == ("mean", pytest.approx(weighted, rel=1e-12), 0.123)


def test_the_way_in_which_a_group_adds_errors_is_recognised(output: Output) -> None:
    content = output.results(AGAIN)
    first, second = (content["results"][f"mmlu_local_{name}"] for name in ("college_physics", "astronomy"))
    assert content["group_subtasks"]["mmlu_local_stem"] == ["mmlu_local_college_physics", "mmlu_local_astronomy"]
    (x, a), (y, b) = ((of["acc,none"], of["acc_stderr,none"]) for of in (first, second))
    n, m = (content["n-samples"][f"mmlu_local_{name}"]["effective"] for name in ("college_physics", "astronomy"))
    # lm-eval 0.4.0 and 0.4.1: the distance is that of the second task from the mean of both
    distance = (n * x + m * y) / (n + m) - y
    within = ((n - 1) * a**2 + (m - 1) * b**2) / (n + m - 1)
    combined = math.sqrt(within + n * m / ((n + m) * (n + m - 1)) * distance**2)
    content["results"]["mmlu_local_stem"]["acc_stderr,none"] = combined
    output.write(AGAIN, content)
    rows = output.read(output.run(AGAIN, "mmlu_local_stem"))
    error = {"recomputed": pytest.approx(combined, rel=1e-12), "reported": combined, "method": "combined"}
    assert standard_errors(rows)["acc,none"] == error
    assert rows.disagreements == []


def test_a_group_of_a_task_without_samples_is_as_reported(output: Output) -> None:
    output.file(AGAIN, "mmlu_local_astronomy").unlink()
    rows = output.read(output.run(AGAIN, "mmlu_local"))
    row = statistics(rows)["acc,none"]
    assert (row["mean"], row["n_instances"]) == (None, None)
    assert row["reported_mean"] == output.results(AGAIN)["results"]["mmlu_local"]["acc,none"]
    assert standard_errors(rows)["acc,none"]["method"] == "pooled"


def test_a_group_of_numbers_too_large_to_be_added_is_as_reported(output: Output) -> None:
    content = output.results(AGAIN)
    for name in ("mmlu_local_astronomy", "mmlu_local_college_physics"):
        for row in (rows := output.rows(AGAIN, name)):
            row["acc"] = 1e308
        # one row, so that its mean is that number
        output.file(AGAIN, name).write_text(json.dumps(rows[0]) + "\n")
        content["n-samples"][name] = {"original": 10, "effective": 10}
    output.write(AGAIN, content)
    row = statistics(output.read(output.run(AGAIN, "mmlu_local_stem")))["acc,none"]
    assert (row["mean"], row["reported_mean"]) == (None, content["results"]["mmlu_local_stem"]["acc,none"])

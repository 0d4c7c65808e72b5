from typing import Any

import pyarrow as pa
import pytest

from every_eval.errors import UpstreamMalformed
from every_eval.sources.helm.tables.table_runs import Statistic, freeze, latest_runs, read_runs
from every_eval_tests.sources.helm.tables.reported import (
    RunFiles,
    recomputed,
    run_spec,
    statistic,
    stats_table,
    unreported,
    worst,
)

SPEC = run_spec("gsm:model=a", ["gsm"])


def test_runs_come_by_suite_as_listed_and_then_by_name() -> None:
    found = [(suite, name, SPEC, [statistic("f1", 1, 0.5)]) for suite in ("old", "new") for name in ("b", "a", "B")]
    runs = read_runs(stats_table("lite", found), ["new", "old"], {"f1"})

    names = ["B", "a", "b"]
    assert [(run.suite, run.name) for run in runs] == [("new", name) for name in names] + [("old", n) for n in names]


def test_runs_of_other_suites_are_not_read() -> None:
    found = [(suite, "a", SPEC, [statistic("f1", 1, 0.5)]) for suite in ("old", "new")]

    assert [run.suite for run in read_runs(stats_table("lite", found), ["old"], {"f1"})] == ["old"]


def test_statistics_keep_the_order_of_the_file_whatever_the_order_of_rows() -> None:
    statistics = [statistic("f1", count, 0.5, sub_split=str(count)) for count in range(5)]
    table = stats_table("lite", [("s", "a", SPEC, statistics)])
    [run] = read_runs(table.take(pa.array([3, 1, 4, 0, 2])), ["s"], {"f1"})

    assert [one.n_trials for one in run.statistics["f1"]] == [0, 1, 2, 3, 4]


def test_only_what_tables_can_show_is_kept() -> None:
    shown = [statistic("f1", 1, 0.5), statistic("f1", 1, 0.25, perturbation=worst("robustness"))]
    hidden = [
        statistic("f1", 1, 0.4, perturbation={"name": "typos", "computed_on": "perturbed"}),
        statistic("f1", 1, 0.4, perturbation={"name": "typos", "computed_on": "original"}),
        statistic("ece", 1, 0.4),
    ]
    [run] = read_runs(stats_table("lite", [("s", "a", SPEC, [*hidden, *shown])]), ["s"], {"f1"})

    assert {name: len(found) for name, found in run.statistics.items()} == {"f1": 2}
    assert run.statistics["f1"] == [
        Statistic("f1", "test", None, None, None, 1, 0.5, True, 1, 0.5),
        Statistic(
            "f1", "test", None, '{"computed_on": "worst", "name": "robustness"}', "robustness", 1, 0.25, True, 1, 0.25
        ),
    ]


def test_a_run_without_statistics_is_a_run() -> None:
    [run] = read_runs(stats_table("lite", [("s", "a", SPEC, [])]), ["s"], {"f1"})

    assert run.spec.groups == ("gsm",)
    assert run.statistics == {}


def test_a_run_spec_that_cannot_be_read_is_refused_by_name() -> None:
    with pytest.raises(UpstreamMalformed, match=r"run_spec\.json of s/a cannot be read: .*`name`"):
        read_runs(stats_table("lite", [("s", "a", "{}", [])]), ["s"], set())


def test_the_latest_runs_are_those_of_the_last_suite_in_the_order_of_all() -> None:
    found: list[RunFiles] = [
        (suite, name, SPEC, []) for suite, name in [("1", "a"), ("1", "b"), ("2", "b"), ("2", "c")]
    ]
    runs = read_runs(stats_table("lite", found), ["1", "2"], set())

    assert [(run.suite, run.name) for run in latest_runs(runs)] == [("1", "a"), ("2", "b"), ("2", "c")]


def test_equal_values_freeze_to_equal_keys() -> None:
    assert freeze({"a": 1, "b": [{"c": 0.0}]}) == freeze({"b": [{"c": 0}], "a": 1.0})
    assert freeze({"a": [1, 2]}) != freeze({"a": [2, 1]})
    assert len({freeze({"a": [1]}), freeze({"a": [1.0]})}) == 1


def test_a_statistic_is_of_outputs_unless_they_cannot_be_scored() -> None:
    def read(total: float | None = 0.5, **ours: Any) -> tuple[object, ...]:
        one = recomputed(statistic("f1", 1, 0.9), 1, total, **ours)
        [run] = read_runs(stats_table("lite", [("s", "a", SPEC, [one])]), ["s"], {"f1"})
        [found] = run.statistics["f1"]
        return (run.is_whole, *found[5:])

    assert read() == (True, 1, 0.5, False, 1, 0.9)
    assert read(is_complete=False) == (False, 1, 0.9, True, 1, 0.9)
    assert read(unscored_reason="1 of 3 values is not finite.") == (True, 1, 0.9, True, 1, 0.9)
    assert read(total=None) == (True, 1, 0.9, True, 1, 0.9)


def test_what_helm_did_not_report_comes_after_what_it_did() -> None:
    lost = [unreported(recomputed(statistic("f1", 1, 0.9, sub_split=name), 1, 0.5)) for name in "ab"]
    table = stats_table("lite", [("s", "a", SPEC, [*lost, statistic("f1", 1, 0.7, sub_split="c")])])
    [run] = read_runs(table, ["s"], {"f1"})

    assert [one.sub_split for one in run.statistics["f1"]] == ["c", "a", "b"]
    assert [one.reported_n_trials for one in run.statistics["f1"]] == [1, None, None]


def test_a_run_whose_own_statistics_could_not_be_read_is_not_whole() -> None:
    [run] = read_runs(
        stats_table("lite", [("s", "a", SPEC, [unreported(recomputed(statistic("f1", 1, 0.9), 1, 0.5))])]),
        ["s"],
        {"f1"},
    )

    assert not run.is_whole
    assert run.statistics["f1"][0].total == 0.5

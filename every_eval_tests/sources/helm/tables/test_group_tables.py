from collections.abc import Sequence
from typing import Any

import pytest

from every_eval.sources.helm.schema import ReleaseSchema, RunGroup
from every_eval.sources.helm.tables.group_tables import (
    GroupedRuns,
    TableLayout,
    aggregates,
    is_visible,
    metric_groups_shown,
)
from every_eval.sources.helm.tables.table_runs import TableRun
from every_eval_tests.sources.helm.tables.reported import reported_run, schema

METRICS = [{"name": "f1", "display_name": "F1", "lower_is_better": False}]
METRIC_GROUPS = [
    {"name": name, "display_name": name.title(), "metrics": [{"name": "f1", "split": "test"}]}
    for name in ("accuracy", "bias", "bias_detailed")
]


def _schema(*groups: dict[str, Any]) -> ReleaseSchema:
    return schema(metrics=METRICS, metric_groups=METRIC_GROUPS, run_groups=groups)


def _group(name: str, *metric_groups: str, **rest: Any) -> dict[str, Any]:
    return {"name": name, "display_name": name.upper(), "metric_groups": metric_groups, **rest}


def _run(name: str, *groups: str, model: str = "m/a", **args: Any) -> TableRun:
    return reported_run(name, groups, adapter={"model": model}, scenario={"args": args})


def _layouts(parts: ReleaseSchema, group: str, runs: Sequence[TableRun]) -> list[TableLayout]:
    return GroupedRuns(parts, runs).layouts(parts.run_group_by_name[group])


def _shown(layout: TableLayout) -> list[list[str]]:
    return [[run.name for run in row.runs] for row in layout.rows]


def test_a_group_of_groups_has_a_table_for_each_metric_group_with_its_subgroups_as_columns() -> None:
    parts = _schema(_group("core", subgroups=["a", "b"]), _group("a", "accuracy"), _group("b", "accuracy", "bias"))
    layouts = _layouts(parts, "core", [_run("x", "a"), _run("y", "b"), _run("z", "b", model="m/b")])

    assert [(layout.name, layout.title) for layout in layouts] == [("accuracy", "Accuracy"), ("bias", "Bias")]
    assert [[column.label for column in layout.columns] for layout in layouts] == [["A - F1", "B - F1"], ["B - F1"]]
    assert [_shown(layout) for layout in layouts] == [[["x", "y"], ["z"]]] * 2
    assert [layout.aggregates for layout in layouts] == [("win_rate",), ("win_rate",)]


def test_a_run_in_two_subgroups_is_twice_in_its_row() -> None:
    parts = _schema(_group("core", subgroups=["a", "b"]), _group("a", "accuracy"), _group("b", "accuracy"))

    assert _shown(_layouts(parts, "core", [_run("x", "a", "b"), _run("y", "b")])[0]) == [["x", "x", "y"]]


def test_a_group_without_runs_has_no_table() -> None:
    parts = _schema(_group("core", subgroups=["a"]), _group("a", "accuracy"))

    assert _layouts(parts, "core", []) == _layouts(parts, "a", []) == []


def test_a_single_scenario_is_one_table_named_after_its_arguments() -> None:
    [layout] = _layouts(_schema(_group("gsm", "accuracy", "bias")), "gsm", [_run("x", "gsm", task="a/b c", n=1)])

    assert (layout.name, layout.title) == ("gsm_task:a_bc,n:1", "task: a/b c, n: 1")
    assert [column.label for column in layout.columns] == ["F1", "F1"]
    assert layout.aggregates == ()


def test_several_scenarios_have_a_table_over_all_before_one_for_each() -> None:
    runs = [_run(str(n), "gsm", n=n) for n in (2, 1)] + [_run("other", "gsm", model="m/b", n=1)]
    layouts = _layouts(_schema(_group("gsm", "accuracy")), "gsm", runs)

    assert [(layout.name, layout.title) for layout in layouts] == [
        ("gsm", "GSM"),
        ("gsm_n:2", "n: 2"),
        ("gsm_n:1", "n: 1"),
    ]
    assert [_shown(layout) for layout in layouts] == [[["2", "1"], ["other"]], [["2"]], [["1"], ["other"]]]


def test_the_runs_of_a_row_are_together_by_their_adaptation() -> None:
    def run(name: str, tokens: int) -> TableRun:
        return reported_run(
            name, ["gsm"], adapter={"model": "m/a", "max_tokens": tokens}, scenario={"args": {"n": name}}
        )

    layouts = _layouts(_schema(_group("gsm", "accuracy")), "gsm", [run("a", 5), run("b", 9), run("c", 5)])

    assert _shown(layouts[0]) == [["a", "c", "b"]]


def test_sub_splits_that_are_shown_apart_follow_each_scenario() -> None:
    parts = _schema(_group("toxic", "accuracy", sub_splits=["mild", "strong"]))
    layouts = _layouts(parts, "toxic", [_run("x", "toxic", n=1), _run("y", "toxic", n=2)])

    apart = ["toxic:sub_split=mild", "toxic:sub_split=strong"]
    assert [layout.name for layout in layouts] == ["toxic", "toxic_n:1", *apart, "toxic_n:2", *apart]
    assert [layout.columns[0].matcher.sub_split for layout in layouts[1:4]] == [None, "mild", "strong"]
    assert layouts[2].title == "TOXIC (sub-split: mild)"


def test_shown_by_group_every_subgroup_has_its_scenarios_tables_with_the_groups_own_runs() -> None:
    parts = _schema(_group("all", subgroups=["a"], subgroup_display_mode="by_group"), _group("a", "accuracy"))
    layouts = _layouts(parts, "all", [_run("both", "all", "a", n=1), _run("subgroup alone", "a", n=2)])

    assert [layout.title for layout in layouts] == ["A n: 1"]
    assert _shown(layouts[0]) == [["both"]]


def test_a_scenarios_table_keeps_rows_whose_runs_are_all_hidden() -> None:
    parts = _schema(_group("gsm", "accuracy"), _group("ablation", visibility="this_group_only"))
    layouts = _layouts(parts, "gsm", [_run("x", "gsm"), _run("hidden", "gsm", "ablation", model="m/b")])

    assert _shown(layouts[0]) == [["x"], []]


def test_a_table_over_subgroups_leaves_such_rows_out() -> None:
    parts = _schema(
        _group("core", subgroups=["gsm"]), _group("gsm", "accuracy"), _group("ablation", visibility="this_group_only")
    )
    layouts = _layouts(parts, "core", [_run("x", "gsm"), _run("hidden", "gsm", "ablation", model="m/b")])

    assert _shown(layouts[0]) == [["x"]]


@pytest.mark.parametrize(
    ("groups", "shown_in", "expected"),
    [
        (["gsm"], "gsm", True),
        (["gsm", "ablation"], "gsm", False),
        (["gsm", "ablation"], "ablation", True),
        (["gsm"], "ablation", False),
        (["gsm", "ablation", "other_ablation"], "other_ablation", True),
        (["gsm", "never"], "gsm", False),
        (["never", "ablation"], "ablation", False),
        (["ablation", "never"], "ablation", True),
        (["gsm", "unknown"], "gsm", True),
    ],
)
def test_runs_of_ablations_are_shown_only_among_their_own(groups: list[str], shown_in: str, expected: bool) -> None:
    parts = _schema(
        _group("gsm"),
        _group("ablation", visibility="this_group_only"),
        _group("other_ablation", visibility="this_group_only"),
        _group("never", visibility="no_groups"),
    )

    assert is_visible(parts, groups, parts.run_group_by_name[shown_in]) is expected


def _names(parts: ReleaseSchema, group: RunGroup, *subgroups: RunGroup) -> list[str]:
    return [metric_group.name for metric_group in metric_groups_shown(parts, group, subgroups)]


def test_metric_groups_are_the_groups_own_or_else_its_subgroups() -> None:
    parts = _schema(
        _group("own", "bias", subgroups=["a"]),
        _group("theirs", subgroups=["a", "b"], subgroup_metric_groups_hidden=["accuracy"]),
        _group("a", "bias", "accuracy"),
        _group("b", "bias_detailed"),
    )
    own, theirs, a, b = parts.run_groups

    assert _names(parts, own, own, a) == ["bias"]
    assert _names(parts, theirs, theirs, a, b) == ["bias_detailed"]
    assert _names(parts, b.__class__(name="c"), a, a) == ["bias", "accuracy"]


def test_a_metric_group_that_is_none_costs_its_table_alone() -> None:
    parts = _schema(_group("top", "gone", "accuracy", subgroups=["a"]), _group("a", "accuracy"))

    assert [layout.name for layout in _layouts(parts, "top", [_run("x", "a")])] == ["accuracy"]


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({}, ("win_rate",)),
        ({"hide_win_rates": True}, ()),
        ({"hide_win_rates": True, "aggregation_strategies": ["mean", "win_rate"]}, ("mean", "win_rate")),
        ({"aggregation_strategies": []}, ()),
    ],
)
def test_stated_strategies_override_hidden_win_rates(stated: dict[str, Any], expected: tuple[str, ...]) -> None:
    parts = schema(metric_groups=[{"name": "accuracy", "metrics": [], **stated}])

    assert aggregates(parts.metric_groups[0]) == expected

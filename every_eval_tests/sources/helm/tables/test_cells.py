from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from every_eval.sources.helm.tables.cells import RecomputedCell, recompute_cells
from every_eval.sources.helm.tables.pooling import Matcher
from every_eval.sources.helm.tables.rules import Rules
from every_eval.sources.helm.tables.table_runs import TableRun
from every_eval_tests.sources.helm.tables.reported import recomputed, reported_run, schema, statistic

F1 = {"name": "f1", "display_name": "F1", "lower_is_better": False}
LOSS = {"name": "loss", "display_name": "Loss", "lower_is_better": True}
ACCURACY = {"name": "accuracy", "metrics": [{"name": "${main_name}", "split": "test"}]}


def _group(name: str, metric: str = "f1") -> dict[str, Any]:
    return {"name": name, "metric_groups": ["accuracy"], "environment": {"main_name": metric, "main_split": "test"}}


def _run(
    model: str, group: str, total: float, count: int = 1, metric: str = "f1", name: str = "", **s: Any
) -> TableRun:
    return reported_run(
        name or f"{group}:model={model}", [group], [statistic(metric, count, total)], adapter={"model": model}, **s
    )


def _cells(
    runs: Sequence[TableRun], groups: Sequence[dict[str, Any]], rules: Rules | None = None, **accuracy: Any
) -> list[RecomputedCell]:
    core = {"name": "core", "subgroups": [group["name"] for group in groups]}
    parts = schema(metrics=[F1, LOSS], metric_groups=[ACCURACY | accuracy], run_groups=[core, *groups])
    return [cell for cell in recompute_cells(parts, runs, rules or Rules()) if cell.group == "core"]


def _column(cells: Sequence[RecomputedCell], column: int) -> list[float | None]:
    return [cell.value for cell in cells if cell.column_index == column]


def test_cells_come_row_by_row_with_win_rates_first() -> None:
    # F1: 0.9 beats 0.5. Loss, lower is better: 1.0 beats 2.0. Each row wins one of two columns.
    runs = [
        _run("m/a", "x", 0.9),
        _run("m/b", "x", 0.5),
        _run("m/a", "y", 2.0, metric="loss"),
        _run("m/b", "y", 1.0, metric="loss"),
    ]
    cells = _cells(runs, [_group("x"), _group("y", "loss")])

    assert [(c.row_index, c.column_index, c.row_label, c.column, c.value) for c in cells] == [
        (0, 1, "m/a", "Mean win rate", 0.5),
        (0, 2, "m/a", "x - F1", 0.9),
        (0, 3, "m/a", "y - Loss", 2.0),
        (1, 1, "m/b", "Mean win rate", 0.5),
        (1, 2, "m/b", "x - F1", 0.5),
        (1, 3, "m/b", "y - Loss", 1.0),
    ]


def test_a_cell_says_what_it_pools_and_an_aggregate_that_it_pools_nothing() -> None:
    rate, cell = _cells([_run("m/a", "x", 1.5, count=3)], [_group("x")])

    assert (cell.run_group, cell.model_name, cell.matcher) == ("x", "m/a", Matcher("f1", "test"))
    assert (cell.n_runs, cell.n_trials) == (1, 3)
    assert (rate.run_group, rate.matcher, rate.n_runs, rate.n_trials) == (None, None, None, None)


def test_a_rerun_in_a_later_suite_is_pooled_with_the_first() -> None:
    cells = _cells([_run("m/a", "x", 0.2), _run("m/a", "x", 0.6, suite="s2")], [_group("x")])

    assert _column(cells, 2) == [(0.2 + 0.6) / 2]
    assert cells[1].n_runs == 2


def test_of_babi_only_runs_on_all_tasks_are_shown_over_several_tasks() -> None:
    all_tasks = _run("m/a", "babi_qa", 0.2, name="babi_qa:task=all,model=a", scenario={"args": {"task": "all"}})
    one_task = _run("m/a", "babi_qa", 0.6, name="babi_qa:task=19,model=a", scenario={"args": {"task": 19}})
    parts = schema(metrics=[F1], metric_groups=[ACCURACY], run_groups=[_group("babi_qa")])
    cells = list(recompute_cells(parts, [all_tasks, one_task], Rules()))

    assert [(cell.table_name, cell.value, cell.n_runs) for cell in cells] == [
        ("babi_qa", 0.2, 1),
        ("babi_qa_task:all", 0.2, 1),
        ("babi_qa_task:19", 0.6, 1),
    ]


def test_log_probability_metrics_of_untrusted_models_are_blank_and_win_nothing() -> None:
    metric = {"name": "ece_10_bin", "lower_is_better": True}
    group = _group("x", "ece_10_bin")
    parts = schema(metrics=[metric], metric_groups=[ACCURACY], run_groups=[{"name": "core", "subgroups": ["x"]}, group])
    models = ["meta/llama-2-70b", "meta/llama-3-70b", "m/a"]
    runs = [_run(model, "x", total, metric="ece_10_bin") for model, total in zip(models, (0.1, 0.2, 0.3), strict=True)]
    cells = [cell for cell in recompute_cells(parts, runs, Rules()) if cell.group == "core"]

    assert _column(cells, 1) == [None, 1.0, 0.0]
    assert _column(cells, 2) == [None, 0.2, 0.3]
    assert [cell.n_runs for cell in cells if cell.column_index == 2] == [1, 1, 1]


def test_a_mean_score_can_stand_beside_or_instead_of_win_rates() -> None:
    runs = [_run("m/a", "x", 0.2), _run("m/a", "y", 0.4), _run("m/b", "x", 0.8)]
    cells = _cells(runs, [_group("x"), _group("y")], aggregation_strategies=["mean", "win_rate"])

    assert [cell.column for cell in cells[:4]] == ["Mean score", "Mean win rate", "x - F1", "y - F1"]
    assert _column(cells, 1) == [(0.2 + 0.4) / 2, 0.8]
    assert _column(cells, 2) == [0.0, 1.0]


def test_a_mean_score_over_columns_of_different_directions_is_undefined() -> None:
    runs = [_run("m/a", "x", 0.2), _run("m/a", "y", 0.4, metric="loss")]
    cells = _cells(runs, [_group("x"), _group("y", "loss")], aggregation_strategies=["mean"])

    assert _column(cells, 1) == [None]


def test_hidden_win_rates_leave_their_column_out() -> None:
    cells = _cells([_run("m/a", "x", 0.2)], [_group("x")], hide_win_rates=True)

    assert [(cell.column_index, cell.column) for cell in cells] == [(1, "x - F1")]


def test_an_unknown_strategy_costs_its_column_alone() -> None:
    cells = _cells([_run("m/a", "x", 0.2)], [_group("x")], aggregation_strategies=["median", "mean"])

    assert [(cell.column, cell.value) for cell in cells] == [("median", None), ("Mean score", 0.2), ("x - F1", 0.2)]
    assert cells[0].blank_reason == "schema.json: the aggregation strategy median is neither win_rate nor mean."


def test_an_undefined_variable_costs_its_column_alone() -> None:
    unset = {"name": "y", "metric_groups": ["accuracy"]}
    runs = [_run("m/a", "x", 0.9), _run("m/b", "x", 0.5), _run("m/a", "y", 0.5)]
    cells = _cells(runs, [_group("x"), unset], aggregation_strategies=["win_rate", "mean"])

    assert [cell.column for cell in cells[:4]] == ["Mean win rate", "Mean score", "x - F1", "y - ${main_name}"]
    assert [_column(cells, at) for at in range(1, 5)] == [[1.0, 0.0], [0.9, 0.5], [0.9, 0.5], [None, None]]
    assert {cell.blank_reason for cell in cells if cell.column_index == 4} == {
        "schema.json: the metric group accuracy needs the variable main_name, which the run group y does not set."
    }
    assert {cell.blank_reason for cell in cells if cell.column_index < 4} == {None}


def test_by_the_old_rule_ties_are_ranked_by_row_and_strong_contamination_not_at_all() -> None:
    runs = [_run(model, "x", 0.5) for model in ("m/a", "m/b", "m/c")]

    assert _column(_cells(runs, [_group("x")]), 1) == [0.5, 0.5, 0.5]
    assert _column(_cells(runs, [_group("x")], Rules(ties_by_row=True)), 1) == [0.0, 0.5, 1.0]
    contaminated = Rules(ties_by_row=True, strong=frozenset({("core", 0, 1, 2)}))
    assert _column(_cells(runs, [_group("x")], contaminated), 1) == [0.0, None, 1.0]


def test_a_table_without_columns_is_left_out_unless_it_has_an_aggregate_or_was_written_before_0_5_10() -> None:
    core = _group("core", "none") | {"subgroups": ["x"], "metric_groups": ["bare", "accuracy"]}

    def places(rules: Rules, **bare: Any) -> set[tuple[int, str]]:
        parts = schema(
            metrics=[F1],
            metric_groups=[{"name": "bare", "metrics": [], **bare}, ACCURACY],
            run_groups=[core, _group("x")],
        )
        cells = recompute_cells(parts, [_run("m/a", "x", 0.2)], rules)
        return {(cell.table_index, cell.column) for cell in cells if cell.group == "core" and cell.column != "x - F1"}

    hidden = {"hide_win_rates": True}
    assert places(Rules(), **hidden) == {(0, "Mean win rate")}
    assert places(replace(Rules(), drops_bare_tables=False), **hidden) == {(1, "Mean win rate")}
    assert places(Rules()) == {(0, "Mean win rate"), (1, "Mean win rate")}


def _scored(model: str, group: str, reported: float, total: float, **ours: Any) -> TableRun:
    statistics = [recomputed(statistic("f1", 1, reported), 1, total, **ours)]
    return reported_run(f"{group}:model={model}", [group], statistics, adapter={"model": model})


def test_win_rates_follow_outputs_and_the_reported_ones_stand_beside_them() -> None:
    # By outputs b beats a, by HELM's numbers a beats b.
    cells = _cells([_scored("m/a", "x", 0.9, 0.4), _scored("m/b", "x", 0.5, 0.5)], [_group("x")])

    assert [(c.value, c.reported_value, c.score_origin) for c in cells if c.column_index == 1] == [
        (0.0, 1.0, "outputs"),
        (1.0, 0.0, "outputs"),
    ]
    assert [(c.value, c.reported_value) for c in cells if c.column_index == 2] == [(0.4, 0.9), (0.5, 0.5)]


def test_a_row_with_a_reported_cell_has_a_reported_win_rate() -> None:
    cells = _cells([_scored("m/a", "x", 0.9, 0.4), _run("m/b", "x", 0.5)], [_group("x")])

    assert [cell.score_origin for cell in cells] == ["outputs", "outputs", "reported", "reported"]


def test_values_that_differ_by_rounding_alone_tie_where_helms_do() -> None:
    # 0.1 + 0.2 is 0.30000000000000004: added in another order, our two values differ in the last bit.
    cells = _cells([_scored("m/a", "x", 0.3, 0.1 + 0.2), _scored("m/b", "x", 0.3, 0.3)], [_group("x")])

    assert _column(cells, 1) == [0.5, 0.5]
    assert _column(cells, 2) == [0.1 + 0.2, 0.3]


def test_a_lost_statistic_blanks_its_cell_the_mean_of_its_row_and_all_win_rates() -> None:
    lost = reported_run(
        "y:model=m/a", ["y"], [recomputed(statistic("em", 1, 0.9), 1, 0.5, is_complete=False)], adapter={"model": "m/a"}
    )
    runs = [_run("m/a", "x", 0.2), lost, _run("m/b", "x", 0.8), _run("m/b", "y", 0.4)]
    cells = _cells(runs, [_group("x"), _group("y")], aggregation_strategies=["mean", "win_rate"])

    assert _column(cells, 1) == [None, pytest.approx(0.6)]
    assert _column(cells, 2) == [None, None]
    assert _column(cells, 3) == [0.2, 0.8]
    assert _column(cells, 4) == [None, 0.4]
    reason = "The statistic of the run s1/y:model=m/a is missing."
    assert cells[3].blank_reason == reason
    assert [cell.blank_reason for cell in cells if cell.column_index < 3 and cell.value is None] == [
        f"A cell that the column aggregates is blank: {reason}"
    ] * 3

import math
from typing import Any

import pytest

from every_eval.sources.eval_harness.latest_release import TaskRun, newest, order_of, release_row, schema
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.latest_release import read_facts
from every_eval.sources.source import Run
from every_eval_tests.sources.eval_harness.output import metrics, results


def task(name: str, reported: Any = None, model: Any = "a/b", **content: Any) -> Task:
    stated = {
        "results": {name: {"acc,none": 0.5} if reported is None else reported},
        "configs": {name: metrics(("acc", None))},
        "higher_is_better": {name: {"acc": True}},
        "config": {"model": "hf", "model_args": {"pretrained": model}},
    }
    return Task(results(**(stated | content)), name)


def run_of(of: Task, suite: str, order: float = 0) -> TaskRun:
    run = Run("eval_harness", "main", suite, of.run_name, "main/m", facts={"task": of.name})
    return TaskRun(run, of, (order, "", suite))


def test_the_newest_run_of_each_name_is_shown() -> None:
    old, new, other = run_of(task("t"), "z", 1), run_of(task("t"), "a", 2), run_of(task("t", model="c/d"), "y", 0)
    assert [item.run.suite for item in newest([new, old, other])] == ["a", "y"]


def test_evaluations_are_ordered_by_when_they_began() -> None:
    # the first ended later by its own clock, which may be in another time zone
    early, late = task("t", date=100.0), task("t", date=200.0)
    assert order_of(early, "2026-11-20T09-00-00", "m") < order_of(late, "2026-11-20T03-00-00", "m")
    assert order_of(task("t"), "2026-11-20T09-00-00", "m")[0] == -math.inf
    assert order_of(early, "2026-11-20T09-00-00", "b") < order_of(early, "2026-11-20T09-00-01", "a")


def test_the_release_lists_suites_in_time_and_what_it_shows() -> None:
    runs = [run_of(task("t"), "later", 2), run_of(task("t"), "earlier", 1), run_of(task("u"), "earlier", 1)]
    row = release_row("main", runs, newest(runs))
    assert (row["release"], row["is_newest"], row["suites"]) == ("latest", True, ["earlier", "later"])
    assert row["runs"] == [
        {"suite": "later", "run": task("t").run_name},
        {"suite": "earlier", "run": task("u").run_name},
    ]
    assert read_facts(row) == schema(newest(runs))


def columns(*tasks: Task) -> list[tuple[str, str, bool | None]]:
    found = schema([run_of(of, str(index)) for index, of in enumerate(tasks)]).main_table
    return [(column.variant, column.metric, column.lower_is_better) for column in found]


def test_each_variant_is_a_column_of_its_own() -> None:
    tasks = [task("t", **{"n-shot": {"t": shots}}) for shots in (5, 0, 0)]
    assert columns(*tasks) == [("t:n_shot=0", "acc,none", False), ("t:n_shot=5", "acc,none", False)]


def test_what_was_evaluated_in_part_is_no_column() -> None:
    limited = {"config": {"limit": 10, "model_args": {}}}
    assert columns(task("t", **limited)) == []
    assert columns(task("t", **{"n-samples": {"t": {"original": 9, "effective": 8}}})) == []


def test_a_task_without_a_main_metric_is_no_column() -> None:
    assert columns(task("t", {"bypass,none": 999})) == []


def group(**content: Any) -> list[Task]:
    """A group `g` of the tasks `t` and `u`."""
    stated = {"results": {name: {"acc,none": 0.5} for name in "gtu"}, "group_subtasks": {"g": ["t", "u"]}, **content}
    return [task(name, **stated) for name in "gtu"]


def test_a_group_stands_for_its_tasks_even_where_they_were_run_alone() -> None:
    alone = task("t", **{"n-shot": {"t": 3}}, model="c/d")
    assert [variant for variant, _, _ in columns(*group(), alone)] == ["g"]


def test_a_group_without_a_number_leaves_its_tasks() -> None:
    reported = {"g": {"alias": "g"}, "t": {"acc,none": 0.5}, "u": {"acc,none": 0.5}}
    assert [variant for variant, _, _ in columns(*group(results=reported))] == ["t", "u"]


@pytest.mark.parametrize(
    ("stated", "direction"), [([True, True], False), ([False, False], True), ([True, False], None)]
)
def test_directions_on_which_files_differ_are_none(stated: list[bool], direction: bool | None) -> None:
    tasks = [task("t", model=str(higher), higher_is_better={"t": {"acc": higher}}) for higher in stated]
    found = schema([run_of(of, str(index)) for index, of in enumerate(tasks)])
    assert found.lower_is_better == ({} if direction is None else {"acc,none": direction})
    assert [column.lower_is_better for column in found.main_table] == [direction]


@pytest.mark.parametrize("stated", [None, "mixed"])
def test_a_metric_without_a_direction_is_absent(stated: Any) -> None:
    found = schema([run_of(task("t", higher_is_better={"t": {"acc": stated}}), "s")])
    assert found.lower_is_better == {}
    assert found.main_table[0].lower_is_better is None


def test_numbers_of_parameters_are_those_on_which_all_files_agree() -> None:
    stated = [("a/b", 7), ("a/b", 7), ("c/d", 7), ("c/d", 8), ("e/f", -1), ("e/f", None)]
    tasks = [
        task(f"t{index}", config={"model_args": {"pretrained": model}, "model_num_parameters": size})
        for index, (model, size) in enumerate(stated)
    ]
    assert schema([run_of(of, of.name) for of in tasks]).num_parameters == {"a/b": 7}

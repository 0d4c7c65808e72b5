from typing import Any

from every_eval.sources.eval_harness.latest_release import TaskRun
from every_eval.sources.eval_harness.model_ordinals import numbered
from every_eval.sources.eval_harness.task import Task
from every_eval.sources.source import Run
from every_eval_tests.sources.eval_harness.output import results


def run(date: float, **arguments: Any) -> TaskRun:
    of = Task(results(config={"model": "api", "model_args": {"model": "m"} | arguments}), "t")
    return TaskRun(Run("eval_harness", "b", f"at {date}", of.run_name, "b", facts=of.facts), of, (date, "", ""))


def test_models_with_other_withheld_values_are_numbered_by_time() -> None:
    late, early, again = run(3, base_url="http://a"), run(1, base_url="http://b"), run(2, base_url="http://b")
    found = numbered([late, early, again])
    names = ["api(withheld=#2)", "api", "api"]
    assert [item.task.model.deployment for item in found] == names
    assert [item.run.name for item in found] == [f"t,model=m,model_deployment={name}" for name in names]
    assert [item.run.suite for item in found] == ["at 3", "at 1", "at 2"]


def test_reading_finds_the_same_names_as_discovery() -> None:
    _, second = numbered([run(1, base_url="http://a"), run(2, base_url="http://b")])
    assert second.run.facts == {"task": "t", "withheld": "2"}
    assert Task.of_run(second.task.results, second.run).run_name == second.run.name


def test_other_models_are_not_numbered() -> None:
    runs = [run(1, dtype="a", base_url="u"), run(2, dtype="b", base_url="v"), run(3, token="x"), run(4, token="y")]
    assert numbered(runs) == runs

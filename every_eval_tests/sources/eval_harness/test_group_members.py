import pyarrow as pa
import pytest

from every_eval.contracts.stats import STATS
from every_eval.sources.eval_harness.group_members import group_members
from every_eval_tests.scoring.run_stats import stored
from every_eval_tests.sources.eval_harness.output import AGAIN, Output


@pytest.fixture
def stats(output: Output) -> pa.Table:
    """Statistics of an evaluation with the group mmlu_local, which contains the group mmlu_local_stem."""
    runs = [run for run in output.discover().runs if run.suite == AGAIN]
    return pa.concat_tables([STATS.decode(output.read(run).stats) for run in runs])


def replaced(stats: pa.Table, name: str, **values: object) -> pa.Table:
    """The statistics, with other values in the rows of one task."""
    rows = [row | values if row["dataset_name"] == name else row for row in stats.to_pylist()]
    return pa.Table.from_pylist(rows, schema=STATS.schema)


def found(stats: pa.Table) -> dict[str, dict[str, tuple[float, float]]]:
    """Weight and mean of each task, by its run's task, by group."""
    names: dict[str, str] = {row["run"]: row["dataset_name"] for row in stats.to_pylist()}
    with stored(stats) as files:
        members = group_members(files)
    return {
        names[key.run]: {names[one.key.run]: (one.weight, one.mean) for one in pooled}
        for key, pooled in members.items()
    }


def test_a_group_pools_its_tasks_and_those_of_its_nested_groups(stats: pa.Table, output: Output) -> None:
    members = found(stats)
    results = output.results(AGAIN)
    leaves = {"mmlu_local": {"mmlu_local_world_religions", "mmlu_local_astronomy"}, "mmlu_local_stem": set()}
    of_stem = set(results["group_subtasks"]["mmlu_local_stem"])
    leaves["mmlu_local_stem"] = of_stem
    leaves["mmlu_local"] = of_stem | {
        name for name in results["group_subtasks"]["mmlu_local"] if name != "mmlu_local_stem"
    }
    assert {group: set(tasks) for group, tasks in members.items()} == leaves
    for group, tasks in members.items():
        assert all(weight == results["n-samples"][task]["effective"] for task, (weight, _) in tasks.items())
        total = sum(weight for weight, _ in tasks.values())
        mean = sum(weight * mean for weight, mean in tasks.values()) / total
        assert mean == pytest.approx(results["results"][group]["acc,none"])


def test_a_group_of_which_a_task_has_no_score_is_left_out(stats: pa.Table, output: Output) -> None:
    [task, *_] = output.results(AGAIN)["group_subtasks"]["mmlu_local_stem"]
    assert found(replaced(stats, task, mean=None)) == {}


def test_a_group_whose_score_is_not_the_mean_of_its_tasks_is_left_out(stats: pa.Table) -> None:
    assert set(found(replaced(stats, "mmlu_local", mean=0.123))) == {"mmlu_local_stem"}


def test_statistics_without_groups_pool_nothing(stats: pa.Table) -> None:
    alone = stats.filter(pa.array([name.startswith("wikitext") for name in stats["dataset_name"].to_pylist()]))
    assert found(alone) == {}

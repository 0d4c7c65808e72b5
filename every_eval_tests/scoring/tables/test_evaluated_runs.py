from every_eval.scoring.tables.evaluated_runs import MetricKey, read_runs
from every_eval.sources.statistic_key import StatisticKey
from every_eval_tests.scoring.run_stats import statistic, stored, table


def test_a_run_has_the_main_scores_that_its_outputs_determine() -> None:
    rows = [
        statistic("b", [1.0, 0.5], judges=["y", "x"]),
        statistic("b", [1.0], metric_name="bleu", sub_split="short"),
        statistic("b", [1.0], metric_name="lost", unscored_reason="1 of 1 values are not finite"),
        statistic("b", [1.0], metric_name="time", is_main_metric=False),
        statistic("b", [1.0], perturbation='{"name":"typos"}'),
        statistic("a", [1.0], is_complete=False),
    ]
    with stored(table(*rows)) as stats:
        runs = read_runs(stats)

    assert list(runs) == [("v1", "gsm:model=a"), ("v1", "gsm:model=b")]
    lost, run = runs.values()
    assert lost.metrics == []  # rows of the run are missing
    assert run.metrics == [MetricKey("f1", "test", None), MetricKey("bleu", "test", "short")]
    assert (run.variant, run.shard, run.judges) == ("gsm", "helm_lite_part_00001", ("y", "x"))
    assert run.columns == {
        "suite": "v1",
        "run": "gsm:model=b",
        "variant": "gsm",
        "model_name": "b",
        "model_deployment": "b",
        "dataset_name": "gsm",
        "task": None,
    }
    key = run.statistic(run.metrics[1], "{}")
    assert key == StatisticKey("v1", "gsm:model=b", "bleu", "test", "short", "{}")

from every_eval.sources.eval_harness.sample_rows import MetricValue, ValuesByMetric, add_values
from every_eval_tests.sources.eval_harness.output import line, rows_of, task


def test_values_are_collected_by_metric_in_the_order_of_rows() -> None:
    of = task()
    values: ValuesByMetric = {}
    add_values(rows_of(of, [line(7, acc=1, f1=0.5), line(7, "strict", acc=0)]), values)
    add_values(rows_of(of, [line(3, acc=0)]), values)
    assert values == {
        "acc,none": [("7", MetricValue("acc,none", 1, 1.0)), ("3", MetricValue("acc,none", 1, 0.0))],
        "f1,none": [("7", MetricValue("f1,none", 1, 0.5))],
        "acc,strict": [("7", MetricValue("acc,strict", 1, 0.0))],
    }

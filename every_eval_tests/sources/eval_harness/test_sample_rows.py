import math

from every_eval.sources.eval_harness.sample_rows import MetricValue, MetricValues, ValuesByMetric, add_values
from every_eval_tests.sources.eval_harness.output import line, rows_of, task


def test_values_are_collected_by_metric_in_the_order_of_rows() -> None:
    of = task()
    values: ValuesByMetric = {}
    add_values(rows_of(of, [line(7, acc=1, f1=0.5), line(7, "strict", acc=0)]), values)
    add_values(rows_of(of, [line(3, acc=0)]), values)
    found = {name: (list(of.documents), list(of.counts), list(of.sums)) for name, of in values.items()}
    assert found == {
        "acc,none": ([7, 3], [1, 1], [1.0, 0.0]),
        "f1,none": ([7], [1], [0.5]),
        "acc,strict": ([7], [1], [0.0]),
    }


def test_a_value_without_a_number_is_no_number() -> None:
    values = MetricValues()
    values.append(1, MetricValue("f1,none", 0, None))
    assert (list(values.counts), math.isnan(values.sums[0])) == ([0], True)

from every_eval.sources.eval_harness.rows import Held, Value, collect
from every_eval_tests.sources.eval_harness.output import line, rows_of, task


def test_values_are_collected_by_metric_in_the_order_of_rows() -> None:
    of = task()
    held: Held = {}
    collect(rows_of(of, [line(7, acc=1, f1=0.5), line(7, "strict", acc=0)]), held)
    collect(rows_of(of, [line(3, acc=0)]), held)
    assert held == {
        "acc,none": [("7", Value("acc,none", 1, 1.0)), ("3", Value("acc,none", 1, 0.0))],
        "f1,none": [("7", Value("f1,none", 1, 0.5))],
        "acc,strict": [("7", Value("acc,strict", 1, 0.0))],
    }

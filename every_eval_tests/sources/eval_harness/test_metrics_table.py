from every_eval.contracts.metrics import METRICS
from every_eval.sources.eval_harness.metrics_table import metrics_table
from every_eval.sources.source import Run
from every_eval_tests.sources.eval_harness.output import AGAIN, FILTERS, Output, line, metrics, rows_of, task

RUN = Run("eval_harness", "main", "m/results_x", "quiz", "main/m")
FIELDS = ("metric_name", "count", "sum", "min", "max", "value")


def test_each_value_is_a_row_and_a_pair_a_sum_over_words() -> None:
    of = task(metrics(("word_perplexity", None), ("acc", None), ("brier_score", None)))
    row = line(3, word_perplexity=[-146.0, 73], acc=1, brier_score=[1, "[0.5 0.5]"])
    table = metrics_table(rows_of(of, [row]), of, RUN)

    METRICS.validate(table)
    assert [tuple(found[name] for name in FIELDS) for found in METRICS.decode(table).to_pylist()] == [
        # -146 nats over 73 words are -2 a word, and no single word's are known
        ("word_perplexity,none", 73, -146.0, None, None, -2.0),
        ("acc,none", 1, 1.0, 1.0, 1.0, 1.0),
        ("brier_score,none", 0, None, None, None, None),
    ]


def test_real_rows_arrive_with_every_filter(output: Output) -> None:
    rows = METRICS.decode(output.read(output.run(FILTERS, "gsm8k_sc_local")).metrics).to_pylist()
    assert [(row["instance_id"], row["occurrence"], row["metric_name"], row["value"]) for row in rows] == [
        (
            str(written["doc_id"]),
            ["score-first", "maj@4"].index(written["filter"]),
            f"exact_match,{written['filter']}",
            written["exact_match"],
        )
        for written in output.rows(FILTERS, "gsm8k_sc_local")
    ]


def test_real_pairs_arrive_as_written(output: Output) -> None:
    rows = METRICS.decode(output.read(output.run(AGAIN, "wikitext_local")).metrics).to_pylist()
    assert [[row["sum"], row["count"]] for row in rows] == [
        written[name] for written in output.rows(AGAIN, "wikitext_local") for name in written["metrics"]
    ]


def test_no_rows_give_no_rows() -> None:
    assert metrics_table([], task(), RUN).num_rows == 0

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from every_eval.sources.helm.tables.pooling import EVERY_SPLIT, Matcher
from every_eval.sources.helm.tables.statistic_filter import is_shown_by, metrics_shown, read_shown
from every_eval.sources.helm.tables.table_runs import COLUMNS
from every_eval.sources.statistics_files import StatisticsFiles
from every_eval_tests.sources.helm.tables.reported import run_spec, statistic, stats_table, worst

MATCHERS = [Matcher("f1", "test"), Matcher("f1", "test", "robustness"), Matcher("tokens", EVERY_SPLIT)]
READ = ["run", "metric_name", "split", "perturbation_name"]


@pytest.fixture
def stats(tmp_path: Path) -> StatisticsFiles:
    """Return the statistics of two runs; no matcher matches those of the second run."""
    statistics = [
        statistic("num_instances", 1, 1.0),
        statistic("f1", 1, 0.5),
        statistic("f1", 1, 0.5, split="valid"),
        statistic("f1", 1, 0.4, sub_split="mild"),
        statistic("f1", 1, 0.3, perturbation=worst("robustness")),
        statistic("f1", 1, 0.2, perturbation=worst("fairness")),
        statistic("tokens", 1, 9.0, split="train"),
        statistic("exact_match", 1, 1.0),
    ]
    spec = run_spec("gsm:model=a", ["gsm"])
    table = stats_table("lite", [("s", "a", spec, statistics), ("s", "b", spec, [statistic("odd", 1, 0.0)])])
    pq.write_table(table.select(COLUMNS), tmp_path / "state")
    return StatisticsFiles([tmp_path / "state"])


def read(stats: StatisticsFiles, *matchers: Matcher, runs: set[str] | None = None) -> list[tuple[str | None, ...]]:
    rows: pa.Table = read_shown(stats, COLUMNS, is_shown_by(matchers), runs)
    return [tuple(row[name] for name in READ) for row in rows.to_pylist()]


def test_statistics_that_a_matcher_matches_are_read_of_any_sub_split_and_one_of_each_run_besides(
    stats: StatisticsFiles,
) -> None:
    assert read(stats, *MATCHERS) == [
        ("a", "num_instances", "test", None),
        ("a", "f1", "test", None),
        ("a", "f1", "test", None),
        ("a", "f1", "test", "robustness"),
        ("a", "tokens", "train", None),
        ("b", "odd", "test", None),
    ]


def test_what_stands_in_for_a_metric_is_read_with_it(stats: StatisticsFiles) -> None:
    assert ("a", "exact_match", "test", None) in read(stats, Matcher("quasi_exact_match", "test"))
    assert ("a", "exact_match", "test", None) not in read(stats, Matcher("quasi_exact_match", "valid"))
    assert metrics_shown([Matcher("quasi_exact_match", "test")]) == {"quasi_exact_match", "exact_match"}
    assert metrics_shown(MATCHERS) == {"f1", "tokens"}


def test_other_runs_are_left_out(stats: StatisticsFiles) -> None:
    assert [row[0] for row in read(stats, *MATCHERS, runs={"b"})] == ["b"]
    assert read(stats, *MATCHERS, runs=set()) == []

from typing import Any

import pytest

from every_eval.sources.helm.schema import ReleaseSchema, decode_schema
from every_eval.sources.helm.tables.main_group import MainGroup, find_main_group
from every_eval.sources.helm.tables.pooling import Matcher
from every_eval.sources.helm.tables.statistic_filter import metrics_shown
from every_eval.sources.helm.tables.table_columns import shown_matchers
from every_eval.sources.helm.tables.table_runs import latest_runs, read_runs
from every_eval_tests.sources.helm.tables.reported import (
    SAMPLE_RELEASES,
    reported_run,
    sample,
    schema,
    statistic,
    whole_tables,
)

F1 = {"name": "f1", "display_name": "F1", "lower_is_better": False}
ACCURACY = {"name": "accuracy", "metrics": [{"name": "f1", "split": "test"}]}


def _of(schema_: ReleaseSchema) -> MainGroup:
    table = find_main_group(schema_)
    assert table is not None
    return table


def _schema(*groups: dict[str, Any]) -> ReleaseSchema:
    return schema(metrics=[F1], metric_groups=[ACCURACY], run_groups=groups)


@pytest.mark.parametrize(("benchmark", "name"), SAMPLE_RELEASES)
def test_over_all_runs_the_main_table_is_helms_own(benchmark: str, name: str) -> None:
    release, stats = sample(benchmark, name)
    table = _of(decode_schema((release.schema_json or "").encode()))
    rows = table.rows(read_runs(stats, release.suites, metrics_shown(shown_matchers(table.schema))))
    ours = [table.cell(row, column).pooled.value for row in rows for column in table.columns]
    helms = [
        row["value"]
        for row in whole_tables(release, stats).to_pylist()
        if (row["group"], row["table_name"]) == (table.group.name, table.metric_group) and row["metric_name"]
    ]

    assert len(ours) > 10
    assert ours == helms


def test_it_is_of_the_first_group_with_subgroups_and_its_first_metric_group() -> None:
    groups: list[dict[str, Any]] = [
        {"name": "gsm", "metric_groups": ["accuracy"]},
        {"name": "core", "subgroups": ["gsm"]},
        {"name": "others", "subgroups": ["gsm"]},
    ]
    table = _of(_schema(*groups))

    assert (table.group.name, table.metric_group) == ("core", "accuracy")
    assert [(c.run_group, c.matcher, c.label, c.lower_is_better) for c in table.columns] == [
        ("gsm", Matcher("f1", "test"), "gsm - F1", False)
    ]


def test_without_subgroups_or_metrics_there_is_no_main_table() -> None:
    assert find_main_group(_schema({"name": "gsm", "metric_groups": ["accuracy"]})) is None
    assert find_main_group(_schema({"name": "core", "subgroups": ["gsm"]}, {"name": "gsm"})) is None


def test_over_the_latest_runs_a_rerun_replaces_the_first() -> None:
    table = _of(_schema({"name": "core", "subgroups": ["gsm"]}, {"name": "gsm", "metric_groups": ["accuracy"]}))
    runs = [
        reported_run("gsm", ["gsm"], [statistic("f1", 1, total)], suite=suite)
        for suite, total in [("1", 0.2), ("2", 0.6)]
    ]
    [everything], [latest] = table.rows(runs), table.rows(latest_runs(runs))

    assert table.cell(everything, table.columns[0]).pooled.value == (0.2 + 0.6) / 2
    assert table.cell(latest, table.columns[0]).pooled.value == 0.6


def test_a_cell_names_the_statistics_that_it_pools() -> None:
    table = _of(_schema({"name": "core", "subgroups": ["gsm"]}, {"name": "gsm", "metric_groups": ["accuracy"]}))
    parts = [statistic("f1", 1, 0.25, sub_split=name) for name in ("x", "y")]
    run = reported_run("gsm", ["gsm"], [*parts, statistic("f1", 1, 0.9, split="valid")])
    [row] = table.rows([run])
    cell = table.cell(row, table.columns[0])

    assert [(found.name, one.split, one.sub_split) for found, one in cell.statistics] == [
        ("gsm", "test", "x"),
        ("gsm", "test", "y"),
    ]
    assert cell.pooled[:3] == (0.25, 1, 2)

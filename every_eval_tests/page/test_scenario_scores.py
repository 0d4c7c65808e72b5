"""Rows of scenario_scores, from rows that the tests write."""

import json
from typing import Any

import pyarrow as pa

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.scenario_scores import SCENARIO_SCORES
from every_eval.page.scenario_scores import READ, scenario_scores
from every_eval.sources.inspect.source import InspectSource

RELEASE = {
    "source": "inspect",
    "benchmark": "main",
    "release": "latest",
    "schema_json": json.dumps(
        {
            "lower_is_better": {},
            "main_table": [{"variant": "arc", "metric": "accuracy", "lower_is_better": False}],
            "num_parameters": {},
        }
    ),
}


def statistic(run: str, variant: str, **others: Any) -> dict[str, Any]:
    row = dict.fromkeys(READ) | {
        **{name: RELEASE[name] for name in ("source", "benchmark", "release")},
        "run": run,
        "variant": variant,
        "suite": "s",
        "shard": "inspect_main_part_00001",
        "metric_name": "accuracy",
        "groups": [],
        "is_main_metric": True,
        "is_complete": True,
        "source_url": "log",
        "mean_score": 0.5,
    }
    return row | others


def run_of_shard(run: str, n_samples: int | None, n_item_scores: int | None) -> dict[str, Any]:
    return {"suite": "s", "run": run, "n_samples": n_samples, "n_item_scores": n_item_scores}


def rows(statistics: list[dict[str, Any]], runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    schema = pa.schema([COMPREHENSIVE_STATS.schema.field(name) for name in READ])
    table = pa.Table.from_pylist(statistics, schema=schema)
    made = scenario_scores(
        InspectSource().main_columns(RELEASE), "latest", table, [], [{"shard": "inspect_main_part_00001", "runs": runs}]
    )
    SCENARIO_SCORES.validate(made)
    found: list[dict[str, Any]] = made.to_pylist()
    return found


def test_a_run_stands_in_its_column_with_the_place_of_its_rows() -> None:
    made = rows(
        [statistic("a", "arc"), statistic("b", "arc")],
        [run_of_shard("a", 3, 2), run_of_shard("other", 10, 20), run_of_shard("b", 4, 5)],
    )
    places = [(row["run"], row["column_name"], row["sample_row"], row["n_samples"], row["item_row"]) for row in made]
    assert places == [("a", "arc - accuracy", 0, 3, 0), ("b", "arc - accuracy", 13, 4, 22)]


def test_after_a_run_without_counts_nothing_is_known_of_places() -> None:
    made = rows(
        [statistic("a", "arc"), statistic("b", "arc")], [run_of_shard("a", None, None), run_of_shard("b", 4, 5)]
    )
    assert [row["sample_row"] for row in made] == [None, None]


def test_a_main_score_of_no_column_comes_last_and_another_metric_not_at_all() -> None:
    made = rows(
        [
            statistic("a", "elsewhere"),
            statistic("b", "arc"),
            statistic("c", "arc", metric_name="length", is_main_metric=False),
        ],
        [],
    )
    assert [(row["run"], row["column_index"]) for row in made] == [("b", 0), ("a", None)]

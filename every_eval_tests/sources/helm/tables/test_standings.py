import json
from collections.abc import Sequence
from typing import Any

import pytest

from every_eval.contracts.releases import RELEASES
from every_eval.errors import UpstreamMalformed
from every_eval.sources.helm.tables.standings import directions, release_schema, standings
from every_eval.sources.main_table import MainTable, Score
from every_eval.sources.statistic_key import StatisticKey
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.scoring.run_stats import statistic, table
from every_eval_tests.sources.helm.tables.reported import run_spec

SCHEMA = {
    "metrics": [{"name": "f1", "lower_is_better": False}],
    "perturbations": [],
    "metric_groups": [{"name": "accuracy", "metrics": [{"name": "f1", "split": "test"}]}],
    "run_groups": [
        {"name": "core", "subgroups": ["gsm", "math"]},
        *({"name": name, "metric_groups": ["accuracy"]} for name in ("gsm", "math")),
    ],
    "models": [{"name": "m/a", "display_name": "A", "num_parameters": 7e9}],
}
FIRST, SECOND = [0.1, 0.2, 0.9], [1.0, 0.5]


def _release(schema_json: str | None) -> dict[str, object]:
    return {"release": "v1", "schema_json": schema_json}


def test_directions_are_those_that_a_real_schema_states(sample: Publishing) -> None:
    for release in sample.rows(RELEASES).to_pylist():
        metrics = json.loads(release["schema_json"])["metrics"]
        stated = {m["name"]: m["lower_is_better"] for m in metrics if m.get("lower_is_better") is not None}

        assert directions(release) == stated
        assert 0 < len(stated) < len(metrics)


def test_a_release_before_schemas_states_none() -> None:
    assert release_schema(_release(None)) is None
    assert directions(_release(None)) == {}


def test_a_schema_that_cannot_be_read_is_named_by_its_release() -> None:
    with pytest.raises(UpstreamMalformed, match=r"schema\.json of v1"):
        directions(_release("{"))


def _run(name: str, values: list[float], *groups: str, n_trials: int = 1, **rest: Any) -> dict[str, Any]:
    """Return the main metric of a run of m/a, with the statistic that HELM reported."""
    row = statistic("m/a", values, run=name, n_trials=n_trials, run_spec=run_spec(name, groups))
    total = sum(values) / len(values) * n_trials if values else None
    ours = {"sum": total, "is_complete": True, "n_rejected": 0}
    return row | ours | {"reported_index": 0, "reported_count": n_trials, "reported_sum": total} | rest


def _standings(*stats: dict[str, Any]) -> MainTable:
    found = standings({"release": "v1", "schema_json": json.dumps(SCHEMA), "suites": ["v1", "v2"]}, table(*stats))
    assert found is not None
    return found


def _pooled(score: Score) -> list[tuple[str, str | None, float, float]]:
    """Run, sub-split, weight and mean of each statistic of a score."""
    return [(one.key.run, one.key.sub_split, one.weight, one.mean) for one in score.statistics]


def test_a_cell_names_its_statistics_with_the_weights_that_give_its_value() -> None:
    one, three = _run("gsm:subject=x", FIRST, "gsm"), _run("gsm:subject=y", SECOND, "gsm", n_trials=3)
    [row] = _standings(one, three).standings
    [gsm, math] = row.scores

    # (0.4 x 1 + 0.75 x 3) / 4, by HELM's rule
    assert gsm.value == pytest.approx((0.4 + 0.75 * 3) / 4)
    assert _pooled(gsm) == [("gsm:subject=x", None, 1, pytest.approx(0.4)), ("gsm:subject=y", None, 3, 0.75)]
    assert gsm.statistics[0].key == StatisticKey("v1", "gsm:subject=x", "f1", "test", None)
    assert (math.value, math.statistics) == (None, ())
    assert (row.facts["display_name"], row.facts["num_parameters"], row.n_scored) == ("A", 7 * 10**9, 5)


def test_sub_splits_of_a_run_are_weighed_likewise() -> None:
    parts = [_run("gsm:x", FIRST, "gsm", sub_split="a"), _run("gsm:x", SECOND, "gsm", sub_split="b")]
    [row] = _standings(*parts).standings

    assert _pooled(row.scores[0]) == [("gsm:x", "a", 1, pytest.approx(0.4)), ("gsm:x", "b", 1, 0.75)]
    assert row.n_scored == 5


def test_a_run_without_values_changes_nothing() -> None:
    one = _run("gsm:subject=x", FIRST, "gsm")
    [row] = _standings(one, _run("gsm:subject=y", [], "gsm", n_trials=0, reported_sum=0.0)).standings

    assert row.scores[0].value == pytest.approx(0.4)
    assert [one.key.run for one in row.scores[0].statistics] == ["gsm:subject=x"]


def test_what_outputs_do_not_determine_has_a_value_alone() -> None:
    lost = dict.fromkeys(("n_instances", "n_scored", "n_trials", "sum", "mean"))
    [row] = _standings(_run("gsm:x", FIRST, "gsm") | lost).standings

    assert row.scores[0].value == pytest.approx(0.4)
    assert row.scores[0].statistics == ()
    assert row.n_scored == 0


def test_instances_that_two_columns_show_count_once() -> None:
    [row] = _standings(_run("gsm:x", FIRST, "gsm", "math")).standings

    assert [score.value for score in row.scores] == [pytest.approx(0.4)] * 2
    assert row.n_scored == 3


def test_only_the_latest_of_two_runs_of_one_name_counts() -> None:
    old, new = _run("gsm:x", FIRST, "gsm"), _run("gsm:x", SECOND, "gsm", suite="v2")
    [row] = _standings(old, new).standings

    assert row.scores[0].value == 0.75
    assert [part.key.suite for part in row.scores[0].statistics] == ["v2"]


def test_a_release_without_a_schema_has_no_main_table() -> None:
    assert standings({"release": "v1", "schema_json": None, "suites": ["v1"]}, table()) is None


def test_a_score_follows_the_outputs_whatever_was_reported() -> None:
    # Outputs: (0.1 + 0.2 + 0.9) / 3 = 0.4. HELM's stats.json says 0.9.
    one = _run("gsm:x", FIRST, "gsm", reported_sum=0.9)
    [row] = _standings(one).standings

    assert row.scores[0].value == pytest.approx(0.4)
    assert (row.scores[0].reported, row.scores[0].is_reported) == (0.9, False)
    assert [one.mean for one in row.scores[0].statistics] == [pytest.approx(0.4)]


def test_outputs_alone_make_a_score_if_helms_statistics_cannot_be_read() -> None:
    unread = dict.fromkeys(("reported_index", "reported_count", "reported_sum"))
    [row] = _standings(_run("gsm:x", FIRST, "gsm") | unread).standings

    assert row.scores[0].value == pytest.approx(0.4)
    assert (row.scores[0].reported, row.scores[0].is_reported) == (None, False)


def test_an_incomplete_run_has_the_reported_score_alone_or_none_with_a_reason() -> None:
    damaged = _run("gsm:x", FIRST, "gsm", is_complete=False, reported_sum=0.9)
    [row] = _standings(damaged).standings
    [unread] = _standings(damaged | dict.fromkeys(("reported_index", "reported_count", "reported_sum"))).standings

    assert (row.scores[0].value, row.scores[0].is_reported, row.scores[0].statistics) == (0.9, True, ())
    assert unread.scores[0].value is None
    assert unread.scores[0].lost_because == "The statistic of the run v1/gsm:x is missing."


def _of_groups(groups: Sequence[str], *stats: dict[str, Any]) -> MainTable:
    """Return the main table over several groups with the metric f1."""
    parts = [{"name": name, "metric_groups": ["accuracy"]} for name in groups]
    run_groups = [{"name": "core", "subgroups": list(groups)}, *parts]
    release = {"release": "v1", "suites": ["v1"], "schema_json": json.dumps(SCHEMA | {"run_groups": run_groups})}
    found = standings(release, table(*stats))
    assert found is not None
    return found


def test_a_column_over_all_runs_of_several_others_is_an_average_and_no_scenario() -> None:
    # As in MMLU, whose column "All Subjects" pools the runs of its 57 subjects.
    runs = [_run("mmlu:x", FIRST, "mmlu", "x"), _run("mmlu:y", SECOND, "mmlu", "y")]
    found = _of_groups(["mmlu", "x", "y"], *runs)
    [row] = found.standings

    assert [score.value for score in row.scores] == [pytest.approx(0.4), 0.75]
    assert found.mean_scores[0] == pytest.approx((0.4 + 0.75) / 2)
    assert row.n_scored == 5


def test_a_column_that_shows_more_than_the_others_is_a_scenario() -> None:
    runs = [_run("mmlu:x", FIRST, "mmlu", "x"), _run("mmlu:y", SECOND, "mmlu", "y"), _run("mmlu:z", SECOND, "mmlu")]

    assert len(_of_groups(["mmlu", "x", "y"], *runs).standings[0].scores) == 3


def test_a_column_that_the_schema_does_not_define_is_no_part_of_the_main_table() -> None:
    metrics = [{"name": "${main_name}", "split": "test"}]
    groups = [
        {"name": "core", "subgroups": ["gsm", "math"]},
        {"name": "gsm", "metric_groups": ["accuracy"], "environment": {"main_name": "f1"}},
        {"name": "math", "metric_groups": ["accuracy"]},
    ]
    changed = SCHEMA | {"metric_groups": [{"name": "accuracy", "metrics": metrics}], "run_groups": groups}
    release = {"release": "v1", "suites": ["v1"], "schema_json": json.dumps(changed)}
    found = standings(release, table(_run("gsm:x", FIRST, "gsm")))

    assert found is not None
    assert [score.value for score in found.standings[0].scores] == [pytest.approx(0.4)]

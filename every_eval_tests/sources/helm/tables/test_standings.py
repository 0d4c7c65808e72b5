import json
from typing import Any

import numpy as np
import pytest

from every_eval.contracts.releases import RELEASES
from every_eval.errors import UpstreamMalformed
from every_eval.sources.helm.tables.standings import directions, release_schema, standings
from every_eval.sources.main_table import MainTable
from every_eval.statistics.bootstrap import estimates
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
    return row | {"reported_index": 0, "reported_count": n_trials, "reported_sum": total} | rest


def _standings(*stats: dict[str, Any]) -> MainTable:
    found = standings({"release": "v1", "schema_json": json.dumps(SCHEMA), "suites": ["v1", "v2"]}, table(*stats))
    assert found is not None
    return found


def _draws(row: dict[str, Any]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return estimates(np.array(row["boot_weight"]), np.array(row["boot_sum"]))


def test_a_cells_replicates_weigh_its_runs_by_trials_as_its_value_does() -> None:
    one, three = _run("gsm:subject=x", FIRST, "gsm"), _run("gsm:subject=y", SECOND, "gsm", n_trials=3)
    [row] = _standings(one, three).standings
    [gsm, math] = row.scores

    # (0.4 x 1 + 0.75 x 3) / 4, by HELM's rule; and so in every replicate
    assert gsm.value == pytest.approx((0.4 + 0.75 * 3) / 4)
    assert gsm.replicates == pytest.approx((_draws(one) + 3 * _draws(three)) / 4, nan_ok=True)
    assert (math.value, math.replicates) == (None, None)
    assert (row.facts["display_name"], row.facts["num_parameters"], row.n_scored) == ("A", 7 * 10**9, 5)


def test_sub_splits_of_a_run_are_weighed_likewise() -> None:
    parts = [_run("gsm:x", FIRST, "gsm", sub_split="a"), _run("gsm:x", SECOND, "gsm", sub_split="b")]
    [row] = _standings(*parts).standings

    assert row.scores[0].replicates == pytest.approx((_draws(parts[0]) + _draws(parts[1])) / 2, nan_ok=True)
    assert row.n_scored == 5


def test_a_run_of_one_instance_leaves_its_cell_without_replicates() -> None:
    [row] = _standings(_run("gsm:subject=x", FIRST, "gsm"), _run("gsm:subject=y", [1.0], "gsm")).standings

    assert row.scores[0].value == pytest.approx((0.4 + 1.0) / 2)
    assert row.scores[0].replicates is None
    assert row.n_scored == 4


def test_a_run_without_values_changes_nothing() -> None:
    one = _run("gsm:subject=x", FIRST, "gsm")
    [row] = _standings(one, _run("gsm:subject=y", [], "gsm", n_trials=0, reported_sum=0.0)).standings

    assert row.scores[0].value == pytest.approx(0.4)
    assert row.scores[0].replicates == pytest.approx(_draws(one), nan_ok=True)


def test_what_outputs_do_not_determine_has_a_value_alone() -> None:
    lost = dict.fromkeys(("n_instances", "n_scored", "n_trials", "mean", "boot_weight", "boot_sum"))
    [row] = _standings(_run("gsm:x", FIRST, "gsm") | lost).standings

    assert row.scores[0].value == pytest.approx(0.4)
    assert row.scores[0].replicates is None
    assert row.n_scored == 0


def test_instances_that_two_columns_show_count_once() -> None:
    [row] = _standings(_run("gsm:x", FIRST, "gsm", "math")).standings

    assert [score.value for score in row.scores] == [pytest.approx(0.4)] * 2
    assert row.n_scored == 3


def test_only_the_latest_of_two_runs_of_one_name_counts() -> None:
    old, new = _run("gsm:x", FIRST, "gsm"), _run("gsm:x", SECOND, "gsm", suite="v2")
    [row] = _standings(old, new).standings

    assert row.scores[0].value == 0.75
    assert row.scores[0].replicates == pytest.approx(_draws(new), nan_ok=True)


def test_a_release_without_a_schema_has_no_main_table() -> None:
    assert standings({"release": "v1", "schema_json": None, "suites": ["v1"]}, table()) is None

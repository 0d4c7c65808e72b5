"""The rows of `stats`: HELM's reported statistics beside our recomputation."""

from typing import Any

import pytest

from every_eval_tests.sources.helm.made_up import FACTS, TYPOS, TYPOS_JSON, files, read, stat


def _rows(content: dict[str, Any], **rest: Any) -> dict[tuple[str, str | None, str | None], dict[str, Any]]:
    """Return the rows by metric, name of the perturbation and `computed_on`."""
    rows = read(content, **rest).stats.to_pylist()
    return {(row["metric_name"], row["perturbation_name"], row["computed_on"]): row for row in rows}


def test_reported_statistics_come_first_in_their_order() -> None:
    rows = read(files()).stats.to_pylist()

    assert [row["reported_index"] for row in rows[:5]] == [0, 1, 2, 3, 4]
    assert {row["reported_index"] for row in rows[5:]} == {None}
    assert [row["metric_name"] for row in rows[:4]] == ["exact_match", "f1", "exact_match", "num_instances"]


def test_the_reported_numbers_stand_beside_the_recomputed_ones() -> None:
    row = _rows(files())["exact_match", None, None]

    expected = {
        **{"reported_count": 1, "reported_sum": 0.5, "reported_mean": 0.5, "reported_min": 0.5, "reported_max": 0.5},
        # 1 and 0 on two instances: their mean is 0.5, and m2 is 0.25 + 0.25.
        **{"n_instances": 2, "n_scored": 2, "n_trials": 1, "mean": 0.5, "m2": 0.5, "min": 0.0, "max": 1.0},
    }
    assert {name: row[name] for name in expected} == expected


def test_an_output_without_a_value_is_measured_and_not_scored() -> None:
    row = _rows(files())["f1", None, None]

    assert (row["n_instances"], row["n_scored"], row["mean"]) == (2, 1, 0.5)


def test_a_perturbation_is_matched_whole() -> None:
    row = _rows(files())["exact_match", "typos", "perturbed"]

    assert row["perturbation"] == TYPOS_JSON
    assert (row["reported_index"], row["n_instances"], row["mean"]) == (2, 1, 0.0)


def test_a_perturbation_that_does_not_say_what_it_is_computed_on_is_on_itself() -> None:
    content = files()
    bare = {name: value for name, value in TYPOS.items() if name != "computed_on"}
    for file in ("instances.json", "display_predictions.json", "display_requests.json", "per_instance_stats.json"):
        for item in content[file]:
            if "perturbation" in item:
                item["perturbation"] = bare
    content["stats.json"][2]["name"]["perturbation"] = bare
    row = _rows(content)["exact_match", "typos", "perturbed"]

    assert (row["reported_index"], row["n_instances"], row["mean"]) == (2, 1, 0.0)


def test_what_only_the_source_knows_is_carried_as_reported() -> None:
    row = _rows(files())["num_instances", None, None]

    assert (row["reported_mean"], row["mean"], row["n_instances"]) == (2.0, None, None)


def test_what_only_the_outputs_give_is_recomputed() -> None:
    row = _rows(files())["exact_match", "typos", "worst"]

    assert (row["reported_index"], row["reported_mean"], row["mean"]) == (None, None, 0.0)


def test_a_statistic_of_nothing_has_no_mean() -> None:
    content = files()
    content["stats.json"][1] = stat("f1")
    row = _rows(content)["f1", None, None]

    reported = [row[f"reported_{name}"] for name in ("count", "sum", "mean", "min", "max")]
    assert reported == [0, 0.0, None, None, None]


@pytest.mark.parametrize(
    ("main", "names"),
    [
        ('[["exact_match","test"]]', {"exact_match"}),
        ('[["f1","test"],["exact_match","test"]]', {"f1", "exact_match"}),
        ('[["exact_match","valid"]]', set()),
        ('[["quasi_exact_match","test"]]', {"exact_match"}),
        ("[]", set()),
    ],
)
def test_main_metrics_are_those_of_the_schema_on_original_texts(main: str, names: set[str]) -> None:
    rows = _rows(files(), facts=FACTS | {"main_metrics": main})

    assert {key for key, row in rows.items() if row["is_main_metric"]} == {(name, None, None) for name in names}


def test_a_run_without_any_statistic_is_still_known() -> None:
    content = files()
    content["per_instance_stats.json"] = content["stats.json"] = []
    [row] = read(content).stats.to_pylist()

    assert (row["run"], row["n_instances"], row["mean"], row["reported_index"]) == (
        "quiz:subject=x,model=m_a",
        0,
        None,
        None,
    )


def test_rows_say_of_what_run_they_are() -> None:
    row = _rows(files())["exact_match", None, None]

    expected = {
        "source": "helm",
        "benchmark": "lite",
        "suite": "v1",
        "run": "quiz:subject=x,model=m_a",
        "dataset_name": "quiz",
        "task": "subject=x,level=2",
        "variant": "quiz:subject=x",
        "groups": ["quiz"],
        "model_name": "m/a",
        "model_deployment": "host/a",
        "adapter_method": "generation",
    }
    assert {name: row[name] for name in expected} == expected


def test_a_score_of_which_a_value_is_not_finite_is_not_ours() -> None:
    content = files()
    content["per_instance_stats.json"][1]["stats"][0]["sum"] = float("inf")
    content["stats.json"][0] |= {"mean": 7.0, "sum": 7.0}
    row = _rows(content)["exact_match", None, None]

    expected = {
        **{"sum": None, "mean": None, "m2": None, "min": None, "max": None, "reported_mean": 7.0},
        **{"n_instances": 2, "n_scored": 1, "is_complete": True, "n_rejected": 0},
        "unscored_reason": "1 of 2 values are not finite",
    }
    assert {name: row[name] for name in expected} == expected
    assert [each["metric_name"] for each in read(content).disagreements] == []


def test_the_sum_over_trials_stands_beside_its_count() -> None:
    row = _rows(files())["exact_match", None, None]

    assert (row["sum"], row["n_trials"], row["mean"], row["unscored_reason"]) == (0.5, 1, 0.5, None)

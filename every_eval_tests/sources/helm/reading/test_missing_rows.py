"""Files of a run that do not have the same rows."""

from typing import Any

import pytest

from every_eval.contracts.rejects import Reason
from every_eval_tests.sources.helm.made_up import TYPOS, Files, files, read, rejects, stat


def _lost(content: Files, **rest: Any) -> dict[str | None, str]:
    """Return the details of the rejects for missing rows by file; there are no other rejects."""
    rows = read(content, **rest)
    assert {reject.reason for reject in rows.rejects} <= {Reason.ROWS_MISSING}
    assert len({reject.file for reject in rows.rejects}) == len(rows.rejects)
    return {reject.file: reject.detail for reject in rows.rejects}


@pytest.mark.parametrize(
    ("file", "kept", "said"),
    [
        ("display_predictions.json", 0, "lacks 3 of 3 outputs that per_instance_stats.json has"),
        ("display_predictions.json", 1, "lacks 2 of 3 outputs that per_instance_stats.json has"),
        ("per_instance_stats.json", 0, "lacks 3 of 3 outputs that display_predictions.json has"),
        ("per_instance_stats.json", 2, "lacks 1 of 3 outputs that display_predictions.json has"),
        ("stats.json", 2, "lacks 2 of 4 statistics of metrics that per_instance_stats.json has"),
        ("stats.json", 0, "lacks 4 of 4 statistics of metrics that per_instance_stats.json has"),
    ],
)
def test_what_one_file_lacks_is_a_reject_with_the_number(file: str, kept: int, said: str) -> None:
    content = files()
    content[file] = content[file][:kept]

    assert _lost(content) == {file: f"{file} lacks{said.removeprefix('lacks')}"}


def test_instances_without_an_output_are_missed_even_if_two_files_lack_them() -> None:
    content = files()
    for file in ("display_predictions.json", "display_requests.json", "per_instance_stats.json"):
        content[file] = [item for item in content[file] if item["instance_id"] != "id2"]

    assert _lost(content) == {
        "display_predictions.json": "display_predictions.json lacks 1 of 3 instances that instances.json has",
        "per_instance_stats.json": "per_instance_stats.json lacks 1 of 2 instances that stats.json counts",
    }


def test_rows_that_all_files_with_outputs_lack_are_missed_by_the_number_of_instances() -> None:
    content = files()
    content["stats.json"][3] = stat("num_instances", 5.0)
    content["stats.json"].append(stat("num_instances", 1.0, perturbation=TYPOS))

    assert _lost(content) == {
        "per_instance_stats.json": "per_instance_stats.json lacks 3 of 5 instances that stats.json counts"
    }


def test_a_trial_that_the_specification_states_and_no_file_has_is_missed() -> None:
    content = files()
    content["run_spec.json"]["adapter_spec"]["num_train_trials"] = 3
    said = "per_instance_stats.json lacks 2 of 3 trials that run_spec.json states"
    assert _lost(content) == {"per_instance_stats.json": said}

    content["run_spec.json"]["adapter_spec"]["method"] = "language_modeling"
    assert _lost(content) == {}


def test_a_run_without_all_of_its_rows_is_not_scored_from_the_rest() -> None:
    content = files()
    content["per_instance_stats.json"] = content["per_instance_stats.json"][:1]
    rows = read(content)
    stats = {row["metric_name"]: row for row in rows.stats.to_pylist() if row["perturbation"] is None}

    assert {(row["is_complete"], row["n_rejected"]) for row in stats.values()} == {(False, 1)}
    assert stats["exact_match"]["unscored_reason"] == (
        "files or rows are missing or could not be read; rejects: 1 of per_instance_stats.json"
    )
    assert stats["num_instances"]["unscored_reason"] is None
    assert list(rows.disagreements) == []


def test_outputs_are_complete_without_helms_own_statistics() -> None:
    content = files()
    content["stats.json"] = b"[{"
    [row] = [
        row for row in read(content).stats.to_pylist() if (row["metric_name"], row["perturbation"]) == ("f1", None)
    ]

    assert (row["is_complete"], row["n_rejected"], row["mean"], row["unscored_reason"]) == (True, 1, 0.5, None)


def test_a_specification_of_another_run_is_a_reject() -> None:
    content = files()
    content["run_spec.json"]["name"] = "quiz:subject=x,model=m/a"
    assert rejects(read(content)) == []

    rows = read(content, name="quiz:subject=y,model=m_a")
    assert rejects(rows) == [("other_run", "run_spec.json", "$.name")]
    assert (rows.samples.num_rows, rows.metrics.num_rows, rows.stats.num_rows) == (0, 0, 0)


@pytest.mark.parametrize("count", [0, 1])
def test_a_metric_without_its_sum_is_a_reject_and_no_0(count: int) -> None:
    content = files()
    content["per_instance_stats.json"][1]["stats"][1] |= {"count": count}
    del content["per_instance_stats.json"][1]["stats"][1]["sum"]
    rows = read(content)

    assert rejects(rows) == [("unexpected_shape", "per_instance_stats.json", "$[1].stats[1]")]
    assert rows.metrics.num_rows == 5
    assert set(rows.stats["is_complete"].to_pylist()) == {False}


def test_a_statistic_without_its_sum_is_a_reject() -> None:
    content = files()
    del content["stats.json"][1]["sum"]

    assert rejects(read(content)) == [("unexpected_shape", "stats.json", "$[1]")]


@pytest.mark.parametrize("file", ["display_predictions.json", "display_requests.json", "per_instance_stats.json"])
def test_an_element_without_its_trial_is_a_reject(file: str) -> None:
    content = files()
    del content[file][2]["train_trial_index"]

    assert (("unexpected_shape", file, "$[2]")) in rejects(read(content))


def test_a_request_without_anything_to_send_is_a_reject() -> None:
    content = files()
    del content["display_requests.json"][0]["request"]["prompt"]

    assert ("unexpected_shape", "display_requests.json", "$[0].request") in rejects(read(content))

"""Whole exports of real results of every source."""

import hashlib
import math
import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from every_eval.contracts.metrics import METRICS
from every_eval.contracts.stats import STATS
from every_eval.errors import ConfigurationError
from every_eval.export.eee.record import NO_MODEL, NO_RESULT
from every_eval.export.published_runs import Selection
from every_eval.hub.paths import HIDDEN
from every_eval.readers.published import Published, open_published
from every_eval_tests.export.eee.records import Records
from every_eval_tests.hub.hubs import NOON, REPO

ALL: dict[str, Any] = {"level": "all", "samples": True}


def rows_of(published: Published, table: Any, *conditions: pc.Expression) -> list[dict[str, Any]]:
    found: pa.Table = published.read(table)
    for condition in conditions:
        found = found.filter(condition)
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows


def run_of(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["benchmark"], row["suite"], row["run"]


def is_of(aggregate: Mapping[str, Any], source: str) -> bool:
    return str(aggregate["evaluation_id"]).startswith(f"{source}/")


@pytest.mark.slow
def test_every_statistic_and_every_value_of_a_metric_is_written_or_counted(
    published: Published, tmp_path: Path
) -> None:
    found = Records.export(published, tmp_path / "out", **ALL)
    counts = found.exported.counts
    stats, metrics = rows_of(published, STATS), rows_of(published, METRICS)
    nameless = {run_of(row) for row in stats if row["model_name"] is None}
    valued = {run_of(row) for row in stats if row["mean"] is not None or row["reported_mean"] is not None} - nameless
    assert counts.runs == len({run_of(row) for row in stats})
    assert counts.records == len(valued) == len(found.aggregates())
    assert counts.left_out[NO_MODEL] == len(nameless) > 0
    assert counts.left_out[NO_RESULT] == counts.runs - counts.records - len(nameless)
    of_records = [row for row in stats if run_of(row) in valued]
    assert counts.results + counts.results_without_value == len(of_records)
    assert counts.results_without_value == sum(row["mean"] is row["reported_mean"] is None for row in of_records) > 0
    assert counts.values_missing == sum(row["value"] is None for row in metrics if run_of(row) in valued) > 0
    assert counts.values_of_left_out_runs == sum(run_of(row) not in valued for row in metrics) > 0
    assert counts.rows + counts.values_missing + counts.values_of_left_out_runs == len(metrics)
    assert counts.rows == sum(1 for _ in found.all_rows())


@pytest.mark.slow
def test_no_row_repeats_the_key_of_another_and_its_result_is_that_of_its_statistic(
    published: Published, tmp_path: Path
) -> None:
    found = Records.export(published, tmp_path / "out", **ALL)
    n_unlinked = 0
    for path, aggregate in found.aggregates().items():
        results = {result["evaluation_result_id"]: result for result in aggregate["evaluation_results"]}
        assert len(results) == len(aggregate["evaluation_results"])
        keys: Counter[tuple[Any, ...]] = Counter()
        for row in found.rows(path):
            said = row["metadata"]
            place = [said.get(name) for name in ("perturbation", "train_trial_index", "reference_index", "occurrence")]
            keys[row["sample_id"], said["metric_name"], said.get("split"), said.get("sub_split"), *place] += 1
            if "evaluation_result_id" not in row:
                n_unlinked += 1
                assert said["has_result"] == "false"
                continue
            config = results[row["evaluation_result_id"]]["metric_config"]
            assert config["metric_name"] == said["metric_name"]
            shared = ("split", "sub_split", "perturbation")
            assert {name: config["metric_parameters"].get(name) for name in shared} == {
                name: said.get(name) for name in shared
            }
            assert config["metric_parameters"].get("computed_on") == ("perturbed" if "perturbation" in said else None)
        assert set(keys.values()) <= {1}, path
    assert n_unlinked == found.exported.counts.rows_without_result


def test_the_mean_of_the_rows_is_the_score(published: Published, tmp_path: Path) -> None:
    found = Records.export(published, tmp_path / "out", Selection("helm", "mmlu"), samples=True)
    assert len(found.aggregates()) > 5
    for path, aggregate in found.aggregates().items():
        for result in aggregate["evaluation_results"]:
            scores = [
                row["evaluation"]["score"]
                for row in found.rows(path)
                if row["evaluation_result_id"] == result["evaluation_result_id"]
            ]
            details = result["score_details"]
            # One trial: the mean over trials of the mean of each is the plain mean.
            assert math.isclose(math.fsum(scores) / len(scores), details["score"], rel_tol=1e-12)
            assert details["uncertainty"]["num_samples"] == len(scores)
            assert details["details"]["recomputed_mean"] == details["details"]["reported_mean"]
            p, n = details["score"], len(scores)
            # For values of 0 and 1: sum of squared deviations n p (1 - p), so the error is √(p (1 - p) / (n - 1)).
            error = details["uncertainty"]["standard_error"]["value"]
            assert math.isclose(error, math.sqrt(p * (1 - p) / (n - 1)), abs_tol=1e-12)
            assert details["uncertainty"]["confidence_interval"]["method"] == "wilson"


def test_an_export_again_writes_nothing_and_has_the_same_bytes_elsewhere(published: Published, tmp_path: Path) -> None:
    chosen = Selection("helm", "mmlu")
    first = Records.export(published, tmp_path / "a", chosen, samples=True)
    before = {path: path.stat().st_mtime_ns for path in first.contents() if path.suffix == ".json"}
    again = Records.export(published, tmp_path / "a", chosen, samples=True)
    assert again.exported.counts.changed == 0
    assert {path: path.stat().st_mtime_ns for path in again.contents() if path.suffix == ".json"} == before
    other = Records.export(published, tmp_path / "b", chosen, samples=True)
    assert list(first.contents().values()) == list(other.contents().values())


def test_samples_of_an_earlier_export_go_when_they_are_left_out(published: Published, tmp_path: Path) -> None:
    chosen = Selection("eval_harness", "file_style")
    Records.export(published, tmp_path, chosen, samples=True)
    assert list(tmp_path.rglob("*_samples.jsonl"))
    found = Records.export(published, tmp_path, chosen)
    assert not list(tmp_path.rglob("*_samples.jsonl"))
    assert all("detailed_evaluation_results" not in aggregate for aggregate in found.aggregates().values())


def test_the_companion_is_named_counted_and_has_its_checksum(published: Published, tmp_path: Path) -> None:
    found = Records.export(published, tmp_path, Selection("eval_harness", "main"), samples=True)
    detailed = [aggregate.get("detailed_evaluation_results") for aggregate in found.aggregates().values()]
    assert any(detailed)
    for each in filter(None, detailed):
        content = (tmp_path / each["file_path"]).read_bytes()
        assert hashlib.sha256(content).hexdigest() == each["checksum"]
        assert content.count(b"\n") == each["total_rows"]


def test_the_main_level_has_the_main_metrics_alone(published: Published, tmp_path: Path) -> None:
    found = Records.export(published, tmp_path, Selection("helm", "lite"), samples=True)
    main = [row for row in rows_of(published, STATS, pc.field("benchmark") == "lite") if row["is_main_metric"]]
    results = [result for each in found.aggregates().values() for result in each["evaluation_results"]]
    assert len(results) == len(main)
    assert Counter(result["metric_config"]["metric_name"] for result in results) == Counter(
        row["metric_name"] for row in main
    )
    counts = found.exported.counts
    metrics = rows_of(published, METRICS, pc.field("benchmark") == "lite")
    assert counts.values_of_other_metrics > 0
    assert counts.rows + counts.values_missing + counts.values_of_other_metrics == len(metrics)


def test_one_run_is_chosen_by_its_name_with_or_without_its_suite(published: Published, tmp_path: Path) -> None:
    row = rows_of(published, STATS, pc.field("benchmark") == "mmlu")[0]
    names = (row["run"], f"{row['suite']}/{row['run']}")
    one, other = (
        Records.export(published, tmp_path / str(n), Selection("helm", "mmlu", name)) for n, name in enumerate(names)
    )
    assert set(other.aggregates()) <= set(one.aggregates())
    assert {each["source_metadata"]["additional_details"]["run"] for each in one.aggregates().values()} == {row["run"]}
    assert len(other.aggregates()) == 1


def test_a_name_that_no_run_has_is_an_error_that_says_so(published: Published, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=rf"{REPO} in .* no published run of source helm, benchmark nope"):
        Records.export(published, tmp_path, Selection("helm", "nope"))


def test_a_graded_metric_says_that_its_verdict_means_nothing(published: Published, tmp_path: Path) -> None:
    found = Records.export(published, tmp_path, Selection("helm", "mmlu"), **ALL)
    graded, verdicts = 0, 0
    for row in found.all_rows():
        if row["metadata"]["metric_name"] in ("exact_match", "quasi_exact_match"):
            verdicts += 1
            assert "is_correct_defined" not in row["metadata"]
            assert row["evaluation"]["is_correct"] == (row["evaluation"]["score"] == 1)
        elif row["metadata"]["metric_name"] in ("inference_runtime", "num_references"):
            graded += 1
            assert row["metadata"]["is_correct_defined"] == "false"
            assert row["evaluation"]["is_correct"] is False
    assert graded > 0 < verdicts


def test_conversations_with_several_answers_are_messages(published: Published, tmp_path: Path) -> None:
    found = Records.export(published, tmp_path, Selection("inspect", "main"), samples=True)
    kinds = Counter(row["interaction_type"] for row in found.all_rows())
    assert kinds["single_turn"] > 0 < kinds["agentic"]
    for row in found.all_rows():
        if row["interaction_type"] == "single_turn":
            assert row["messages"] is None
            assert row["output"] is not None
        else:
            assert row["output"] is None
            assert [message["turn_idx"] for message in row["messages"]] == list(range(len(row["messages"])))
            n_calls = sum(len(message.get("tool_calls", ())) for message in row["messages"])
            assert row["evaluation"]["tool_calls_count"] == n_calls > 0


def test_records_say_where_results_come_from_and_who_served_the_model(published: Published, tmp_path: Path) -> None:
    found = Records.export(published, tmp_path)
    for aggregate in found.aggregates().values():
        metadata, library = aggregate["source_metadata"], aggregate["eval_library"]
        assert aggregate["retrieved_timestamp"] == str(int(NOON.timestamp()))
        if is_of(aggregate, "helm"):
            assert (metadata["source_organization_name"], metadata["evaluator_relationship"]) == (
                "Stanford CRFM",
                "third_party",
            )
            assert library == {"name": "helm", "version": "unknown"}
        elif is_of(aggregate, "eval_harness"):
            assert (metadata["source_organization_name"], metadata["evaluator_relationship"]) == ("evaleval", "other")
            assert library == {"name": "lm_eval", "version": "0.4.13"}
            assert float(aggregate["evaluation_timestamp"]) > 1.7e9
        else:
            assert library["name"] == "inspect_ai"
            assert aggregate["evaluation_timestamp"].startswith("2026-11-27T")
    models = {each["model_info"]["id"]: each["model_info"] for each in found.aggregates().values()}
    llama = models["meta/llama-2-70b"]
    assert llama["developer"] == "Meta"
    assert llama["inference_platform"] in ("together", "deepinfra")
    assert llama["additional_details"]["deployment_type"] == "externally_managed"
    assert llama["additional_details"]["model_availability"] == "open_weights"
    mistral = models["mistralai/Mistral-7B-v0.1"]
    assert mistral["additional_details"]["deployment_type"] == "self_deployed"
    assert mistral["additional_details"]["model_availability"] == "unknown"


def test_a_folder_without_commits_needs_a_time(hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(hub, tmp_path / "hub", ignore=shutil.ignore_patterns(HIDDEN))
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    published = open_published(tmp_path / "hub")
    chosen = Selection("helm", "mmlu")
    with pytest.raises(ConfigurationError, match=r"has no commits.*Set SOURCE_DATE_EPOCH"):
        Records.export(published, tmp_path / "out", chosen)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    found = Records.export(published, tmp_path / "out", chosen)
    assert {each["retrieved_timestamp"] for each in found.aggregates().values()} == {"1700000000"}

import json
import math
from collections import Counter
from typing import Any

import pytest

from every_eval.contracts.rejects import Reason
from every_eval.sources.inspect import run_reader, sample_batches
from every_eval_tests.sources.inspect.log_folder import (
    AGENT,
    AS_JSON,
    CANCELLED,
    CHOICE,
    CHUNKED,
    ESSAY,
    FAILED,
    IMAGE,
    KILLED,
    NO_SAMPLES,
    ODD_OBJECTS,
    ODD_VALUES,
    OLD,
    RETRIED,
    WITH_ERRORS,
    LogFolder,
    sample_rows,
    statistics,
    values,
)

Change = tuple[str, Any]
"""Name of a field of a sample, and its new value."""

EVERY_FINISHED = (
    *((suite, "main", n) for suite, n in ((ESSAY, 90), (CHOICE, 60), (AS_JSON, 60), (RETRIED, 120), (AGENT, 10))),
    (ODD_OBJECTS, "vals", 22),
    (OLD, "old", 12),
)


@pytest.mark.parametrize(("suite", "benchmark", "n_samples"), EVERY_FINISHED)
def test_every_sample_in_every_epoch_is_a_row_and_every_reported_number_agrees(
    logs: LogFolder, suite: str, benchmark: str, n_samples: int
) -> None:
    rows = logs.read(suite, benchmark)
    assert len(sample_rows(rows)) == rows.samples.num_rows == n_samples
    assert rows.disagreements == []
    reported = [row for row in rows.stats.to_pylist() if row["reported_mean"] is not None]
    assert reported != []
    assert all(math.isclose(row["mean"], row["reported_mean"], rel_tol=1e-12) for row in reported)


def test_a_multiple_choice_sample_has_its_choices_its_answer_and_what_it_took(logs: LogFolder) -> None:
    [raw] = [
        item for name, item in logs.members(CHOICE).items() if name.startswith("samples/") and item["id"] == "mc_0005"
    ]
    assert (raw["target"], raw["scores"]["choice"]["answer"]) == ("B", "B")
    row = sample_rows(logs.read(CHOICE))["mc_0005", 0]
    assert row["raw_input"] == raw["input"]
    assert [item["text"] for item in row["references"]] == raw["choices"]
    assert row["ground_truth"] == [raw["choices"][1]] == [row["mapped_output"]]
    assert (row["answer"], row["output"], row["explanation"]) == ("B", "ANSWER: B", "ANSWER: B")
    assert (row["evaluation_method_name"], row["evaluation_score"]) == ("accuracy,choice", 1)
    assert json.loads(row["extra_data"]) == raw["metadata"]
    assert (row["model_name"], row["output_model"]) == ("openai/gpt-4o-mini", "gpt-4o-mini-2024-07-18")
    assert (row["prompt"], row["responses"], row["thinking_text"]) == (None, None, None)
    found = values(logs.read(CHOICE))
    usage = raw["model_usage"]["openai/gpt-4o-mini"]
    assert {name: found["mc_0005", 0, name] for name in usage} == usage
    assert found["mc_0005", 0, "working_time"] == raw["working_time"]


def test_scores_of_objects_and_several_scorers_have_a_metric_each_in_each_epoch(logs: LogFolder) -> None:
    rows = logs.read(ESSAY)
    raw = logs.members(ESSAY)["samples/es-0_epoch_1.json"]["scores"]
    found = values(rows)
    grades = {"C": 1, "P": 0.5, "I": 0}
    assert found["es-0", 0, "accuracy,rubric.correct"] == grades[raw["rubric"]["value"]["correct"]]
    assert found["es-0", 0, "mean,rubric.helpfulness"] == raw["rubric"]["value"]["helpfulness"]
    assert found["es-0", 0, "mean,partial"] == raw["partial"]["value"]
    # The value of the second epoch is NaN as a whole: every key is unscored.
    assert math.isnan(logs.members(ESSAY)["samples/es-0_epoch_2.json"]["scores"]["rubric"]["value"])
    assert (found["es-0", 1, "accuracy,rubric.correct"], found["es-0", 1, "mean,rubric.words"]) == (None, None)
    assert {name for name, row in statistics(rows).items() if row["is_main_metric"]} == {
        "accuracy,rubric.correct",
        "mean,partial",
        "accuracy,model_graded_qa",
    }


def test_the_response_matrix_has_each_sample_once_for_each_main_metric(logs: LogFolder) -> None:
    rows = logs.read(ESSAY)
    matrix = rows.item_scores.to_pylist()
    found = statistics(rows)
    for metric in ("accuracy,rubric.correct", "mean,partial", "accuracy,model_graded_qa"):
        of_metric = [row for row in matrix if row["metric_name"] == metric]
        assert len(of_metric) == 30
        mean = sum(row["value"] for row in of_metric) / 30
        assert math.isclose(mean, found[metric]["reported_mean"], rel_tol=1e-12)
    assert len({row["item"] for row in matrix}) == 30
    # The same questions in another log, of another model and format, are the same items.
    both = [logs.read(suite).item_scores.to_pylist() for suite in (CHOICE, AS_JSON)]
    assert {row["item"] for row in both[0]} == {row["item"] for row in both[1]}
    assert logs.read(CANCELLED).item_scores.num_rows == 0
    assert {row["item"] for row in logs.read(CHOICE, messages="none").item_scores.to_pylist()} == {None}


def test_a_judge_is_named_with_its_score_and_its_reason(logs: LogFolder) -> None:
    rows = logs.read(ESSAY)
    score = logs.members(ESSAY)["samples/es-0_epoch_1.json"]["scores"]["model_graded_qa"]
    judged = rows.judgements.to_pylist()
    assert {(row["annotator"], row["judge"]) for row in judged} == {("model_graded_qa", "gpt-4o-2024-08-06")}
    [row] = [row for row in judged if (row["instance_id"], row["train_trial_index"]) == ("es-0", 0)]
    assert (row["score"], row["explanation"]) == ({"C": 1, "P": 0.5, "I": 0}[score["value"]], score["explanation"])
    assert {tuple(row["judges"]) for row in rows.stats.to_pylist()} == {("gpt-4o-2024-08-06",)}


def test_the_last_of_two_members_with_one_name_is_the_sample(logs: LogFolder) -> None:
    row = sample_rows(logs.read(RETRIED))["10", 0]
    assert (row["error"], row["answer"]) == (None, "The product is 59")
    assert values(logs.read(RETRIED))["10", 0, "error_retries"] == 1


def test_a_failed_log_whose_retry_succeeded_has_no_rows_and_without_the_retry_rows_without_scores(
    logs: LogFolder,
) -> None:
    assert logs.read(FAILED).samples.num_rows == 0
    logs.file(RETRIED).unlink()
    rows = logs.read(FAILED)
    assert rows.samples.num_rows == 15
    assert sample_rows(rows)["10", 0]["error"] == "ValueError('unrecoverable provider failure')"
    found = statistics(rows)["accuracy,match"]
    assert (found["is_complete"], found["reported_mean"], found["mean"]) == (False, None, None)
    assert "'error'" in found["unscored_reason"]


def test_a_cancelled_log_has_rows_and_its_status_but_no_scores(logs: LogFolder) -> None:
    rows = logs.read(CANCELLED)
    assert rows.samples.num_rows == 99
    assert {(row["mean"], row["reported_mean"], row["is_complete"]) for row in rows.stats.to_pylist()} == {
        (None, None, False)
    }
    spec = json.loads(rows.stats["run_spec"][0].as_py())
    assert spec["status"] == "cancelled"
    # What Inspect reported of the samples until then is kept in the specification.
    assert spec["results"]["scores"][0]["metrics"].keys() == {"accuracy", "stderr"}


def test_a_log_that_is_not_finished_is_a_reject_with_the_version(logs: LogFolder) -> None:
    rows = logs.read(KILLED)
    assert rows.samples.num_rows == rows.stats.num_rows == 0
    [reject] = rows.rejects
    assert "not finished" in reject.detail
    assert "inspect_ai 0.3.285" in reject.detail


def test_errors_and_limits_stand_beside_the_answer_without_paths(logs: LogFolder) -> None:
    rows = logs.read(WITH_ERRORS)
    found = sample_rows(rows)
    assert found["7", 0]["error"] == "RuntimeError('500 upstream error for [qa0006]: connection reset')"
    assert found["7", 0]["evaluation_score"] is None
    assert Counter(row["limit"] for row in found.values())["token"] > 0
    assert (statistics(rows)["accuracy,match"]["n_instances"], statistics(rows)["accuracy,match"]["n_scored"]) == (
        40,
        38,
    )
    cancelled = [row["error"] for row in sample_rows(logs.read(CANCELLED)).values() if row["error"]]
    assert len(cancelled) == 2
    assert not any("/" in error for error in cancelled)


def test_reducers_and_success_in_several_epochs_are_metrics_of_their_own(logs: LogFolder) -> None:
    found = statistics(logs.read(RETRIED))
    assert {"accuracy,match", "accuracy,match,mode", "accuracy,match,pass_at_2"} <= found.keys()
    # Every sample has three epochs: pass^3 is the share of samples that are right in all of them.
    right = Counter(
        key[0] for key, value in values(logs.read(RETRIED)).items() if key[2] == "accuracy,match" and value == 1
    )
    assert found["pass^3,match"]["mean"] == sum(n == 3 for n in right.values()) / 40
    assert found["pass@3,match"]["mean"] == len(right) / 40
    assert found["pass@2,match"]["mean"] == pytest.approx(found["accuracy,match,pass_at_2"]["reported_mean"])


def test_odd_values_count_as_inspect_counts_them_and_stay_readable(logs: LogFolder) -> None:
    rows = logs.read(ODD_VALUES, "vals")
    found = values(rows)
    name = "mean,scal" if ("0", 0, "mean,scal") in found else "accuracy,scal"
    expected = {"0": 1, "2": 0.5, "4": 1, "s/7": 0.25, "10": 0, "12": 0, "s/15": 2.0**70, "18": None, "s/19": None}
    assert {instance: found[instance, 0, name] for instance in expected} == expected
    said = {
        instance: json.loads(row["annotations"])["scal"]["value"] for (instance, _), row in sample_rows(rows).items()
    }
    assert (said["12"], said["18"], said["s/19"], said["s/15"]) == ("weird", "nan", "inf", 2**70)
    # NaN is unscored, and infinity is a value that no column holds.
    assert [reject.place for reject in rows.rejects if "accuracy" in reject.detail] == [
        "samples/s/19_epoch_1.json.scores"
    ]


def test_a_null_in_an_object_counts_as_0_and_nan_is_unscored(logs: LogFolder) -> None:
    rows = logs.read(ODD_OBJECTS, "vals")
    found = values(rows)
    assert (found["0", 0, "mean,dct.b"], found["s/1", 0, "mean,dct.b"]) == (0, 1)
    assert (found["0", 0, "mean,dct.c"], found["s/1", 0, "mean,dct.c"]) == (1, None)
    assert json.loads(sample_rows(rows)["0", 0]["annotations"])["dct"]["value"]["b"] is None
    assert statistics(rows)["mean,dct.c"]["n_scored"] == 11


def test_a_log_without_samples_has_the_reported_numbers_alone(logs: LogFolder) -> None:
    rows = logs.read(NO_SAMPLES)
    assert (rows.samples.num_rows, rows.rejects) == (0, ())
    found = statistics(rows)["accuracy,choice"]
    assert (
        found["reported_mean"]
        == logs.members(NO_SAMPLES)["header.json"]["results"]["scores"][0]["metrics"]["accuracy"]["value"]
    )
    assert (found["mean"], found["is_complete"]) == (None, True)


def test_a_chunked_sample_is_the_sample_that_was_chunked(logs: LogFolder) -> None:
    for messages in ("final", "all"):
        chunked = sample_rows(logs.read(CHUNKED, "chunked", messages))
        whole = sample_rows(logs.read(ESSAY, messages=messages))
        other = {"evaluation_id", "benchmark", "source_url"}
        assert len(chunked) == 3
        for key, row in chunked.items():
            assert {name: value for name, value in row.items() if name not in other} == {
                name: value for name, value in whole[key].items() if name not in other
            }


def test_an_image_is_a_place_and_encrypted_reasoning_a_mark(logs: LogFolder) -> None:
    row = sample_rows(logs.read(IMAGE, "set", "all"))["1", 0]
    assert (row["raw_input"], row["output"]) == ("what?", "ANSWER 4")
    assert [item["content_type"] for item in row["media"]] == ["text/plain", "image"]
    assert row["thinking_text"] == "[encrypted reasoning]\nshort"
    assert "ENCRYPTEDBLOB" not in json.dumps(row)
    assert "signature" not in json.dumps(row)


def test_messages_are_published_as_the_setting_says(logs: LogFolder) -> None:
    raw = logs.members(AGENT)["samples/1_epoch_1.json"]
    final, every, none = (
        sample_rows(logs.read(AGENT, messages=messages))["1", 0] for messages in ("final", "all", "none")
    )
    assert (final["raw_input"], final["output"]) == (raw["input"], "The product is 528")
    assert (final["prompt"], final["responses"]) == (None, None)
    assert [message["role"] for message in json.loads(every["prompt"])] == ["system", "user"]
    assert [json.loads(message)["role"] for message in every["responses"]] == ["assistant", "tool"] * 2
    assert json.loads(every["responses"][0])["tool_calls"][0]["function"] == "calc"
    texts = json.dumps(none)
    assert not any(text in texts for text in (raw["input"], "528", raw["messages"][0]["content"][:30]))
    assert (none["is_encrypted"], none["evaluation_score"]) == (True, 1)


def test_what_is_private_is_withheld_and_named(logs: LogFolder) -> None:
    with logs.changed(CHOICE) as members:
        members["header.json"]["eval"] |= {
            "model_base_url": "https://user:pass@internal.example/v1",
            "model_args": {"api_key": "sk-abcdefghijklmnop", "dtype": "bfloat16", "path": "/data/ckpts/llama"},
            "metadata": {"team": "secret-team"},
            "model": "vllm//data/ckpts/mine",
            "task_args": {"cot": False, "data": "/home/me/bench/x.jsonl", "token": "tok-123456789"},
        }
        members["samples/mc_0005_epoch_1.json"]["output"]["model"] = "/data/ckpts/mine"
    rows = logs.read(CHOICE)
    text = json.dumps([rows.stats.to_pylist(), rows.samples.to_pylist()])
    for secret in ("internal.example", "sk-abc", "secret-team", "/home/me", "tok-123456789", "/data/ckpts"):
        assert secret not in text, secret
    withheld = rows.stats["withheld_arguments"][0].as_py()
    assert {"model_base_url", "api_key", "metadata", "task_file", "task_args.token"} <= set(withheld)
    assert rows.stats["model_deployment"][0].as_py() == "vllm(dtype=bfloat16,path=llama)"


def each(field: str, *values: Any) -> tuple[Change, ...]:
    return tuple((field, value) for value in values)


UNREADABLE = (*each("id", None), *each("epoch", "first", 2**40), *each("scores", ["C"]))
ODD = (
    *each("input", None, 5, [None], [{"role": "user", "content": [{"type": "new"}, 7]}], {"a": 1}),
    *each("target", None, 5, [], ["Z"], [None], {"a": 1}),
    *each("choices", None, [], [1, None], "ab"),
    *each("output", None, [], {"choices": []}, {"choices": [{"message": 1}]}, {"completion": 5}),
    *each("limit", {"type": 5}),
    *each("output", {"model": ["a"]}),
    *each("model_usage", None, [], {"openai/gpt-4o-mini": None}, {"x": {"total_tokens": "7"}}),
    *(
        change
        for field in ("error", "limit", "metadata", "uuid", "total_time")
        for change in each(field, 5, "x", [], {})
    ),
)


def change_samples(logs: LogFolder, changes: tuple[Change, ...]) -> None:
    """Make each change in a sample of its own."""
    with logs.changed(CHOICE) as members:
        for number, (field, value) in enumerate(changes):
            members[f"samples/mc_{number:04}_epoch_1.json"][field] = value


def test_an_unreadable_sample_costs_that_sample_and_the_scores_of_the_run(logs: LogFolder) -> None:
    change_samples(logs, UNREADABLE)
    rows = logs.read(CHOICE)
    assert rows.samples.num_rows == 60 - len(UNREADABLE)
    assert [(reject.reason, (reject.place or "")[:23]) for reject in rows.rejects] == [
        (Reason.UNEXPECTED_SHAPE, f"samples/mc_{number:04}_epoch_1"[:23]) for number in range(len(UNREADABLE))
    ]
    assert all("inspect_ai 0.3.285" in reject.detail for reject in rows.rejects)
    assert statistics(rows)["accuracy,choice"]["mean"] is None
    assert statistics(rows)["accuracy,choice"]["reported_mean"] is not None


@pytest.mark.parametrize("messages", ["final", "all", "none"])
def test_an_odd_field_costs_that_field_alone(logs: LogFolder, messages: str) -> None:
    before = sample_rows(logs.read(CHOICE, messages=messages))
    change_samples(logs, ODD)
    rows = logs.read(CHOICE, messages=messages)
    assert rows.rejects == ()
    assert {key: row["evaluation_score"] for key, row in sample_rows(rows).items()} == {
        key: row["evaluation_score"] for key, row in before.items()
    }


def test_samples_of_an_unknown_form_are_named(logs: LogFolder) -> None:
    with logs.changed(CHOICE) as members:
        members |= {"samples/new_epoch_1/part.bin": [1], "samples/new_epoch_1/a/b.json": [1], "samples/other.json": [1]}
    rows = logs.read(CHOICE)
    assert [reject.place for reject in rows.rejects] == ["samples/new_epoch_1/", "samples/other.json"]
    assert all("inspect_ai 0.3.285" in reject.detail for reject in rows.rejects)
    assert statistics(rows)["accuracy,choice"]["mean"] is None


def test_two_samples_with_one_uuid_are_one(logs: LogFolder) -> None:
    with logs.changed(CHOICE) as members:
        members["samples/mc_0005_epoch_1.json"]["uuid"] = members["samples/mc_0004_epoch_1.json"]["uuid"]
    rows = logs.read(CHOICE)
    assert rows.samples.num_rows == 59
    assert [reject.reason for reject in rows.rejects] == [Reason.DOUBLED_INSTANCE]


def test_fewer_samples_than_inspect_completed_give_no_score(logs: LogFolder) -> None:
    with logs.changed(CHOICE) as members:
        del members["samples/mc_0005_epoch_1.json"]
    found = statistics(logs.read(CHOICE))["accuracy,choice"]
    assert (found["mean"], found["is_complete"]) == (None, False)
    assert found["unscored_reason"] == "Inspect completed 60 samples, and the log holds 59."


def test_a_reported_number_that_the_samples_do_not_give_is_a_disagreement(logs: LogFolder) -> None:
    with logs.changed(CHOICE) as members:
        members["header.json"]["results"]["scores"][0]["metrics"]["accuracy"]["value"] += 0.01
    [row] = logs.read(CHOICE).disagreements
    assert (row["metric_name"], row["field"]) == ("accuracy,choice", "mean")
    assert row["reported"] == pytest.approx(row["ours"] + 0.01)


@pytest.mark.parametrize("held_bytes", [0, run_reader.HELD_BYTES])
@pytest.mark.parametrize("is_named", [True, False])
def test_every_sample_has_the_judges_of_the_whole_run(
    logs: LogFolder, monkeypatch: pytest.MonkeyPatch, held_bytes: int, is_named: bool
) -> None:
    with logs.changed(ESSAY) as members:
        for number, name in enumerate(name for name in members if name.startswith("samples/")):
            score = members[name]["scores"]["model_graded_qa"]
            score["metadata"]["grading"][-1]["model"] = f"judge-{number % 3}"
            if number < 3 and not is_named:  # The first batch has no judgement.
                del members[name]["scores"]["model_graded_qa"]
    monkeypatch.setattr(run_reader, "HELD_BYTES", held_bytes)
    monkeypatch.setattr(sample_batches, "BATCH_ROWS", 3)
    rows = logs.read(ESSAY)
    judges = ("judge-0", "judge-1", "judge-2")
    assert {tuple(row["judges"]) for row in rows.samples.to_pylist()} == {judges}
    assert {tuple(row["judges"]) for row in rows.stats.to_pylist()} == {judges}


@pytest.mark.parametrize("batch_rows", [1, 7, 1000])
def test_the_size_of_batches_changes_nothing(logs: LogFolder, monkeypatch: pytest.MonkeyPatch, batch_rows: int) -> None:
    for suite, benchmark in ((ESSAY, "main"), (ODD_VALUES, "vals"), (ODD_OBJECTS, "vals"), (AS_JSON, "main")):
        whole = logs.read(suite, benchmark, "all")
        with monkeypatch.context() as patch:
            patch.setattr(sample_batches, "BATCH_ROWS", batch_rows)
            assert logs.read(suite, benchmark, "all") == whole

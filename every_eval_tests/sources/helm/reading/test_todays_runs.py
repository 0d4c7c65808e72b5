"""Runs as crfm-helm 0.5.16 writes them: chats, media, judges, reasoning, encrypted texts and numbered instances."""

import json
import tarfile
from collections import Counter
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from every_eval.sources.helm.reading.run_reader import HelmRunReader
from every_eval.sources.source import Input, Run, RunRows
from every_eval_tests.rows_of_runs import gather

ARCHIVE = Path(__file__).parents[3] / "fixtures" / "helm_now_runs.tar.xz"
"""Six runs by HELM itself, over invented questions, and the counts of what HELM wrote, in expected.json."""


@cache
def _members() -> dict[str, bytes]:
    with tarfile.open(ARCHIVE) as archive:
        return {item.name: content.read() for item in archive if (content := archive.extractfile(item))}


EXPECTED: dict[str, dict[str, Any]] = json.loads(_members()["expected.json"])


@cache
def _read(folder: str) -> RunRows:
    benchmark, suite, name = folder.split("/")
    raw = {path.rpartition("/")[2]: content for path, content in _members().items() if path.startswith(f"{folder}/")}
    inputs = tuple(Input(file, len(content), "w") for file, content in raw.items())
    run = Run("helm", benchmark, suite, name, folder, inputs)
    whole, in_pieces = (
        gather(HelmRunReader(run, lambda file: BytesIO(raw[file]), *sizes).pieces())
        for sizes in ((1 << 30, 1), (0, 9000))
    )
    assert in_pieces == whole
    return whole


def _folder(scenario: str) -> str:
    (found,) = [folder for folder in EXPECTED if folder.split("/")[2].startswith(scenario)]
    return found


@pytest.mark.parametrize("folder", EXPECTED)
def test_nothing_is_lost_of_a_run(folder: str) -> None:
    rows, expected = _read(folder), EXPECTED[folder]
    samples = rows.samples.to_pylist()
    found = {
        "predictions": len(samples),
        "per_instance_stats": rows.metrics.num_rows,
        "annotations": sum(sample["annotations"] is not None for sample in samples),
        "thinking_texts": sum(sample["thinking_text"] is not None for sample in samples),
        "media_objects": sum(len(sample["media"] or ()) for sample in samples),
        "inputs_with_messages": sum(sample["messages"] is not None for sample in samples),
        "instances_with_extra_data": sum(sample["extra_data"] is not None for sample in samples),
        "encrypted": sum(sample["is_encrypted"] for sample in samples),
    }

    assert rows.rejects == () and list(rows.disagreements) == []
    assert found == {name: expected[name] for name in found}


@pytest.mark.parametrize("folder", EXPECTED)
def test_every_score_of_a_judge_is_a_judgement(folder: str) -> None:
    rows, expected = _read(folder), EXPECTED[folder]
    judgements = rows.judgements.to_pylist()
    of_kind = {True: Counter[str](), False: Counter[str]()}
    for each in judgements:
        if each["score"] is not None:
            of_kind[each["criterion"] == "equivalence_judgement"][each["judge"] or "empty_output"] += 1

    assert (of_kind[False], of_kind[True]) == (expected["judge_scores"], expected["judge_judgements"])
    assert Counter(each["judge"] for each in judgements if each["score"] is None) == expected["null_judge_scores"]
    assert {each["n_unjudged"] or 0 for each in rows.stats.to_pylist()} == {expected["items_without_any_judge"]}


@pytest.mark.parametrize("folder", EXPECTED)
def test_the_main_metric_is_helms_to_the_bit(folder: str) -> None:
    stats = _read(folder).stats.to_pylist()
    for metric in EXPECTED[folder]["main_metric"].values():
        (row,) = [
            each
            for each in stats
            if (each["metric_name"], each["split"]) == (metric["name"], metric["split"]) and not each["perturbation"]
        ]
        assert row["mean"] == row["reported_mean"] == metric["mean"]


def test_numbers_and_texts_are_one_id() -> None:
    rows = _read(_folder("ruler_squad"))
    raw = json.loads(_members()[f"{_folder('ruler_squad')}/per_instance_stats.json"])

    assert {type(entry["instance_id"]) for entry in raw} == {int}
    assert set(rows.samples["instance_id"].to_pylist()) == {str(entry["instance_id"]) for entry in raw}
    assert set(rows.metrics["instance_id"].to_pylist()) == {str(entry["instance_id"]) for entry in raw}


def test_a_chat_is_asked_by_its_last_message() -> None:
    sample = _read(_folder("wildbench")).samples.to_pylist()[0]
    messages = json.loads(sample["messages"])

    assert [message["role"] for message in messages] == ["user", "assistant", "user"]
    assert sample["raw_input"] == messages[-1]["content"] != ""


def test_media_are_named_by_type_and_place_with_their_texts() -> None:
    sample = _read(_folder("mmmu")).samples.to_pylist()[0]

    assert [item["content_type"] for item in sample["media"]] == ["image/jpeg", "image/jpeg", "text/plain"]
    assert [item["location"] is None for item in sample["media"]] == [False, False, True]
    assert sample["raw_input"] == sample["media"][2]["text"]
    assert sum(sample["raw_input"] in (item["text"] or "") for item in json.loads(sample["prompt"])) == 1


def test_the_panel_and_the_settings_of_a_run_are_columns() -> None:
    names = ("judges", "temperature", "max_tokens", "num_outputs", "n_in_context_examples")
    jury = _read(_folder("aci_bench"))
    expected = {
        "judges": ["anthropic/claude-3-7-sonnet-20250219", "meta/llama-3.3-70b-instruct", "openai/gpt-4o-2024-05-13"],
        **json.loads(_members()[f"{_folder('aci_bench')}/run_spec.json"])["adapter_spec"],
    }
    expected["n_in_context_examples"] = expected["max_train_instances"]
    for table in (jury.samples, jury.stats):
        assert [table.to_pylist()[0][name] for name in names] == [expected[name] for name in names]
    assert _read(_folder("wildbench")).stats["judges"][0].as_py() == ["claude", "gpt", "llama"]

from typing import Any

import msgspec
import pyarrow as pa

from every_eval.contracts.metrics import METRICS
from every_eval.contracts.samples import SAMPLES
from every_eval.export.eee.instances import Instances

KEY: dict[str, Any] = {"instance_id": "id1", "train_trial_index": 0, "occurrence": 0}
EXACT_MATCH = ("exact_match", "test", None, None, None)


def sample(**values: Any) -> dict[str, Any]:
    return {"raw_input": "2 + 2?", "ground_truth": ["4"], "references": [], "is_encrypted": False, **KEY, **values}


def metric(name: str, value: float | None, **values: Any) -> dict[str, Any]:
    count = 0 if value is None else 1
    return {"metric_name": name, "split": "test", "count": count, "sum": value, "value": value, **KEY, **values}


def rows(
    samples: list[dict[str, Any]], metrics: list[dict[str, Any]], **options: Any
) -> tuple[list[dict[str, Any]], Instances]:
    maker = Instances("helm/lite/v1/run", "a/b", "gsm", {EXACT_MATCH: "result"}, options.get("metric_names"))
    tables = (
        pa.Table.from_pylist(values, schema=pa.schema([field.with_nullable(True) for field in table.schema]))
        for values, table in ((samples, SAMPLES), (metrics, METRICS))
    )
    return [
        msgspec.json.decode(line) for line in b"".join(block.lines for block in maker.blocks(*tables)).splitlines()
    ], maker


def test_a_row_has_the_texts_the_score_and_the_result_of_its_value() -> None:
    [row], maker = rows(
        [sample(evaluation_id="e", prompt="Q: 2 + 2?", output=" 4", mapped_output="4", thinking_text="Hm.")],
        [metric("exact_match", 1.0)],
    )
    assert row == {
        "schema_version": "0.3.0",
        "evaluation_id": "helm/lite/v1/run",
        "model_id": "a/b",
        "evaluation_name": "gsm",
        "evaluation_result_id": "result",
        "sample_id": "id1",
        # printf '{"raw":"2 + 2?","reference":["4"]}' | sha256sum
        "sample_hash": "4dbd0eac9ebcc759f12691cca1dc1306ab8bcc5d328f8be4eaad033b581e7ded",
        "interaction_type": "single_turn",
        "input": {"raw": "2 + 2?", "reference": ["4"], "formatted": "Q: 2 + 2?"},
        "output": {"raw": [" 4"], "reasoning_trace": ["Hm."]},
        "messages": None,
        "answer_attribution": [
            {
                "turn_idx": 0,
                "source": "output.raw",
                "extracted_value": "4",
                "extraction_method": "mapping to a reference",
                "is_terminal": True,
            }
        ],
        "evaluation": {"score": 1.0, "is_correct": True},
        "metadata": {
            "every_eval_sample_id": "e",
            "metric_name": "exact_match",
            "split": "test",
            "train_trial_index": "0",
            "occurrence": "0",
            "count": "1",
            "sum": "1.0",
        },
    }
    assert maker.counts.rows == 1


def test_a_value_of_several_references_has_the_outputs_of_all() -> None:
    samples = [sample(evaluation_id=f"e{n}", reference_index=n, output=text) for n, text in enumerate("abc")]
    found, _ = rows(samples, [metric("exact_match", 1.0), metric("logprob", -2.5, reference_index=1)])
    of_instance, of_reference = found
    assert of_instance["output"]["raw"] == ["a", "b", "c"]
    assert of_instance["metadata"]["every_eval_sample_id"] == '["e0","e1","e2"]'
    assert of_reference["output"]["raw"] == ["b"]
    assert of_reference["metadata"]["reference_index"] == "1"


def test_perturbed_and_original_answers_and_trials_are_told_apart() -> None:
    keys: list[dict[str, Any]] = [{}, {"train_trial_index": 1}, {"perturbation": '{"name":"typos"}'}]
    samples = [sample(evaluation_id=f"e{n}", output=f"o{n}", **key) for n, key in enumerate(keys)]
    found, _ = rows(samples, [metric("exact_match", float(n % 2), **key) for n, key in enumerate(keys)])
    assert [(row["output"]["raw"], row["evaluation"]["score"]) for row in found] == [
        (["o0"], 0.0),
        (["o1"], 1.0),
        (["o2"], 0.0),
    ]
    assert "evaluation_result_id" not in found[2]  # there is no statistic of the perturbation
    assert found[2]["metadata"]["has_result"] == "false"


def test_values_that_do_not_exist_and_metrics_of_another_level_are_counted() -> None:
    values = [metric("exact_match", None), metric("exact_match", 1.0), metric("f1_score", 0.5)]
    found, maker = rows([sample()], values, metric_names={"exact_match"})
    assert [row["metadata"]["metric_name"] for row in found] == ["exact_match"]
    counts = maker.counts
    assert (counts.rows, counts.values_missing, counts.values_of_other_metrics) == (1, 1, 1)


def test_a_part_of_a_point_and_a_mean_of_several_values_are_no_verdicts() -> None:
    values = [metric("exact_match", 0.5), metric("exact_match", 1.0, count=2, sum=2.0), metric("f1_score", 1.0)]
    found, maker = rows([sample()], values)
    assert [row["evaluation"]["is_correct"] for row in found] == [False] * 3
    assert [row["metadata"]["is_correct_defined"] for row in found] == ["false"] * 3
    assert maker.counts.rows_without_verdict == 3


def test_a_metric_with_a_filter_is_a_verdict_by_its_own_name() -> None:
    found, _ = rows([sample()], [metric("exact_match,strict-match", 1.0), metric("accuracy,match", 0.0)])
    assert [row["evaluation"]["is_correct"] for row in found] == [True, False]
    assert all("is_correct_defined" not in row["metadata"] for row in found)


def test_tokens_and_time_come_from_the_metrics_that_count_them() -> None:
    usage = {"num_prompt_tokens": 10.0, "num_completion_tokens": 3.0, "inference_runtime": 0.25}
    found, _ = rows([sample()], [metric("exact_match", 1.0), *(metric(name, value) for name, value in usage.items())])
    assert found[0]["token_usage"] == {"input_tokens": 10, "output_tokens": 3, "total_tokens": 13}
    assert found[0]["performance"] == {"latency_ms": 250.0}


def test_a_sample_that_is_not_published_gives_a_row_without_texts() -> None:
    [row], maker = rows([], [metric("exact_match", 1.0)])
    assert (row["input"], row["output"]) == ({"raw": "", "reference": []}, {"raw": []})
    assert row["metadata"]["is_sample_published"] == "false"
    assert maker.counts.rows_without_sample == 1


def test_texts_that_are_encrypted_are_marked() -> None:
    [row], _ = rows([sample(is_encrypted=True)], [metric("exact_match", 1.0)])
    assert row["metadata"]["texts_are_encrypted"] == "true"


def test_a_source_that_counts_turns_without_messages_gives_the_first_and_the_last() -> None:
    [row, _], _ = rows([sample(output="4")], [metric("exact_match", 1.0), metric("turn_count", 3.0)])
    assert row["interaction_type"] == "multi_turn"
    assert [(message["role"], message["content"]) for message in row["messages"]] == [
        ("user", "2 + 2?"),
        ("assistant", "4"),
    ]
    assert row["evaluation"]["num_turns"] == 3

"""The texts of a sample, as a row of the instance file has them.

HELM scores an instance once where it sends a request for each reference: such an instance has several samples.
"""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, Final

from every_eval.contracts.canonical import canonical_decoded
from every_eval.export.eee.conversation import conversation, kind_of
from every_eval.export.eee.json_text import text_map

Row = Mapping[str, Any]
SAMPLE_COLUMNS: Final = (
    *("evaluation_id", "instance_id", "perturbation", "train_trial_index", "reference_index", "occurrence"),
    *("raw_input", "prompt", "ground_truth", "references", "output", "thinking_text", "messages", "responses"),
    *("truncated_output", "mapped_output", "answer", "evaluation_method_name", "explanation", "error", "limit"),
    *("is_encrypted", "hf_split", "hf_index", "license", "category", "output_model"),
)


def sample_texts(samples: Sequence[Row], n_turns: int | None) -> dict[str, Any]:
    """Return the texts of an instance, as fields of its rows.

    Args:
        samples: Its samples, in their order: several if each is of one reference; none if they are not published.
        n_turns: Number of the model's turns; null if the source does not count them.
    """
    first = samples[0] if samples else {}
    raw, references = first.get("raw_input") or "", first.get("ground_truth") or []
    messages = conversation(first, n_turns) if samples else None
    found = {
        "sample_hash": sha256(canonical_decoded([{"raw": raw, "reference": references}])[0].encode()).hexdigest(),
        "interaction_type": kind_of(messages),
        "input": _input(first, raw, references),
        "output": _output(samples) if messages is None else None,
        "messages": messages,
        "answer_attribution": _attribution(first, None if messages is None else len(messages) - 1),
    }
    if error := _joined(first.get("error"), first.get("limit") and f"limit: {first['limit']}"):
        found["error"] = error
    return found


def sample_metadata(samples: Sequence[Row]) -> dict[str, str]:
    """Return what the metadata of an instance's rows says of its samples."""
    if not samples:
        return {"is_sample_published": "false"}
    first = samples[0]
    ids = [sample["evaluation_id"] for sample in samples]
    return text_map(
        {
            "every_eval_sample_id": ids[0] if len(ids) == 1 else ids,
            "texts_are_encrypted": first["is_encrypted"] or None,
            **{name: first[name] for name in ("hf_split", "hf_index", "license", "category", "output_model")},
            "explanation": first["explanation"],
        }
    )


def _input(first: Row, raw: str, references: Sequence[str]) -> dict[str, Any]:
    found: dict[str, Any] = {"raw": raw, "reference": references}
    if first.get("prompt") is not None:
        found["formatted"] = first["prompt"]
    if first.get("references"):
        found["choices"] = [reference["text"] for reference in first["references"]]
    return found


def _output(samples: Sequence[Row]) -> dict[str, Any]:
    found: dict[str, Any] = {"raw": [sample["output"] for sample in samples if sample["output"] is not None]}
    if thoughts := [sample["thinking_text"] for sample in samples if sample["thinking_text"] is not None]:
        found["reasoning_trace"] = thoughts
    return found


def _attribution(first: Row, turn: int | None) -> list[dict[str, Any]]:
    """Return what was taken from the output, and by which method; nothing if the source does not say."""
    method = first.get("evaluation_method_name")
    stated = (
        ("truncated_output", "removal of the prompt that the output repeats", False),
        ("mapped_output", "mapping to a reference", True),
        ("answer", f"scorer of {method}" if method else "scorer", True),
    )
    source = "output.raw" if turn is None else f"messages[{turn}].content"
    return [
        {
            "turn_idx": turn or 0,
            "source": source,
            "extracted_value": first[name],
            "extraction_method": how,
            "is_terminal": is_terminal,
        }
        for name, how, is_terminal in stated
        if first.get(name) is not None
    ]


def _joined(*texts: str | None) -> str | None:
    return "; ".join(text for text in texts if text) or None

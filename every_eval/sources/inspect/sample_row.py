"""The texts of a sample as its row has them, as far as the setting of messages allows."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from every_eval.sources.inspect.evaluation import Evaluation
from every_eval.sources.inspect.log_json import finite, json_text
from every_eval.sources.inspect.own_arguments import metadata_json
from every_eval.sources.inspect.public_texts import (
    content_text,
    input_text,
    media,
    messages_json,
    public_message,
    public_name,
    reasoning,
)
from every_eval.sources.inspect.records import Sample, Score
from every_eval.sources.items import item

FINAL, ALL, NONE = "final", "all", "none"
WITHHELD: Final = "[withheld]"
"""Stands for the input where no message is published."""

Row = dict[str, Any]


def sample_row(sample: Sample, scores: Mapping[str, Score], evaluation: Evaluation) -> Row:
    """Return the columns of a sample's texts."""
    main = evaluation.main_score
    score = scores.get(main.scorer) if main else next(iter(scores.values()), None)
    output = sample.output if isinstance(sample.output, dict) else {}
    model, limit = output.get("model"), sample.limit.get("type") if isinstance(sample.limit, dict) else None
    row: Row = {
        "error": _error(sample.error, with_text=evaluation.messages != NONE),
        "limit": limit if isinstance(limit, str) else None,
        "output_model": public_name(model)
        if isinstance(model, str) and model != evaluation.header.eval.model
        else None,
        **dict.fromkeys(_TEXTS),
    }
    if evaluation.messages == NONE:
        return row | {"raw_input": WITHHELD, "ground_truth": [], "references": [], "is_encrypted": True}
    row |= _question(sample, score)
    row["annotations"] = _annotations(scores)
    row["extra_data"] = metadata_json(sample.metadata)
    message = _final_message(output)
    row["output"] = _output(output, message)
    if evaluation.messages == ALL:
        row |= _conversation(getattr(sample, "messages", None))
        row["thinking_text"] = reasoning(message.get("content"))
    return row


_LONGEST_NAME: Final = 60
_TEXTS: Final = (
    *("answer", "explanation", "output", "mapped_output", "prompt", "responses", "thinking_text"),
    *("messages", "media", "extra_data", "annotations"),
)
"""Columns of texts that a sample may lack, or that the setting withholds."""


def _question(sample: Sample, score: Score | None) -> Row:
    targets = [str(item) for item in (sample.target if isinstance(sample.target, list) else [sample.target or ""])]
    choices = sample.choices if isinstance(sample.choices, list) and sample.choices else None
    texts = [str(choice) for choice in choices] if choices else targets
    correct = _correct(targets, texts) if choices else list(range(len(texts)))
    if correct is None:
        # Targets that are none of the choices become references that the model could not choose.
        correct = list(range(len(texts), len(texts) + len(targets)))
        texts = [*texts, *targets]
    answer = score.answer if score and isinstance(score.answer, str) else None
    chosen = _place(answer, len(choices)) if choices and answer else None
    is_chat = isinstance(sample.input, list)
    return {
        "raw_input": input_text(sample.input),
        "messages": messages_json(sample.input) if is_chat else None,
        "media": media(sample.input),
        "references": [
            {"text": text, "tags": ["correct"] if place in correct else []} for place, text in enumerate(texts)
        ],
        "ground_truth": [texts[place] for place in correct],
        "answer": answer,
        "explanation": score.explanation if score and isinstance(score.explanation, str) else None,
        "mapped_output": None if chosen is None else texts[chosen],
        "is_encrypted": False,
    }


def question_digest(row: Row) -> str | None:
    """Return the digest of a row's question, as the column `item` has it; null if the question is withheld or empty."""
    text = row["messages"] or row["raw_input"]
    if row["is_encrypted"] or not text:
        return None
    places = [medium["location"] for medium in row["media"] or ()]
    return item(text, places, [(reference["text"], reference["tags"]) for reference in row["references"]])


def _correct(targets: Sequence[str], choices: Sequence[str]) -> list[int] | None:
    """Return the places of the choices that the targets name, by letter or by text; null if one names no choice."""
    places = [_place(target, len(choices)) for target in targets]
    if None in places:
        places = [choices.index(target) if target in choices else None for target in targets]
    return None if None in places else sorted({place for place in places if place is not None})


def _place(letter: str, n_choices: int) -> int | None:
    """Return the place of the choice that a letter names."""
    text = letter.strip().upper()
    place = ord(text) - ord("A") if len(text) == 1 else -1
    return place if 0 <= place < n_choices else None


def _final_message(output: Mapping[str, Any]) -> Mapping[str, Any]:
    choices = output.get("choices")
    first = choices[0] if isinstance(choices, list) and choices and isinstance(choices[0], dict) else {}
    message = first.get("message")
    return message if isinstance(message, dict) else {}


def _output(output: Mapping[str, Any], message: Mapping[str, Any]) -> str | None:
    """Return the final answer; null if the model gave none, because an error came first."""
    completion = output.get("completion")
    if isinstance(completion, str) and (completion or message):
        return completion
    return content_text(message.get("content")) if message else None


def _conversation(messages: Any) -> Row:  # noqa: ANN401 - any JSON value
    """Return the messages before the model's first one as the prompt, and all others as responses."""
    known = [item for item in messages if isinstance(item, dict)] if isinstance(messages, list) else []
    start = next((at for at, message in enumerate(known) if message.get("role") == "assistant"), len(known))
    return {
        "prompt": messages_json(known[:start]) if known else None,
        "responses": [messages_json([message])[1:-1] for message in known[start:]],
    }


def _annotations(scores: Mapping[str, Score]) -> str | None:
    """Return what each scorer said, as JSON, with the value as the log has it."""
    return json_text({scorer: _said(score) for scorer, score in scores.items()}) if scores else None


def _said(score: Score) -> Row:
    said: Row = {"value": score.value if isinstance(score.value, str) else finite(score.value)}
    for name in ("answer", "explanation", "reason"):
        text = getattr(score, name)
        if text is not None:
            said[name] = text
    return said


def _error(error: Any, *, with_text: bool) -> str | None:  # noqa: ANN401 - any JSON value
    """Return the message of an error; without texts only the name of the exception, which comes before a bracket."""
    text = public_message(error.get("message")) if isinstance(error, dict) else None
    return text if with_text or text is None else text.partition("(")[0][:_LONGEST_NAME]

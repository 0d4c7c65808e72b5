"""The texts of samples as their rows have them, in columns, as far as the setting of messages allows."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pyarrow as pa

from every_eval.sources.inspect.evaluation import Evaluation
from every_eval.sources.inspect.log_json import json_text
from every_eval.sources.inspect.own_arguments import metadata_json
from every_eval.sources.inspect.public_texts import content_text, messages_json, public_message, public_name, reasoning
from every_eval.sources.inspect.question import Question, question_of
from every_eval.sources.inspect.records import Score
from every_eval.sources.inspect.sample_batch import SampleBatch
from every_eval.sources.references import reference_array

FINAL, ALL, NONE = "final", "all", "none"
WITHHELD: Final = "[withheld]"
"""Text of the column `raw_input` if the setting publishes no messages."""

Columns = dict[str, Sequence[Any] | pa.Array]

_LONGEST_NAME: Final = 60
_TEXTS: Final = (
    *("answer", "explanation", "output", "mapped_output", "prompt", "responses", "thinking_text"),
    *("messages", "media", "extra_data", "annotations"),
)
"""Columns of texts that a sample may lack, or that the setting withholds."""


def questions_of(batch: SampleBatch, evaluation: Evaluation) -> list[Question] | None:
    """Return the question of each sample; null if no message is published."""
    if evaluation.messages == NONE:
        return None
    answers = [_text(score.answer) if score else None for score in _main_scores(batch, evaluation)]
    return [question_of(sample, answer) for sample, answer in zip(batch.samples, answers, strict=True)]


def text_columns(
    batch: SampleBatch, questions: Sequence[Question] | None, evaluation: Evaluation
) -> tuple[Columns, Mapping[str, Any]]:
    """Return the columns of texts of samples, and the values of the columns that are equal in all their rows."""
    outputs = [sample.output if isinstance(sample.output, dict) else {} for sample in batch.samples]
    model = evaluation.header.eval.model
    columns: Columns = {
        "error": [_error(sample.error, evaluation.messages) for sample in batch.samples],
        "limit": [_limit(sample.limit) for sample in batch.samples],
        "output_model": [_model_name(output.get("model"), model) for output in outputs],
    }
    if questions is None:
        withheld = {"raw_input": WITHHELD, "ground_truth": [], "references": [], "is_encrypted": True}
        return columns, {**dict.fromkeys(_TEXTS), **withheld}
    messages = [_final_message(output) for output in outputs]
    main = _main_scores(batch, evaluation)
    columns |= _question_columns(questions) | {
        "answer": [_text(score.answer) if score else None for score in main],
        "explanation": [_text(score.explanation) if score else None for score in main],
        "output": [_output(output, message) for output, message in zip(outputs, messages, strict=True)],
        "annotations": [_annotations(scores) for scores in batch.scores],
        "extra_data": metadata_json([sample.metadata for sample in batch.samples]),
    }
    if evaluation.messages == ALL:
        columns |= _conversations(batch)
        columns["thinking_text"] = [reasoning(message.get("content")) for message in messages]
    return columns, {**dict.fromkeys(_TEXTS), "is_encrypted": False}


def _question_columns(questions: Sequence[Question]) -> Columns:
    return {
        "raw_input": [question.text for question in questions],
        "messages": [question.messages for question in questions],
        "media": [question.media for question in questions],
        "references": reference_array((question.references, question.correct) for question in questions),
        "ground_truth": [question.correct_answers for question in questions],
        "mapped_output": [question.chosen for question in questions],
    }


def _main_scores(batch: SampleBatch, evaluation: Evaluation) -> list[Score | None]:
    """Return the score of the main scorer, else the first score; null for a sample without one."""
    main = evaluation.main_score
    if main is None:
        return [next(iter(scores.values()), None) for scores in batch.scores]
    return [scores.get(main.scorer) for scores in batch.scores]


def _model_name(answered: Any, called: str) -> str | None:  # noqa: ANN401 - any JSON value
    """Return the name of the model that answered if it is not the one that was called; else null."""
    return public_name(answered) if isinstance(answered, str) and answered != called else None


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


def _conversations(batch: SampleBatch) -> Columns:
    """Return the messages before the model's first one as the prompts, and all others as responses."""
    prompts: list[str | None] = []
    responses: list[list[str]] = []
    for sample in batch.samples:
        messages = getattr(sample, "messages", None)
        known = [item for item in messages if isinstance(item, dict)] if isinstance(messages, list) else []
        start = next((at for at, message in enumerate(known) if message.get("role") == "assistant"), len(known))
        prompts.append(messages_json(known[:start]) if known else None)
        responses.append([messages_json([message])[1:-1] for message in known[start:]])
    return {"prompt": prompts, "responses": responses}


def _annotations(scores: Mapping[str, Score]) -> str | None:
    """Return what each scorer said, as JSON, with the value as the log has it."""
    return json_text({scorer: _said(score) for scorer, score in scores.items()}) if scores else None


def _said(score: Score) -> dict[str, Any]:
    said: dict[str, Any] = {"value": score.value}
    if score.answer is not None:
        said["answer"] = score.answer
    if score.explanation is not None:
        said["explanation"] = score.explanation
    if score.reason is not None:
        said["reason"] = score.reason
    return said


def _error(error: Any, messages: str) -> str | None:  # noqa: ANN401 - any JSON value
    """Return the message of an error; without texts only the name of the exception, which comes before a bracket."""
    text = public_message(error.get("message")) if isinstance(error, dict) else None
    return text if text is None or messages != NONE else text.partition("(")[0][:_LONGEST_NAME]


def _limit(limit: Any) -> str | None:  # noqa: ANN401 - any JSON value
    return _text(limit.get("type")) if isinstance(limit, dict) else None


def _text(value: Any) -> str | None:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, str) else None

"""Read the question of a row: the prompt, the possible answers, the correct answers and the model's choice."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from every_eval.contracts.canonical import canonical_json
from every_eval.sources.eval_harness.sample_rows import WrittenRow
from every_eval.sources.eval_harness.task import Task

MULTIPLE_CHOICE: Final = "multiple_choice"


class Question:
    """The question of a row, with the model's choice among the possible answers."""

    def __init__(self, prompt: str | None, texts: Sequence[str], correct: Sequence[int], chosen: int | None) -> None:
        """Take the possible answers as `texts`; `correct` and `chosen` are positions in `texts`."""
        self.prompt = prompt
        self.references = [
            {"text": text, "tags": ["correct"] if position in correct else []} for position, text in enumerate(texts)
        ]
        self.correct = [texts[position] for position in correct]
        self.chosen = None if chosen is None else texts[chosen]

    @classmethod
    def of(cls, sample: WrittenRow, task: Task) -> "Question":
        """Read the question of a row: the references are the choices of a multiple-choice task, else the targets."""
        requests = _requests(sample)
        if task.output_type == MULTIPLE_CHOICE and requests:
            if "acc_mutual_info" in sample.metrics:
                # The requests of the second half contain the choices without the context, for the denominator.
                requests = requests[: len(requests) // 2]
            texts = choices(requests, str(task.config.get("target_delimiter", "")))
            chosen, correct = chosen_choice(sample.filtered_resps, len(texts)), correct_choices(sample.target, texts)
            if not correct and sample.target is not None:
                # A target that is none of the choices becomes a reference that the model could not choose.
                texts, correct = [*texts, str(sample.target)], [len(texts)]
            return cls(_prompt(requests), texts, correct, chosen)
        texts = targets(sample.target, sample.doc)
        return cls(_prompt(requests), texts, range(len(texts)), None)


def _requests(sample: WrittenRow) -> list[list[Any]]:
    """Return the arguments of each request to the model, in order."""
    stated = sample.arguments
    return stated if isinstance(stated, list) else [list(request.values()) for request in stated.values()]


def _prompt(requests: Sequence[Sequence[Any]]) -> str | None:
    """Return the prompt as sent (a chat's messages as JSON), or a JSON list if the requests have different prompts."""
    sent = list(dict.fromkeys(_sent(request[0]) for request in requests if request))
    return sent[0] if len(sent) == 1 else canonical_json(sent) if sent else None


def _sent(prompt: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return a prompt as text. A chat is a list with one text, which is the JSON of its messages."""
    if isinstance(prompt, list) and len(prompt) == 1:
        return _sent(prompt[0])
    return prompt if isinstance(prompt, str) else canonical_json(prompt)


def choices(requests: Sequence[Sequence[Any]], delimiter: str) -> list[str]:
    """Return the choices: the continuations of the requests or, if these are all equal, the contexts."""
    continuations = [_sent(request[1]).removeprefix(delimiter) if len(request) > 1 else "" for request in requests]
    if len(requests) > 1 and len(set(continuations)) == 1:
        return [_sent(request[0]) for request in requests]
    return continuations


def correct_choices(target: Any, texts: Sequence[str]) -> list[int]:  # noqa: ANN401 - any JSON value
    """Return the positions of the correct choices.

    A target is the text of a choice, the position of a choice, or a list of positions. The result is empty if the
    target can be read as a text and as positions with different results, or as neither.
    """
    by_text = [position for position, text in enumerate(texts) if text == target]
    stated = str(target).strip("[] ")
    parts = [part.strip() for part in stated.split(",")]
    positions = [int(part) for part in parts if part.isascii() and part.isdigit()]
    by_position = positions if len(positions) == len(parts) and max(positions) < len(texts) else []
    return [] if by_text and by_position and by_text != by_position else by_text or by_position


def chosen_choice(responses: Any, n_choices: int) -> int | None:  # noqa: ANN401 - any JSON value
    """Return the position of the choice with the highest log-likelihood, the first among equals.

    The result is null if the log-likelihood of a choice is missing.
    """
    try:
        scores = [float(response[0]) for response in responses[:n_choices]]
    except (TypeError, ValueError, LookupError):
        return None
    is_known = len(scores) == n_choices and not any(math.isnan(score) for score in scores)
    return max(range(n_choices), key=scores.__getitem__) if is_known else None


def targets(target: Any, document: Any) -> list[str]:  # noqa: ANN401 - any JSON value
    """Return the targets: the target or, if the target is the Python text of a list in the document, that list."""
    if target is None:
        return []
    stated = str(target)
    if stated.startswith("["):
        for texts in _lists(document):
            if str(texts) == stated:
                return [str(text) for text in texts]
    return [stated]


def _lists(document: Any) -> Iterator[list[Any]]:  # noqa: ANN401 - any JSON value
    """Iterate over all lists in a document."""
    if isinstance(document, list):
        yield document
    values: Sequence[Any] = list(document.values()) if isinstance(document, Mapping) else ()
    for value in document if isinstance(document, list) else values:
        yield from _lists(value)

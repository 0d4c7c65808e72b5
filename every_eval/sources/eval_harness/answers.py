"""What a row was asked, what could be answered, what is right and what was chosen."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from every_eval.contracts.canonical import canonical_json
from every_eval.sources.eval_harness.rows import Sample
from every_eval.sources.eval_harness.task import Task

MULTIPLE_CHOICE: Final = "multiple_choice"


class Answer:
    """What a row was asked, what could be answered and what was chosen."""

    def __init__(self, prompt: str | None, texts: Sequence[str], correct: Sequence[int], chosen: int | None) -> None:
        """`texts` are the possible answers; `correct` and `chosen` are positions among them."""
        self.prompt = prompt
        self.references = [
            {"text": text, "tags": ["correct"] if position in correct else []} for position, text in enumerate(texts)
        ]
        self.correct = [texts[position] for position in correct]
        self.chosen = None if chosen is None else texts[chosen]

    @classmethod
    def of(cls, sample: Sample, task: Task) -> "Answer":
        """Of a row: multiple choices have all choices as references, other tasks their targets."""
        requests = _requests(sample)
        if task.output_type == MULTIPLE_CHOICE and requests:
            if "acc_mutual_info" in sample.metrics:
                # The second half asks for the choices without their context, to divide by.
                requests = requests[: len(requests) // 2]
            texts = choices(requests, str(task.config.get("target_delimiter", "")))
            chosen, correct = likeliest(sample.filtered_resps, len(texts)), gold(sample.target, texts)
            if not correct and sample.target is not None:
                # A target that is no choice is kept as one that cannot be chosen.
                texts, correct = [*texts, str(sample.target)], [len(texts)]
            return cls(_prompt(requests), texts, correct, chosen)
        texts = targets(sample.target, sample.doc)
        return cls(_prompt(requests), texts, range(len(texts)), None)


def _requests(sample: Sample) -> list[list[Any]]:
    """The arguments of each request to the model, in their order."""
    stated = sample.arguments
    return stated if isinstance(stated, list) else [list(request.values()) for request in stated.values()]


def _prompt(requests: Sequence[Sequence[Any]]) -> str | None:
    """The one prompt as sent, a chat's messages as JSON; a JSON list where the requests' prompts differ."""
    sent = list(dict.fromkeys(_sent(request[0]) for request in requests if request))
    return sent[0] if len(sent) == 1 else canonical_json(sent) if sent else None


def _sent(prompt: Any) -> str:  # noqa: ANN401 - any JSON value
    """A chat is a list that holds its messages as one JSON text."""
    if isinstance(prompt, list) and len(prompt) == 1:
        return _sent(prompt[0])
    return prompt if isinstance(prompt, str) else canonical_json(prompt)


def choices(requests: Sequence[Sequence[Any]], delimiter: str) -> list[str]:
    """The possible answers: what differs between requests, the continuation or, if that is the same, the context."""
    continuations = [_sent(request[1]).removeprefix(delimiter) if len(request) > 1 else "" for request in requests]
    if len(requests) > 1 and len(set(continuations)) == 1:
        return [_sent(request[0]) for request in requests]
    return continuations


def gold(target: Any, texts: Sequence[str]) -> list[int]:  # noqa: ANN401 - any JSON value
    """Positions of the correct choices: of a target that is a choice's text, or its position or a list of them.

    None where the two readings differ, or neither holds.
    """
    by_text = [position for position, text in enumerate(texts) if text == target]
    stated = str(target).strip("[] ")
    parts = [part.strip() for part in stated.split(",")]
    positions = [int(part) for part in parts if part.isascii() and part.isdigit()]
    by_position = positions if len(positions) == len(parts) and max(positions) < len(texts) else []
    return [] if by_text and by_position and by_text != by_position else by_text or by_position


def likeliest(responses: Any, n_choices: int) -> int | None:  # noqa: ANN401 - any JSON value
    """Position of the choice with the highest log-likelihood, the first of equal ones; null if one has none."""
    try:
        scores = [float(response[0]) for response in responses[:n_choices]]
    except (TypeError, ValueError, LookupError):
        return None
    is_known = len(scores) == n_choices and not any(math.isnan(score) for score in scores)
    return max(range(n_choices), key=scores.__getitem__) if is_known else None


def targets(target: Any, document: Any) -> list[str]:  # noqa: ANN401 - any JSON value
    """The target, or the document's own list of them: lm-eval writes it as Python's text of the list."""
    if target is None:
        return []
    stated = str(target)
    if stated.startswith("["):
        for texts in _lists(document):
            if str(texts) == stated:
                return [str(text) for text in texts]
    return [stated]


def _lists(document: Any) -> Iterator[list[Any]]:  # noqa: ANN401 - any JSON value
    """Every list in a document."""
    if isinstance(document, list):
        yield document
    values: Sequence[Any] = list(document.values()) if isinstance(document, Mapping) else ()
    for value in document if isinstance(document, list) else values:
        yield from _lists(value)

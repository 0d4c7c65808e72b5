"""Read the question of a row: the prompt, the possible answers, the correct answers and the model's choice."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from every_eval.contracts.canonical import canonical_decoded
from every_eval.sources.eval_harness.number_text import as_number
from every_eval.sources.eval_harness.sample_rows import ScoredRow
from every_eval.sources.eval_harness.task import Task

MULTIPLE_CHOICE: Final = "multiple_choice"

_SHORT: Final = tuple(map(str, range(10)))
"""The positions 0 to 9 as texts: lm-eval writes the position of a choice as a text."""

Verdict = tuple[int, bool]
"""Position of the choice that a score is for, and true if it was scored as right."""


class Question:
    """The question of a row, with the model's choice among the possible answers."""

    __slots__ = ("chosen", "positions", "prompt", "texts")

    def __init__(
        self, prompt: str | None, texts: Sequence[str], correct: Sequence[int] | None, chosen: int | None
    ) -> None:
        """Take the possible answers as `texts`; `correct` and `chosen` are positions in `texts`, or null if unknown."""
        self.prompt = prompt
        self.texts = texts
        """Possible answers: the references of the row."""
        self.positions = correct
        """Positions of the correct answers; null if the row leaves doubt about them."""
        self.chosen = None if chosen is None else texts[chosen]

    @property
    def correct(self) -> list[str] | None:
        """Texts of the correct answers; null if the row leaves doubt about them."""
        return None if self.positions is None else [self.texts[position] for position in self.positions]

    @classmethod
    def of(cls, row: ScoredRow, task: Task) -> "Question":
        """Read the question of a row: the references are the choices of a multiple-choice task, else the targets."""
        sample, requests = row.sample, row.requests
        if requests and task.output_type == MULTIPLE_CHOICE and not _lacks_requests(requests, sample.filtered_resps):
            return cls._of_choices(row, requests, task.target_delimiter)
        texts = targets(sample.target, sample.doc)
        return cls(_prompt(requests), texts, range(len(texts)), None)

    @classmethod
    def _of_choices(cls, row: ScoredRow, requests: Sequence[Sequence[Any]], delimiter: str) -> "Question":
        target = row.sample.target
        if "acc_mutual_info" in row.sample.metrics:
            # The requests of the second half contain the choices without the context, for the denominator.
            requests = requests[: len(requests) // 2]
        texts = choices(requests, delimiter)
        chosen = chosen_choice(row.sample.filtered_resps, len(texts))
        correct = correct_choices(target, texts, _verdicts(row, texts))
        if correct == [] and target is not None:
            # A target that is none of the choices becomes a reference that the model could not choose.
            texts, correct = [*texts, str(target)], [len(texts)]
        return cls(_prompt(requests), texts, correct, chosen)


def _lacks_requests(requests: Sequence[Sequence[Any]], responses: Any) -> bool:  # noqa: ANN401 - any JSON value
    """Tell whether there are responses to further requests, as in lm-eval 0.4.0, which writes only the first."""
    return isinstance(responses, list) and len(responses) > len(requests)


def _verdicts(row: ScoredRow, texts: Sequence[str]) -> Iterator[Verdict]:
    """Return what the row's scores say of the choices that they are for."""
    scores = {value.metric_name.partition(",")[0]: value.sum for value in row.values}
    sizes = {"acc": [1] * len(texts), "acc_norm": [len(text) for text in texts]}
    for metric, of_texts in sizes.items():
        score = scores.get(metric)
        chosen = chosen_choice(row.sample.filtered_resps, len(texts), of_texts) if all(of_texts) else None
        if chosen is not None and score in (0, 1):
            yield chosen, score == 1


def _prompt(requests: Sequence[Sequence[Any]]) -> str | None:
    """Return the prompt as sent (a chat's messages as JSON), or a JSON list if the requests have different prompts."""
    first = [request[0] for request in requests if request]
    # Most often the same text is sent with each choice.
    is_text = bool(first) and isinstance(first[0], str) and first.count(first[0]) == len(first)
    sent = first[:1] if is_text else list(dict.fromkeys(map(_sent, first)))
    return sent[0] if len(sent) == 1 else _as_json(sent) if sent else None


def _sent(prompt: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return a prompt as text. A chat is a list with one text, which is the JSON of its messages."""
    if isinstance(prompt, str):
        return prompt
    while isinstance(prompt, list) and len(prompt) == 1:
        [prompt] = prompt
    return prompt if isinstance(prompt, str) else _as_json(prompt)


def _as_json(value: Any) -> str:  # noqa: ANN401 - any JSON value
    [text] = canonical_decoded([value])
    return text


def choices(requests: Sequence[Sequence[Any]], delimiter: str) -> list[str]:
    """Return the choices: the continuations of the requests or, if these are all equal, the contexts."""
    continuations = [_sent(request[1]).removeprefix(delimiter) if len(request) > 1 else "" for request in requests]
    if len(requests) > 1 and len(set(continuations)) == 1:
        return [_sent(request[0]) for request in requests]
    return continuations


def correct_choices(
    target: Any,  # noqa: ANN401 - any JSON value
    texts: Sequence[str],
    verdicts: Iterable[Verdict] = (),
) -> list[int] | None:
    """Return the positions of the correct choices.

    A target is the text of a choice, the position of a choice, or a list of positions. If it can be read as a text and
    as positions with different results, or as neither, the verdicts of the row's scores decide. The result is null if
    they do not and the target is a number, and empty if the target is a text that is none of the choices.
    """
    if target in _SHORT and target not in texts and int(target) < len(texts):
        return [int(target)]  # The usual case, which `_readings` would read in the same way.
    readings = _readings(target, texts)
    if len(readings) == 1:
        return readings[0]
    for chosen, is_right in verdicts:
        fitting = [reading for reading in readings if (chosen in reading) == is_right]
        if len(fitting) == 1:
            return fitting[0]
        if is_right and not readings:
            return [chosen]
    return None if readings or as_number(target) is not None else []


def _readings(target: Any, texts: Sequence[str]) -> list[list[int]]:  # noqa: ANN401 - any JSON value
    """Return the positions that a target means if it is a text, and if it is a position or a list of positions."""
    by_text = [position for position, text in enumerate(texts) if text == target]
    stated = str(target).strip("[] ")
    if not stated[:1].isdigit():
        return [by_text] if by_text else []
    parts = [part.strip() for part in stated.split(",")]
    positions = [int(part) for part in parts if part.isascii() and part.isdigit()]
    by_position = positions if len(positions) == len(parts) and max(positions) < len(texts) else []
    return [reading for reading in (by_text, by_position if by_position != by_text else []) if reading]


def chosen_choice(
    responses: Any,  # noqa: ANN401 - any JSON value
    n_choices: int,
    sizes: Sequence[int] | None = None,
) -> int | None:
    """Return the position of the choice with the highest log-likelihood, the first among equals.

    With `sizes`, each log-likelihood is divided by the size of its choice. The result is null if the log-likelihood of
    a choice is missing.
    """
    try:
        scores = [float(response[0]) for response in responses[:n_choices]]
    except (TypeError, ValueError, LookupError):
        return None
    if len(scores) != n_choices or any(map(math.isnan, scores)):
        return None
    shares = scores if sizes is None else [score / size for score, size in zip(scores, sizes, strict=True)]
    return shares.index(max(shares))


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

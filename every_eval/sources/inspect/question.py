"""The question of a sample: the input, the possible answers, the correct ones, and the answer that was chosen."""

from collections.abc import Collection, Iterable, Sequence
from string import ascii_uppercase
from typing import Any, Final, NamedTuple

from every_eval.sources.inspect.public_texts import input_text, media, messages_json
from every_eval.sources.inspect.records import Sample
from every_eval.sources.items import items
from every_eval.sources.references import tagged

_PLACES: Final = {letter: place for place, letter in enumerate(ascii_uppercase)}


class Question(NamedTuple):
    """The question of a sample."""

    text: str
    messages: str | None
    """The messages of a chat as JSON; null if the input is a text."""
    media: Sequence[Any] | None
    """Images, sounds, videos and documents of the input, with the texts among them; null without any."""
    references: Sequence[str]
    """Possible answers: the choices, else the targets."""
    correct: Collection[int]
    """Positions of the correct answers."""
    chosen: str | None
    """Choice that the main scorer's answer names."""

    @property
    def full_text(self) -> str:
        """The messages of a chat as JSON, else the text of the input; empty if the question is."""
        return self.messages or self.text

    @property
    def correct_answers(self) -> list[str]:
        """Texts of the correct answers."""
        return [self.references[position] for position in self.correct]


def digests(questions: Iterable[Question]) -> list[str]:
    """Return the digest of each question, as the column `item` has it."""
    return items(
        (
            question.full_text,
            [medium["location"] for medium in question.media or ()],
            tagged(question.references, question.correct),
        )
        for question in questions
    )


def question_of(sample: Sample, answer: str | None) -> Question:
    """Return the question of a sample, to which the main scorer found `answer`."""
    stated = sample.input
    is_chat = isinstance(stated, list)
    texts, correct, chosen = _answers(sample, answer)
    return Question(
        stated if isinstance(stated, str) else input_text(stated),
        messages_json(stated) if is_chat else None,
        media(stated) if is_chat else None,
        texts,
        correct,
        chosen,
    )


def _answers(sample: Sample, answer: str | None) -> tuple[Sequence[str], Collection[int], str | None]:
    """Return the references, the positions of the correct ones, and the choice that the answer names."""
    target, choices = sample.target, sample.choices
    targets = list(map(str, target)) if isinstance(target, list) else [str(target or "")]
    if not isinstance(choices, list) or not choices:
        return targets, range(len(targets)), None
    texts = list(map(str, choices))
    place = _place(answer, len(texts)) if answer else None
    chosen = None if place is None else texts[place]
    correct = _correct(targets, texts)
    if correct is None:
        # Targets that are none of the choices become references that the model could not choose.
        return [*texts, *targets], range(len(texts), len(texts) + len(targets)), chosen
    return texts, correct, chosen


def _correct(targets: Sequence[str], choices: Sequence[str]) -> list[int] | None:
    """Return the places of the choices that the targets name, by letter or by text; null if one names no choice."""
    places = [_place(target, len(choices)) for target in targets]
    if None in places:
        places = [choices.index(target) if target in choices else None for target in targets]
    return None if None in places else sorted({place for place in places if place is not None})


def _place(letter: str, n_choices: int) -> int | None:
    """Return the place of the choice that a letter names."""
    place = _PLACES.get(letter)
    if place is None:
        text = letter.strip().upper()
        place = ord(text) - ord("A") if len(text) == 1 else -1
    return place if 0 <= place < n_choices else None

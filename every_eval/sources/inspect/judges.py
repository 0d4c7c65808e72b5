"""Judgements of models in the scores of a sample: the scorer's value, with the judge's explanation.

Inspect's model-graded scorers keep the conversation with the judge in `metadata.grading` of the score. Its last message
names the model that answered. The model of the role `grader` is the judge where the conversation names none.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from every_eval.sources.inspect.evaluated_model import role_models
from every_eval.sources.inspect.evaluation import Evaluation
from every_eval.sources.inspect.public_texts import public_name
from every_eval.sources.inspect.records import Score
from every_eval.sources.inspect.sample_row import NONE
from every_eval.sources.inspect.statistics.values import elements, published_number
from every_eval.sources.judgement import Judgement

_MODEL_GRADED: Final = "model_graded"
"""Beginning of the names of Inspect's model-graded scorers."""
_GRADER: Final = "grader"
_GRADING: Final = b'"grading"'


def judgements_of(scores: Mapping[str, Score], evaluation: Evaluation) -> Iterator[Judgement]:
    """Return the judgements in the scores of a sample."""
    for scorer, score in scores.items():
        grading = _grading(score)
        if grading is None and not scorer.startswith(_MODEL_GRADED):
            continue
        judge = _answering_model(grading) or role_models(evaluation.header.eval).get(_GRADER)
        text = score.explanation if isinstance(score.explanation, str) and evaluation.messages != NONE else None
        for key, value in elements(score.value).items():
            number = published_number(value, is_element=key is not None)
            is_finite = number is not None and abs(number) != float("inf")
            yield Judgement(scorer, judge, key or scorer, number if is_finite else None, text)


def _grading(score: Score) -> Any:  # noqa: ANN401 - any JSON value
    raw = bytes(score.metadata)
    metadata = msgspec.json.decode(raw) if _GRADING in raw else None
    return metadata.get("grading") if isinstance(metadata, dict) else None


def _answering_model(grading: Any) -> str | None:  # noqa: ANN401 - any JSON value
    stated = grading if isinstance(grading, list) else []
    # Several judges have a conversation each.
    messages = [message for item in stated for message in (item if isinstance(item, list) else [item])]
    names = [message.get("model") for message in messages if isinstance(message, dict)]
    return next((public_name(name) for name in reversed(names) if isinstance(name, str)), None)

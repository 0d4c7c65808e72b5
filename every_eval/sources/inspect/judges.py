"""Judgements of models in the scores of a sample: the scorer's value, with the judge's explanation.

Inspect's model-graded scorers keep the conversation with the judge in `metadata.grading` of the score. Its last message
names the model that answered. The model of the role `grader` is the judge where the conversation names none.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from every_eval.sources.inspect.evaluation import Evaluation
from every_eval.sources.inspect.log_file import Log
from every_eval.sources.inspect.log_json import restore
from every_eval.sources.inspect.public_texts import public_name
from every_eval.sources.inspect.records import SampleScores, Score
from every_eval.sources.inspect.sample_texts import NONE
from every_eval.sources.inspect.sample_values import scores_of
from every_eval.sources.inspect.statistics.values import elements, published_number
from every_eval.sources.judgement import Judgement
from every_eval.sources.source import Reject

_MODEL_GRADED: Final = "model_graded"
"""Beginning of the names of Inspect's model-graded scorers."""
_GRADER: Final = "grader"
_GRADING: Final = b'"grading"'


class _Metadata(msgspec.Struct):
    """Metadata of a score, as far as judgements need them."""

    grading: Any = None


def may_be_judged(evaluation: Evaluation) -> bool:
    """Tell whether a log's header names a model that can be a judge of its samples."""
    header = evaluation.header
    usage = header.stats.get("model_usage") if isinstance(header.stats, dict) else None
    others = set(usage if isinstance(usage, dict) else ()) - {header.eval.model}
    is_graded = any(score.scorer.startswith(_MODEL_GRADED) for score in evaluation.scores)
    return bool(others) or is_graded or _GRADER in evaluation.roles


def judges_of_log(log: Log, evaluation: Evaluation) -> list[str]:
    """Return the judges of all samples of a log, sorted; of the samples only the scores are read."""
    found = {
        one.judge
        for _, _, sample in log.samples(SampleScores)
        if not isinstance(sample, Reject)
        for one in judgements_of(scores_of(sample, evaluation), evaluation)
    }
    return sorted(judge for judge in found if judge is not None)


def judgements_of(scores: Mapping[str, Score], evaluation: Evaluation) -> Iterator[Judgement]:
    """Return the judgements in the scores of a sample."""
    for scorer, score in scores.items():
        grading = _grading(score)
        if grading is None and not scorer.startswith(_MODEL_GRADED):
            continue
        judge = _answering_model(grading) or evaluation.roles.get(_GRADER)
        text = score.explanation if isinstance(score.explanation, str) and evaluation.messages != NONE else None
        for key, value in elements(restore(score.value)).items():
            number = published_number(value, is_element=key is not None)
            is_finite = number is not None and abs(number) != float("inf")
            yield Judgement(scorer, judge, key or scorer, number if is_finite else None, text)


def _grading(score: Score) -> Any:  # noqa: ANN401 - any JSON value
    raw = bytes(score.metadata)
    if _GRADING not in raw or raw[:1] != b"{":
        return None
    return msgspec.json.decode(raw, type=_Metadata).grading


def _answering_model(grading: Any) -> str | None:  # noqa: ANN401 - any JSON value
    stated = grading if isinstance(grading, list) else []
    # Several judges have a conversation each.
    messages = [message for item in stated for message in (item if isinstance(item, list) else [item])]
    names = [message.get("model") for message in messages if isinstance(message, dict)]
    return next((public_name(name) for name in reversed(names) if isinstance(name, str)), None)

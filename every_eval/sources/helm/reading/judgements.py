"""The rows of `judgements`: the scores in HELM's annotations of outputs.

Each annotator of HELM writes an object of its own shape (`benchmark/annotation`). Three shapes hold the scores of
several judges: `{judge}_score` beside `{judge}_reasoning`, `{judge}_equivalence_judgement` beside
`{judge}_justification`, and, of juries, an object per judge with an object per criterion. Every other number is the
score of an unnamed judge.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, Self

import msgspec
import pyarrow as pa

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.judgements import JUDGEMENTS
from every_eval.sources.columns import build_table
from every_eval.sources.helm.reading.keys import Keys
from every_eval.sources.helm.reading.run_context import RunContext
from every_eval.sources.judgement import Judgement

_FAMILIES: Final = re.compile(
    r"(gpt|llama|claude|gemini|gemma|mistral|mixtral|qwen|deepseek|palm|command|grok|nova|phi|prometheus)[^_]*"
)
"""Names that HELM's annotators give to judges, which are families of models."""
_SCORE: Final = re.compile(r"(?:(?P<judge>.+?)_)?(?P<criterion>score|equivalence_judgement)")
"""Names of scores, which may be null."""
_EXPLANATIONS: Final = ("explanation", "reasoning", "justification", "strengths", "weaknesses")
_OF_A_JUDGE: Final = (*_EXPLANATIONS, "student_final_answer", "response_text")
"""Endings of the names of texts beside a judge's score."""
_EMPTY_OUTPUT: Final = "empty_output"
"""Stands in place of a judge where the output is empty and no judge was asked."""


def find_judgements(annotations: str | None) -> list[Judgement]:
    """Return the scores in an output's annotations, which are JSON, in their order."""
    found = msgspec.json.decode(annotations) if annotations else None
    if not isinstance(found, dict):
        return []
    return [Judgement(name, *score) for name, value in found.items() for score in _find(name, value)]


Found = tuple[str | None, str, float | None, str | None]
"""Judge, criterion, score and explanation."""


def _find(annotator: str, value: object) -> Iterator[Found]:
    if not isinstance(value, dict):
        yield from _walk(value, None, (annotator,), {})
        return
    for name, part in value.items():
        if isinstance(part, dict) and any(isinstance(each, dict) for each in part.values()):
            yield from _walk(part, name, (), {})
        elif isinstance(part, dict | list):
            yield from _walk(part, None, (name,), {})
        else:
            yield from _of_name(name, part, value)


def _of_name(name: str, value: object, beside: Mapping[str, Any]) -> Iterator[Found]:
    """Yield the score under a name that may begin with the judge."""
    judge, criterion = _split(name, beside)
    score = _number(value)
    if score is None and not (_SCORE.fullmatch(criterion) and (value is None or isinstance(value, str))):
        return
    is_empty = judge == _EMPTY_OUTPUT
    explanation = "The output is empty, so no judge was asked." if is_empty else _explanation(judge, beside)
    yield None if is_empty else judge, criterion, score, explanation


def _split(name: str, beside: Mapping[str, Any]) -> tuple[str | None, str]:
    """Return the judge and the criterion in the name of a score."""
    for end in (place for place, letter in enumerate(name) if letter == "_"):
        judge, criterion = name[:end], name[end + 1 :]
        is_judge = _FAMILIES.fullmatch(judge) or any(f"{judge}_{text}" in beside for text in _OF_A_JUDGE)
        if judge == _EMPTY_OUTPUT or (is_judge and criterion not in _OF_A_JUDGE):
            return judge, criterion
    return None, name


def _walk(value: object, judge: str | None, path: tuple[str, ...], beside: Mapping[str, Any]) -> Iterator[Found]:
    """Yield every number below a value; its criterion is the path to the number."""
    if isinstance(value, dict):
        for name, part in value.items():
            yield from _walk(part, judge, (*path, name), value)
    elif isinstance(value, list):
        for place, part in enumerate(value):
            yield from _walk(part, judge, (*path, str(place)), {})
    else:
        score, is_score = _number(value), path[-1:] == ("score",)
        if score is not None or is_score:
            criterion = path[:-1] if is_score and len(path) > 1 else path
            yield judge, ".".join(criterion), score, _explanation(None, beside)


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _explanation(judge: str | None, beside: Mapping[str, Any]) -> str | None:
    """Return the text beside a score; several texts are JSON by their names."""
    prefix = f"{judge}_" if judge else ""
    texts = {name: beside.get(prefix + name) for name in _EXPLANATIONS}
    known = {name: text for name, text in texts.items() if isinstance(text, str)}
    return canonical_json(known) if len(known) > 1 else next(iter(known.values()), None)


class Panel:
    """The judges of a run, and the outputs that no judge gave a score."""

    def __init__(self) -> None:
        """Start without judges."""
        self.judges: set[str] = set()
        """Names of the judges as the annotations write them."""
        self._criteria: set[str] = set()
        self._scored: list[frozenset[str]] = []

    @classmethod
    def of(cls, annotations: pa.Array) -> Self:
        """Return the panel of outputs with these annotations, null for an output without annotations."""
        panel = cls()
        for text in annotations.drop_null().to_pylist():
            found = find_judgements(text)
            panel.judges |= {each.judge for each in found if each.judge is not None}
            panel._criteria |= {each.criterion for each in found if each.judge is not None}
            panel._scored.append(frozenset(each.criterion for each in found if each.score is not None))
        return panel

    @classmethod
    def join(cls, panels: Iterable[Self]) -> Self:
        """Return the panel of the outputs of all panels."""
        joined = cls()
        for panel in panels:
            joined.judges |= panel.judges
            joined._criteria |= panel._criteria
            joined._scored += panel._scored
        return joined

    @property
    def n_unjudged(self) -> int | None:
        """Number of annotated outputs without a score by a criterion of the judges; null if the run has no judges."""
        return sum(not scored & self._criteria for scored in self._scored) if self.judges else None


def judgement_rows(context: RunContext, keys: Keys, occurrences: Sequence[int], annotations: pa.Array) -> pa.Table:
    """Return the rows of `judgements` of some outputs."""
    if annotations.null_count == len(annotations):
        return JUDGEMENTS.schema.empty_table()
    found = [(row, each) for row, text in enumerate(annotations.to_pylist()) for each in find_judgements(text)]
    rows = [row for row, _ in found]
    columns: dict[str, Sequence[Any]] = {
        name: [values[row] for row in rows]
        for name, values in {
            "instance_id": keys.ids,
            "perturbation": keys.perturbations,
            "perturbation_name": keys.perturbation_names,
            "train_trial_index": keys.trials,
            "reference_index": keys.reference_indices,
            "occurrence": occurrences,
        }.items()
    }
    columns |= {name: [getattr(each, name) for _, each in found] for name in Judgement._fields}
    return build_table(JUDGEMENTS, len(rows), columns, context.constants)

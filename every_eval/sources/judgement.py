"""A judgement, before it is a row of the table `judgements`."""

from typing import NamedTuple


class Judgement(NamedTuple):
    """What a judge said of one output by one criterion; the fields are the columns of the table `judgements`."""

    annotator: str
    judge: str | None
    criterion: str
    score: float | None
    explanation: str | None

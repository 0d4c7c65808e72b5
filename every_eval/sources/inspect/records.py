"""Records of an Inspect log: the header, and the samples without what no row needs.

Only fields that decide what a row is have a type; of all other fields, an odd value costs that field alone.
`events`, `store` and `attachments` are never read: they can be a thousand times as large as the rest.
"""

import math
from typing import Annotated, Any, Final, Self, TypeGuard

import msgspec
from msgspec import Meta, Struct

SUCCESS: Final = "success"
STARTED: Final = "started"
"""Status of a log that is still being written, or whose process was killed."""
LARGEST_EPOCH: Final = 2**31 - 1


class Dataset(Struct):
    """The dataset of an evaluation."""

    name: Any = None
    location: Any = None
    samples: Any = None
    shuffled: Any = None


class EvalSpec(Struct):
    """What was evaluated: the field `eval` of a log."""

    task: str
    model: str
    created: str = ""
    """Start of the evaluation, in ISO 8601."""
    task_id: str = ""
    """Identifier that all retries of an evaluation share."""
    run_id: str = ""
    eval_id: str | None = None
    """Identifier of this execution; absent in old logs."""
    task_version: Any = None
    task_args: Any = None
    solver: Any = None
    solver_args: Any = None
    dataset: Dataset | None = None
    model_generate_config: Any = None
    model_args: Any = None
    model_roles: Any = None
    config: Any = None
    packages: Any = None
    revision: Any = None
    scorers: Any = None
    task_file: Any = None
    model_base_url: Any = None
    sandbox: Any = None
    metadata: Any = None
    tags: Any = None

    @property
    def execution(self) -> str:
        """Identifier of this execution; for old logs, which state none, made in the way in which Inspect makes it."""
        return self.eval_id or f"{self.run_id}{self.task_id}{self.created}"

    @property
    def inspect_version(self) -> str:
        """Version of Inspect that wrote the log; the field `version` of a log is 2 in every version."""
        stated = self.packages.get("inspect_ai") if isinstance(self.packages, dict) else None
        return f"inspect_ai {stated}" if isinstance(stated, str) else "version of inspect_ai not stated"


class Headline(Struct):
    """The number that Inspect shows for an evaluation."""

    scorer: str
    score: str
    metric: str
    reducer: str | None = None


class ReportedMetric(Struct):
    """A metric as Inspect reports it."""

    name: str
    value: Any = None
    group: Any = None
    """Function that returned the metric among others."""
    params: Any = None
    options: Any = None
    """Name of `params` up to 0.3.46."""


class ReportedScore(Struct):
    """Metrics of one score and one reducer."""

    name: str
    metrics: dict[str, ReportedMetric]
    """Metrics by the name that is unique within the score."""
    scorer: str = ""
    reducer: str | None = None
    params: Any = None
    scored_samples: Any = None
    unscored_samples: Any = None


class Results(Struct):
    """Numbers that Inspect reports."""

    scores: list[ReportedScore] = []
    total_samples: Any = None
    completed_samples: Any = None
    headline: Headline | None = None


class Header(Struct):
    """A log without its samples."""

    eval: EvalSpec
    status: str = STARTED
    plan: Any = None
    results: Results | None = None
    stats: Any = None
    error: Any = None
    invalidated: bool | None = None
    written: dict[str, Any] = {}
    """The fields as written, where NaN is a number."""

    @classmethod
    def of(cls, written: dict[str, Any]) -> Self:
        """Convert a decoded header.

        Raises:
            msgspec.ValidationError: A field has another shape.
        """
        header = msgspec.convert(written, cls)
        header.written = written
        return header

    @property
    def is_success(self) -> bool:
        """True if the evaluation came to its end."""
        return self.status == SUCCESS


class Score(Struct):
    """What a scorer says of a sample."""

    value: Any = None
    """Value as decoded: `restore` turns it into one in which NaN is a number."""
    answer: Any = None
    explanation: Any = None
    metadata: msgspec.Raw = msgspec.Raw(b"null")
    reason: Any = None
    """Why the sample is unscored, or scored without an answer."""


class SampleScores(Struct):
    """The part of a sample that its scores are in, read alone where nothing else is needed."""

    id: int | str
    epoch: Annotated[int, Meta(ge=1, le=LARGEST_EPOCH)]
    scores: dict[str, Score] | None = None
    score: Score | None = None
    """The only score, in the oldest logs."""


class Sample(SampleScores):
    """A sample as the model answered it in one epoch, with its scores."""

    input: Any = None
    choices: Any = None
    target: Any = None
    output: Any = None
    metadata: Any = None
    model_usage: Any = None
    total_time: Any = None
    working_time: Any = None
    uuid: Any = None
    error: Any = None
    error_retries: Any = None
    limit: Any = None
    invalidation: Any = None
    turn_count: Any = None

    @property
    def instance_id(self) -> str:
        """Identifier of the sample within its dataset; Inspect treats 1 and "1" as the same."""
        return str(self.id)


class SampleWithMessages(Sample):
    """A sample with all messages of its conversation."""

    messages: Any = None
    message_refs: Any = None
    """Ranges of the messages in a chunked sample."""


def is_count(value: Any) -> TypeGuard[int]:  # noqa: ANN401 - any JSON value
    """Tell whether a value is a whole number from 0 that a column of whole numbers holds."""
    return type(value) is int and 0 <= value < 1 << 63


def is_number(value: Any) -> TypeGuard[int | float]:  # noqa: ANN401 - any JSON value
    """Tell whether a value is a number that a column of floats holds."""
    return (type(value) is float and math.isfinite(value)) or (type(value) is int and abs(value) < 1 << 1023)

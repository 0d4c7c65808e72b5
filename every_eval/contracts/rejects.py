"""rejects: files and rows that could not be read, each with the reason."""

from enum import StrEnum

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.table import Column, Table


class Reason(StrEnum):
    """Reason why a file, or a part of a file, could not be read."""

    UNSAFE_NAME = "unsafe_name"
    """The run's name is not the name of a single folder, or cannot be written in UTF-8."""
    RUN_MISSING = "run_missing"
    """An index names a run that has no files."""
    FILE_MISSING = "file_missing"
    """A run lacks a file that it should have."""
    NOT_JSON = "not_json"
    """A file is empty, cut off, nested too deeply, or not JSON."""
    UNEXPECTED_SHAPE = "unexpected_shape"
    """A value does not have the type that the format prescribes; the list element with the value is left out."""
    INSTANCE_MISSING = "instance_missing"
    """A prediction refers to an instance that the run does not have."""
    REQUEST_MISSING = "request_missing"
    """A prediction has no request, or more than one request could be its own; its row is published without a prompt."""
    DOUBLED_INSTANCE = "doubled_instance"
    """Two entries have the same key; the first entry is published."""
    DOUBLED_METRIC = "doubled_metric"
    """Two metrics have the same key; the first metric is published."""
    DOUBLED_STATISTIC = "doubled_statistic"
    """A statistic is reported twice; the first number is published."""
    ROWS_MISSING = "rows_missing"
    """A file lacks rows that the run's other files have or count."""
    OTHER_RUN = "other_run"
    """The specification in a run's folder names another run."""
    NOT_FINITE = "not_finite"
    """A number is NaN, infinite or beyond 1e150; its row is published with null in its place."""


REJECTS = Table(
    name="rejects",
    doc="One row per file, or part of a file, that could not be read, with its place and the reason.",
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        shared.SUITE,
        shared.RUN,
        Column(
            "file",
            pa.string(),
            "Name of the file within the run's folder.",
            null_when="the reason concerns the run as a whole",
            repeats=True,
        ),
        Column(
            "place",
            pa.string(),
            "Place in the file: a path from its root ($) through positions in lists and names in objects.",
            null_when="the reason concerns the file as a whole",
        ),
        Column("reason", pa.string(), "Reason, by kind: " + ", ".join(Reason) + ".", repeats=True),
        Column("detail", pa.string(), "Description of what was found in the file."),
    ),
    key=(),
)

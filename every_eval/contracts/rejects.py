"""rejects: what could not be read, and why."""

from enum import StrEnum

import pyarrow as pa

from every_eval.contracts import identity as shared
from every_eval.contracts.table import Column, Table


class Reason(StrEnum):
    """Why something could not be read."""

    UNSAFE_NAME = "unsafe_name"
    """A run's name is not that of a single folder, or cannot be written in UTF-8."""
    RUN_MISSING = "run_missing"
    """An index names a run that has no files."""
    FILE_MISSING = "file_missing"
    """A run lacks a file that it should have."""
    NOT_JSON = "not_json"
    """A file is empty, cut off, nested too deep, or not JSON."""
    UNEXPECTED_SHAPE = "unexpected_shape"
    """A value is not of the type that its format prescribes; what is left out is its element of the file's list."""
    INSTANCE_MISSING = "instance_missing"
    """A prediction refers to an instance that the run does not have."""
    REQUEST_MISSING = "request_missing"
    """A prediction has no request, or not certainly one of its own; its row is published without a prompt."""
    DOUBLED_INSTANCE = "doubled_instance"
    """An instance stands twice under one key; the first one is published."""
    DOUBLED_METRIC = "doubled_metric"
    """A metric stands twice under one key; the first one is published."""
    DOUBLED_STATISTIC = "doubled_statistic"
    """A statistic is reported twice; the first one is published."""
    NOT_FINITE = "not_finite"
    """A number is NaN or infinite; its row is published with null in its place."""


REJECTS = Table(
    name="rejects",
    doc="One row per thing that could not be read, with its place and the reason.",
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        shared.SUITE,
        shared.RUN,
        Column("file", pa.string(), "File of the run.", null_when="the run as a whole is concerned", repeats=True),
        Column(
            "place",
            pa.string(),
            "Place in the file, as a path from its root ($) through list positions and names.",
            null_when="the file as a whole is concerned",
        ),
        Column("reason", pa.string(), "Kind of reason: " + ", ".join(Reason) + ".", repeats=True),
        Column("detail", pa.string(), "What was found, in words."),
    ),
    key=(),
)

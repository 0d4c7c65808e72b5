"""catalog: every known run of a benchmark, and the shard that holds the run's rows."""

from enum import StrEnum

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.table import Column, Table


class State(StrEnum):
    """Whether the source still has a run."""

    PRESENT = "present"
    WITHDRAWN = "withdrawn"


INPUTS = pa.list_(
    pa.field(
        "element",
        pa.struct(
            [
                pa.field("name", pa.string(), nullable=False),
                pa.field("size", pa.int64()),
                pa.field("md5", pa.string(), nullable=True),
                pa.field("witness", pa.string(), nullable=False),
            ]
        ),
        nullable=False,
    )
)

FACTS = pa.list_(
    pa.field(
        "element",
        pa.struct([pa.field("name", pa.string(), nullable=False), pa.field("value", pa.string(), nullable=False)]),
        nullable=False,
    )
)

CATALOG = Table(
    name="catalog",
    doc="One row per known run, with its input files and the shard that holds its rows.",
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        shared.SUITE,
        shared.RUN,
        Column("releases", shared.TEXTS, "Releases that show the run, oldest first."),
        shared.optional(
            shared.SHARD, "the run has no shard yet, because the job's options limit the number of new runs"
        ),
        Column(
            "state",
            pa.string(),
            "present: the source has the run; withdrawn: the source has removed the run, and its rows stay published.",
            repeats=True,
        ),
        Column("n_bytes", pa.int64(), "Total size of the run's input files.", unit="bytes", minimum=0),
        Column(
            "inputs",
            INPUTS,
            "Input files of the run: name within the run's folder, size in bytes (null if the storage does not state "
            "the size), MD5 (null until the file is read), and the storage's witness (checksum, generation, ETag or "
            "time): a file whose witness is unchanged is not read again.",
        ),
        Column(
            "facts",
            FACTS,
            "Facts about the run that the benchmark's index states and the run's rows need, such as the main metrics.",
        ),
        Column("folder", pa.string(), "Folder of the run's files, relative to the storage's root."),
        Column(
            "problem",
            pa.string(),
            "Reason why the run cannot be read, if its name alone shows the reason.",
            "the run can be read",
        ),
    ),
    key=("source", "benchmark", "suite", "run"),
)

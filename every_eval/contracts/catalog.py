"""catalog: every run known of a benchmark, and the shard that holds it."""

from enum import StrEnum

import pyarrow as pa

from every_eval.contracts import identity as shared
from every_eval.contracts.table import Column, Table


class State(StrEnum):
    """Whether a run is still upstream."""

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
    doc="One row per run known, with what it was read from and the shard that holds it.",
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        shared.SUITE,
        shared.RUN,
        Column("releases", shared.TEXTS, "Releases that show the run, oldest first."),
        shared.optional(shared.SHARD, "the run waits for a later run of the job, whose options limit new runs"),
        Column("state", pa.string(), "present, or withdrawn: gone upstream, its rows still published.", repeats=True),
        Column("n_bytes", pa.int64(), "Size of the inputs together.", unit="bytes", minimum=0),
        Column(
            "inputs",
            INPUTS,
            "Files that the rows are made from: name within the run's folder, size in bytes (null where unstated), MD5 "
            "(null until it is read), and the storage's witness, which spares reading a file again.",
        ),
        Column(
            "facts",
            FACTS,
            "What the benchmark's index says of the run and its rows carry, such as its main metrics.",
        ),
        Column("folder", pa.string(), "Folder of the run, from the storage's root."),
        Column("problem", pa.string(), "Why the run cannot be read, known from its name alone.", "it can be read"),
    ),
    key=("source", "benchmark", "suite", "run"),
)

"""index_files: the source's index files as discovery read them last, so that unchanged files are not fetched again."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.table import Column, Table

INDEX_FILES = Table(
    name="index_files",
    doc="One row per index file of the source, such as HELM's summaries and group tables, as discovery read it last.",
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        Column("file", pa.string(), "Path of the file from the root of the results."),
        Column("witness", pa.string(), "What the storage said of the file without reading it, such as its checksum."),
        Column("content", pa.binary(), "Content of the file."),
    ),
    key=("file",),
    rows_per_group=64,
)

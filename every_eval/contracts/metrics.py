"""metrics: every metric of every sample, long."""

import pyarrow as pa

from every_eval.contracts import identity as shared
from every_eval.contracts.table import Column, Table

UNKNOWN = "count is 0, not a finite number, or only the sum is known, as of a log-likelihood over words"

METRICS = Table(
    name="metrics",
    doc="One row per metric of a sample, as the source wrote it, metrics of count 0 included.",
    columns=(
        shared.BENCHMARK,
        shared.SUITE,
        shared.RUN,
        *shared.SAMPLE_KEY,
        shared.METRIC_NAME,
        shared.SPLIT,
        shared.SUB_SPLIT,
        Column("count", pa.int64(), "Number of values that were added up.", minimum=0),
        Column("sum", pa.float64(), "Sum of the values.", null_when="not a finite number"),
        Column("min", pa.float64(), "Smallest value.", null_when=UNKNOWN),
        Column("max", pa.float64(), "Largest value.", null_when=UNKNOWN),
        Column("value", pa.float64(), "sum / count.", null_when="count is 0, or sum is not a finite number"),
    ),
    key=(*shared.SAMPLE_IDENTITY, "metric_name", "split", "sub_split"),
)

"""metrics: every metric of every sample, one row each."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.table import Column, Table

UNKNOWN = (
    "count is 0, the number is not finite, or the source states only the sum, as for a log-likelihood over several "
    "words"
)

METRICS = Table(
    name="metrics",
    doc="One row per metric of a sample, as the source wrote it, including metrics with a count of 0.",
    columns=(
        shared.BENCHMARK,
        shared.SUITE,
        shared.RUN,
        *shared.SAMPLE_KEY,
        shared.METRIC_NAME,
        shared.SPLIT,
        shared.SUB_SPLIT,
        Column("count", pa.int64(), "Number of values that the sum adds up.", minimum=0),
        Column("sum", pa.float64(), "Sum of the values.", null_when="the sum is not a finite number"),
        Column("min", pa.float64(), "Smallest value.", null_when=UNKNOWN),
        Column("max", pa.float64(), "Largest value.", null_when=UNKNOWN),
        Column(
            "value",
            pa.float64(),
            "Mean of the values: sum / count.",
            null_when="count is 0, or the sum is not a finite number",
        ),
    ),
    key=(*shared.SAMPLE_IDENTITY, "metric_name", "split", "sub_split"),
)

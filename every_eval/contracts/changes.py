"""changes: what differs between two releases for a model, on the same items."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.paired_columns import interval
from every_eval.contracts.table import Column, Table

NOT_COMPARED = "not_compared_because is not null"

CHANGES = Table(
    name="changes",
    doc=(
        "One row per release, model, variant and main metric of which the release shows another run than the release "
        "before: the difference of the two runs on the items that both have. A run that both releases show has no row, "
        "as nothing changed. If the difference says nothing of the model, because the judges, the metric or all items "
        "are others, the row says so."
    ),
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        Column("release", pa.string(), "The later release.", repeats=True),
        Column("previous_release", pa.string(), "The release before.", repeats=True),
        shared.MODEL_NAME,
        shared.MODEL_DEPLOYMENT,
        shared.DATASET_NAME,
        shared.TASK,
        shared.VARIANT,
        shared.METRIC_NAME,
        shared.SPLIT,
        shared.SUB_SPLIT,
        Column("suite", pa.string(), "Suite of the run that the later release shows.", repeats=True),
        Column("run", pa.string(), "Name of that run.", repeats=True),
        Column("previous_suite", pa.string(), "Suite of the run that the release before shows.", repeats=True),
        Column("previous_run", pa.string(), "Name of that run.", repeats=True),
        Column(
            "lower_is_better",
            pa.bool_(),
            "Direction of the metric: true if a lower value is better.",
            "the later release's schema states no direction",
            repeats=True,
        ),
        Column("n_items", pa.int64(), "Number of items with a value in the later run.", minimum=0),
        Column("previous_n_items", pa.int64(), "Number of items with a value in the earlier run.", minimum=0),
        Column("n", pa.int64(), "Number of items with a value in both runs.", minimum=0),
        Column("mean", pa.float64(), "Mean value of the later run on the n common items.", NOT_COMPARED),
        Column("previous_mean", pa.float64(), "Mean value of the earlier run on the n common items.", NOT_COMPARED),
        Column("difference", pa.float64(), "mean - previous_mean, in the unit of the metric.", NOT_COMPARED),
        *interval(NOT_COMPARED),
        Column(
            "not_compared_because",
            pa.string(),
            "Reason why the runs are not compared: other judges, another main metric, or no item in common.",
            "the runs are compared",
            repeats=True,
        ),
    ),
    key=(
        "source",
        "benchmark",
        "release",
        "suite",
        "run",
        "previous_suite",
        "previous_run",
        "metric_name",
        "split",
        "sub_split",
    ),
)

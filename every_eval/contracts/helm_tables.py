"""helm_tables: HELM's group tables as data, ours beside the published ones."""

import pyarrow as pa

from every_eval.contracts import identity as shared
from every_eval.contracts.table import Column, Table

PUBLISHED_CELL = pa.struct(
    [
        pa.field("group", pa.string(), nullable=False),
        pa.field("table_index", pa.int32(), nullable=False),
        pa.field("table_name", pa.string()),
        pa.field("table_title", pa.string(), nullable=False),
        pa.field("row_index", pa.int32(), nullable=False),
        pa.field("column_index", pa.int32(), nullable=False),
        pa.field("row_label", pa.string()),
        pa.field("column", pa.string(), nullable=False),
        pa.field("column_title", pa.string()),
        pa.field("lower_is_better", pa.bool_()),
        pa.field("metric", pa.string()),
        pa.field("run_group", pa.string()),
        pa.field("perturbation", pa.string()),
        pa.field("value", pa.float64()),
        pa.field("text", pa.string()),
        pa.field("run_spec_names", shared.TEXTS),
        pa.field("contamination_level", pa.string()),
    ]
)
"""A cell of a published group table, as HELM's file has it: `column` is the header's text and `column_title` the name
that its description begins with; `metric`, `run_group` and `perturbation` are display names; a cell holds a `value`, a
`text`, or nothing."""

OF_AGGREGATE = "the column sums up others, as a win rate does, or is not identified"
BY_HELMS_RULE = "undefined by HELM's rules, or the cell was not recomputed"

HELM_TABLES = Table(
    name="helm_tables",
    doc="Every cell of HELM's group tables, recomputed by HELM's rules beside the value that HELM published.",
    columns=(
        shared.BENCHMARK,
        shared.RELEASE,
        Column("group", pa.string(), "Run group that the tables are about: the name of HELM's file.", repeats=True),
        Column("table_index", pa.int32(), "Table within the group, from 0.", minimum=0),
        Column("row_index", pa.int32(), "Row within the table, from 0.", minimum=0),
        Column("column_index", pa.int32(), "Column within the table; 0 holds the rows' labels.", minimum=1),
        Column("table_name", pa.string(), "Name of the table, not always unique.", "HELM names none", repeats=True),
        Column("row_label", pa.string(), "Model and, in ablations, its adaptation.", "the cell is blank", repeats=True),
        Column("column", pa.string(), "Text of the column's header.", repeats=True),
        Column("run_group", pa.string(), "Group whose runs the column shows.", OF_AGGREGATE, repeats=True),
        Column(
            "subgroup",
            pa.string(),
            "That group, where the table's group contains it.",
            "it is itself the group, or " + OF_AGGREGATE,
            repeats=True,
        ),
        shared.optional(shared.MODEL_NAME, "not stated, or the row is not identified"),
        shared.optional(shared.MODEL_DEPLOYMENT, "not stated, as before HELM 0.4.0, or the row is not identified"),
        shared.optional(shared.METRIC_NAME, OF_AGGREGATE),
        shared.optional(shared.SPLIT, OF_AGGREGATE),
        shared.optional(shared.PERTURBATION_NAME, "the column is over original texts, or " + OF_AGGREGATE),
        Column("value", pa.float64(), "Ours: by HELM's rules, in HELM's order of addition.", BY_HELMS_RULE),
        Column("is_published", pa.bool_(), "Whether HELM's file has the cell."),
        Column("published_value", pa.float64(), "HELM's.", "HELM's file lacks the cell, or has it blank or not finite"),
        Column(
            "n_runs",
            pa.int32(),
            "Runs pooled; one that HELM counts twice counts twice.",
            "not a pooled statistic, or not recomputed",
            minimum=0,
        ),
        Column(
            "n_trials",
            pa.int64(),
            "Trials pooled: the weight of the cell.",
            "not a pooled statistic, or not recomputed",
            minimum=0,
        ),
        Column(
            "is_recomputed",
            pa.bool_(),
            "Whether ours stands: what the cell shows could be identified, and every run of the release is ingested.",
        ),
    ),
    key=("benchmark", "release", "group", "table_index", "row_index", "column_index"),
)

"""helm_tables: HELM's group tables as data, with our recomputed value beside the published value."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
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
"""A cell of a group table as HELM's file has it. `column` is the text of the header, and `column_title` is the name at
the beginning of the header's description. `metric`, `run_group` and `perturbation` are display names. A cell holds a
`value`, a `text`, or nothing."""

OF_AGGREGATE = "the column aggregates other columns, as a win rate does, or the column could not be identified"
BY_HELMS_RULE = "HELM's rules leave the value undefined, or the cell was not recomputed"
NOT_POOLED = "the cell is not a pooled statistic, or the cell was not recomputed"

HELM_TABLES = Table(
    name="helm_tables",
    doc=(
        "One row per cell of HELM's group tables: the value that HELM published, and the value that we recomputed by "
        "HELM's rules from single outputs."
    ),
    columns=(
        shared.BENCHMARK,
        shared.RELEASE,
        Column("group", pa.string(), "Run group that the tables are about: the name of HELM's file.", repeats=True),
        Column("table_index", pa.int32(), "Position of the table within the group, from 0.", minimum=0),
        Column("row_index", pa.int32(), "Position of the row within the table, from 0.", minimum=0),
        Column(
            "column_index",
            pa.int32(),
            "Position of the column within the table, from 1; column 0 holds the labels of the rows.",
            minimum=1,
        ),
        Column(
            "table_name",
            pa.string(),
            "Name of the table; several tables can have the same name.",
            "HELM gives the table no name",
            repeats=True,
        ),
        Column(
            "row_label",
            pa.string(),
            "Label of the row: the model and, in ablations, the adaptation.",
            "the label is blank",
            repeats=True,
        ),
        Column("column", pa.string(), "Text of the column's header.", repeats=True),
        Column("run_group", pa.string(), "Run group whose runs the column shows.", OF_AGGREGATE, repeats=True),
        Column(
            "subgroup",
            pa.string(),
            "Run group whose runs the column shows, if the table's group contains that run group.",
            "the column shows the table's group itself, " + OF_AGGREGATE,
            repeats=True,
        ),
        shared.optional(shared.MODEL_NAME, "HELM states no model, or the row could not be identified"),
        shared.optional(
            shared.MODEL_DEPLOYMENT,
            "HELM states no deployment, as before HELM 0.4.0, or the row could not be identified",
        ),
        shared.optional(shared.METRIC_NAME, OF_AGGREGATE),
        shared.optional(shared.SPLIT, OF_AGGREGATE),
        shared.optional(shared.PERTURBATION_NAME, "the column is about original texts, " + OF_AGGREGATE),
        Column(
            "value",
            pa.float64(),
            "Our value by HELM's rules and with HELM's order of additions, from statistics that are recomputed from "
            "single outputs wherever outputs determine them and the run is complete, else from HELM's own (see "
            "score_origin). Win rates treat values as equal where HELM's are, if ours differ from HELM's by rounding "
            "alone.",
            BY_HELMS_RULE + ", or a statistic is missing (see blank_reason)",
        ),
        Column(
            "score_origin",
            pa.string(),
            "Origin of value: outputs, if the statistics of the cell, or of all cells of its row that it aggregates, "
            "are recomputed from single outputs; reported, if at least one of them is HELM's own number.",
            "value is null",
            repeats=True,
        ),
        Column(
            "reported_value",
            pa.float64(),
            "Value by the same rules from the statistics that HELM reported.",
            BY_HELMS_RULE + ", or HELM did not report all statistics of the cell",
        ),
        Column(
            "blank_reason",
            pa.string(),
            "Reason why value is null although HELM's rules may define the cell, for example that a statistic of a run "
            "is missing: the cell is not computed from the others. Win rates are blank in every row of a table with "
            "such a cell, as they compare each row with all others.",
            "value is not null, or HELM's rules leave the cell blank",
            repeats=True,
        ),
        Column("is_published", pa.bool_(), "True if HELM's file has the cell."),
        Column(
            "published_value",
            pa.float64(),
            "Value that HELM published.",
            "HELM's file does not have the cell, or the cell is blank or not a finite number",
        ),
        Column(
            "n_runs",
            pa.int32(),
            "Number of runs that the cell pools; a run that HELM counts twice counts twice.",
            NOT_POOLED,
            minimum=0,
        ),
        Column(
            "n_trials",
            pa.int64(),
            "Number of trials that the cell pools: the cell's weight.",
            NOT_POOLED,
            minimum=0,
        ),
        Column(
            "is_recomputed",
            pa.bool_(),
            "True if value is our result: the runs of the cell were identified, all runs of the release are ingested, "
            "and no statistic is missing. Then value is compared with published_value.",
        ),
    ),
    key=("benchmark", "release", "group", "table_index", "row_index", "column_index"),
)

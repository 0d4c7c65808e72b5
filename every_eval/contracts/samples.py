"""samples: one row per scored output of a model."""

import pyarrow as pa

from every_eval.contracts import identity as shared
from every_eval.contracts.table import Column, Table

REFERENCES = pa.list_(
    pa.field(
        "element",
        pa.struct(
            [
                pa.field("text", pa.string(), nullable=False),
                pa.field("tags", shared.TEXTS, nullable=False),
            ]
        ),
        nullable=False,
    )
)

SAMPLES = Table(
    name="samples",
    doc="One row per scored output: what was asked, what was answered, and the score of the main metric.",
    columns=(
        Column(
            "evaluation_id",
            pa.string(),
            "SHA-256 of the canonical JSON of [source, benchmark, suite, run, instance_id, perturbation, "
            "train_trial_index, reference_index, occurrence], perturbation being the object itself.",
        ),
        shared.DATASET_NAME,
        Column("hf_split", pa.string(), "Split of the dataset on the Hub.", null_when="the source does not state it"),
        Column("hf_index", pa.int64(), "Row of the dataset on the Hub.", null_when="the source does not state it"),
        Column(
            "raw_input",
            pa.string(),
            "Instance's own text, without instructions or examples; for eval_harness, the document as JSON.",
        ),
        Column("ground_truth", shared.TEXTS, "Texts of all correct references; empty if there are none."),
        shared.MODEL_NAME,
        shared.MODEL_FAMILY,
        Column("output", pa.string(), "Text of the first completion.", null_when="the source kept none"),
        Column(
            "evaluation_method_name",
            pa.string(),
            "Main metric: for HELM of the run, as the schema of the newest release names it; for eval_harness of the "
            "output's filter.",
            null_when="for HELM, no release with a schema shows the run's suite, or the schema names none; for "
            "eval_harness, the filter has no metric",
            repeats=True,
        ),
        Column(
            "evaluation_score",
            pa.float64(),
            "Value of the main metric on this output, in the metric's own unit.",
            null_when="the main metric is not defined for a single output, or was not computed",
        ),
        shared.RUN,
        shared.TASK,
        shared.ADAPTER_METHOD,
        shared.SOURCE,
        Column("source_version", pa.string(), "Version of the source's results: the suite.", repeats=True),
        shared.SOURCE_URL,
        Column("license", pa.string(), "Licence of the instance.", null_when="the source does not state it"),
        Column(
            "category",
            pa.string(),
            "Category of the run's group in the schema of the newest release.",
            null_when="no release with a schema shows the run's suite",
            repeats=True,
        ),
        shared.BENCHMARK,
        shared.SUITE,
        *shared.SAMPLE_KEY[:1],
        shared.SPLIT,
        shared.SUB_SPLIT,
        *shared.SAMPLE_KEY[1:],
        Column("prompt", pa.string(), "Text as sent to the model.", null_when="the source kept none"),
        Column("references", REFERENCES, "References of the instance, in order, with their tags."),
        Column(
            "truncated_output",
            pa.string(),
            "Output without what repeats the prompt.",
            null_when="nothing was cut off",
        ),
        Column(
            "mapped_output",
            pa.string(),
            "Text of the reference that the output chose.",
            null_when="the adaptation maps no outputs, or this one maps to none",
        ),
        shared.MODEL_DEPLOYMENT,
        shared.CREATOR,
        Column(
            "responses",
            shared.TEXTS,
            "All responses of the model before any filter, in the order of requests, then of repeats; JSON where a "
            "response is no text.",
            null_when="the source keeps one output alone, as HELM does",
        ),
    ),
    key=shared.SAMPLE_IDENTITY,
    rows_per_group=16_384,
)

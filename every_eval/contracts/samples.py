"""samples: one row per scored output of a model."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.table import Column, Table

MEDIA = pa.list_(
    pa.field(
        "element",
        pa.struct(
            [
                pa.field("content_type", pa.string()),
                pa.field("location", pa.string()),
                pa.field("text", pa.string()),
            ]
        ),
        nullable=False,
    )
)

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

OUTCOME = (
    Column("answer", pa.string(), "Answer that the main scorer took from the output.", "the scorer took none"),
    Column("explanation", pa.string(), "Why the main scorer gave its score.", "the scorer gave no explanation"),
    Column("error", pa.string(), "Error that ended the evaluation of the instance.", "there was none", repeats=True),
    Column("limit", pa.string(), "Limit that ended the answer, such as token.", "there was none", repeats=True),
    Column(
        "output_model",
        pa.string(),
        "Model that answered, as the provider names it.",
        "the provider does not name the model, or not otherwise than it was called",
        repeats=True,
    ),
)
"""How the answer came about; only Inspect's logs say so."""

SAMPLES = Table(
    name="samples",
    doc="One row per scored output of a model: the question, the output, and the score by the main metric.",
    columns=(
        Column(
            "evaluation_id",
            pa.string(),
            "SHA-256 of the canonical JSON of [source, benchmark, suite, run, instance_id, perturbation, "
            "train_trial_index, reference_index, occurrence], where perturbation is the JSON object itself.",
        ),
        shared.DATASET_NAME,
        Column(
            "hf_split",
            pa.string(),
            "Split of the dataset on the Hugging Face Hub.",
            null_when="the source does not state the split",
        ),
        Column(
            "hf_index",
            pa.int64(),
            "Row number of the instance in the dataset on the Hugging Face Hub, from 0.",
            null_when="the source does not state the row",
        ),
        Column(
            "raw_input",
            pa.string(),
            "Text of the instance alone, without instructions or examples: of a chat the last message of the user, of "
            "media the texts among them; for eval_harness, the document as JSON.",
        ),
        Column(
            "ground_truth",
            shared.TEXTS,
            "Texts of all correct references, or the locations of their files; empty if there are none.",
            null_when="the source leaves doubt about which reference is correct, which is a row of rejects",
        ),
        shared.MODEL_NAME,
        shared.MODEL_FAMILY,
        Column("output", pa.string(), "Text of the model's first completion.", null_when="the source keeps no output"),
        Column(
            "evaluation_method_name",
            pa.string(),
            "Name of the main metric: for helm, the main metric of the run in the newest release's schema; for "
            "eval_harness, the main metric of the output's filter; for inspect, the headline of the log.",
            null_when="for helm, no release with a schema shows the run's suite, or the schema names no main metric; "
            "for eval_harness, the filter has no metric; for inspect, the log reports none",
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
        Column("source_version", pa.string(), "Version of the source's results: a copy of suite.", repeats=True),
        shared.SOURCE_URL,
        Column("license", pa.string(), "Licence of the instance.", null_when="the source does not state the licence"),
        Column(
            "category",
            pa.string(),
            "Category of the run's group in the newest release's schema.",
            null_when="no release with a schema shows the run's suite",
            repeats=True,
        ),
        shared.BENCHMARK,
        shared.SUITE,
        *shared.SAMPLE_KEY[:1],
        shared.SPLIT,
        shared.SUB_SPLIT,
        *shared.SAMPLE_KEY[1:],
        Column("prompt", pa.string(), "Prompt as sent to the model.", null_when="the source keeps no prompt"),
        Column("references", REFERENCES, "References of the instance with their tags, in the source's order."),
        Column(
            "truncated_output",
            pa.string(),
            "Output without the beginning that repeats the prompt.",
            null_when="the output does not repeat the prompt",
        ),
        Column(
            "mapped_output",
            pa.string(),
            "Text of the reference that the model chose.",
            null_when="outputs are not mapped to references, or this output matches none",
        ),
        shared.MODEL_DEPLOYMENT,
        shared.CREATOR,
        Column(
            "responses",
            shared.TEXTS,
            "All responses of the model before any filter, ordered by request and then by repetition; a response that "
            "is not a text is JSON.",
            null_when="the source keeps only one output, as HELM does",
        ),
        Column(
            "releases",
            shared.TEXTS,
            "Releases of the benchmark that show the run, oldest first; empty if there are none.",
            before=(),
        ),
        Column("messages", pa.string(), "Chat messages of the instance, as JSON.", null_when="the instance has none"),
        Column(
            "media",
            MEDIA,
            "Images, sounds, videos and texts of the instance, each by content type and location; never the content of "
            "the file.",
            null_when="the instance is a single text",
        ),
        Column(
            "output_media",
            MEDIA,
            "Images, sounds and videos that the model made, each by content type and location; never the content of "
            "the file.",
            null_when="the output is a text",
        ),
        Column(
            "extra_data", pa.string(), "Further data of the instance, as the source's JSON.", null_when="there is none"
        ),
        Column(
            "thinking_text", pa.string(), "Text of the model's reasoning.", null_when="the source keeps no reasoning"
        ),
        Column(
            "annotations",
            pa.string(),
            "What annotators said of the output, as JSON by the annotator's name; the scores in it are rows of "
            "judgements.",
            null_when="nobody annotated the output",
        ),
        Column(
            "is_encrypted",
            pa.bool_(),
            "True if texts of the row are placeholders for encrypted texts, so that they cannot be compared.",
            before=False,
        ),
        shared.JUDGES,
        *shared.RUN_SETTINGS,
        *OUTCOME,
    ),
    key=shared.SAMPLE_IDENTITY,
    rows_per_group=16_384,
)

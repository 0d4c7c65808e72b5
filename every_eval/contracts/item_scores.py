"""item_scores: the response matrix, which is the main metric of every run on every item."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.file_layout import COMPACT
from every_eval.contracts.table import Column, Table

_NO_RATIO = "the metric is not a ratio of two sums"

ITEM_SCORES = Table(
    name="item_scores",
    doc="One row per run, main metric and instance: the response matrix of models and items. For helm, max_prob stands "
    "beside the main metrics, for calibration.",
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        shared.SUITE,
        shared.RUN,
        shared.MODEL_NAME,
        shared.MODEL_DEPLOYMENT,
        shared.METRIC_NAME,
        shared.SPLIT,
        shared.SUB_SPLIT,
        shared.PERTURBATION,
        shared.INSTANCE_ID,
        Column(
            "item",
            pa.string(),
            "The question itself, whoever is asked and wherever it stands: the first 32 hexadecimal digits of the "
            "SHA-256 of the canonical JSON of [input, locations of media, references], where input is the column "
            "messages of samples or else raw_input, and each reference is [text, tags].",
            null_when="the question is encrypted or empty, or could not be read",
        ),
        Column(
            "cluster",
            pa.string(),
            "Group of items that depend on each other, such as the questions on one passage: the first 16 hexadecimal "
            "digits of the SHA-256 of the canonical JSON of [name, value] of the field that names the group. For "
            "Inspect, stderr(cluster=…) states the field; for lm-eval it is one of the document, such as passage_id.",
            null_when="the data names no group, as HELM's never does",
        ),
        Column(
            "value",
            pa.float64(),
            "Value of the metric on the instance, the mean over the train trials; of a ratio, the metric of the "
            "instance alone. HELM's max_prob is rounded to a multiple of 1/1024; metrics has the exact value.",
            null_when="no trial has a value, or a value is not finite",
            is_split_by_byte=True,
        ),
        Column("n_trials", pa.int32(), "Number of train trials with a value.", minimum=0, repeats=True),
        Column(
            "numerator",
            pa.float64(),
            "Value in the numerator of a ratio, the mean over the train trials: of perplexity, the sum of "
            "log-probabilities.",
            null_when=_NO_RATIO,
        ),
        Column(
            "denominator",
            pa.float64(),
            "Value in the denominator of a ratio, the mean over the train trials: of perplexity, the number of tokens.",
            null_when=_NO_RATIO,
        ),
    ),
    key=("benchmark", "suite", "run", "metric_name", "split", "sub_split", "perturbation", "instance_id"),
    rows_per_group=1 << 20,
    layout=COMPACT,
)

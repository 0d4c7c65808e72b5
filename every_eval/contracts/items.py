"""items: how hard each question is, and how well it tells strong models from weak ones."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.table import Column, Table

_NO_DIRECTION = "the release's schema states no direction of the metric"
_NO_SHARE = f"a value of the scenario is below 0 or above 1, or {_NO_DIRECTION}"
_NO_CORRELATION = (
    "fewer than three models have a value, all of them have the same value, or they do not differ on the other items"
)

ITEMS = Table(
    name="items",
    doc=(
        "One row per benchmark, variant, main metric and item: how the runs that the newest release shows do on one "
        "question. A run stands for a model in one deployment, so a model with two deployments counts twice. Runs with "
        "an unscored_reason, perturbed texts and items without any value are left out. "
        "Sort by discrimination to find questions with a wrong key: strong models get them wrong, and weak models get "
        "them right."
    ),
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        shared.RELEASE,
        shared.DATASET_NAME,
        shared.TASK,
        shared.VARIANT,
        shared.METRIC_NAME,
        shared.SPLIT,
        shared.SUB_SPLIT,
        Column(
            "item",
            pa.string(),
            "The question itself, as in the table item_scores.",
            null_when="the question is encrypted or empty, or could not be read; instance_id then tells the items of a "
            "variant apart",
        ),
        Column("n_models", pa.int64(), "Number of runs with a value on the item.", minimum=1),
        Column(
            "mean",
            pa.float64(),
            "Mean value over the runs, in the unit of the metric. A run that was asked the item several times counts "
            "with the mean of its values.",
        ),
        Column(
            "difficulty",
            pa.float64(),
            "By how much the item lowers scores: the mean, over the runs that answered it, of the run's mean over its "
            "items less its value on this item, with the opposite sign where lower is better. 0 is as hard as the "
            "variant's items on average, and higher is harder. Items that only strong models answered are not easier "
            "by that.",
            _NO_DIRECTION,
        ),
        Column(
            "discrimination",
            pa.float64(),
            "Corrected item-rest correlation: the correlation over runs between the value on the item and the mean on "
            "the variant's other items. It is near 1 where strong models are right and weak models wrong, and negative "
            "where it is the other way round.",
            _NO_CORRELATION,
            minimum=-1,
            maximum=1,
        ),
        Column(
            "discrimination_error",
            pa.float64(),
            "Standard error of discrimination, √((1 - r²) / (n_models - 2)).",
            _NO_CORRELATION,
            minimum=0,
        ),
        Column(
            "is_suspicious",
            pa.bool_(),
            "True if discrimination is below -1.96 / √(n_models - 1). If the answers to the item were unrelated to the "
            "other answers, about one item in 40 would fall so low by chance.",
            _NO_CORRELATION,
        ),
        Column("all_right", pa.bool_(), "True if every run has the best value: 1, or 0 if lower is better.", _NO_SHARE),
        Column(
            "all_wrong", pa.bool_(), "True if every run has the worst value: 0, or 1 if lower is better.", _NO_SHARE
        ),
        Column("n_right", pa.int64(), "Number of runs with the best value.", _NO_SHARE, minimum=0),
        Column("n_wrong", pa.int64(), "Number of runs with the worst value.", _NO_SHARE, minimum=0),
        Column("suite", pa.string(), "Suite of a run that answered the item: its samples hold the text.", repeats=True),
        Column("run", pa.string(), "Name of that run, the first by suite and name.", repeats=True),
        Column("shard", pa.string(), "Shard that holds the samples of that run.", repeats=True),
        Column("instance_id", pa.string(), "Identifier of the item's instance in that run."),
    ),
    key=("source", "benchmark", "release", "variant", "metric_name", "split", "sub_split", "item", "instance_id"),
)

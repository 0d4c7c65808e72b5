"""pairs: how sure the difference between two models is."""

import pyarrow as pa

from every_eval.contracts import identity as shared
from every_eval.contracts.table import Column, Table

MAIN_SCORE = "main_score"
MEAN_WIN_RATE = "mean_win_rate"
MEAN_SCORE = "mean_score"

OF_STANDINGS = "kind is not main_score"
UNKNOWN = (
    "a side was not resampled: its score, or one of those that it sums up, is of fewer than two instances or is only "
    "reported"
)


def _side(side: str) -> tuple[Column, ...]:
    return (
        Column(f"model_name_{side}", pa.string(), "Model, as creator/name.", "not stated", repeats=True),
        Column(f"model_deployment_{side}", pa.string(), "Its deployment.", "not stated", repeats=True),
        Column(f"run_{side}", pa.string(), "Its run.", OF_STANDINGS, repeats=True),
        Column(f"score_{side}", pa.float64(), "What is compared, in its own unit."),
    )


PAIRS = Table(
    name="pairs",
    doc=(
        "One row per pair of models and number that both have: the main score of each variant of the runs that the "
        "newest release shows, and what the benchmark's main table ranks by. Of a pair, the model that comes first in "
        "the order of names, deployments and runs is a. Intervals are of 95 %, percentiles of replicates that are "
        "paired: both models are resampled on the same instances, so that equal answers differ by exactly zero. They "
        "cover the draw of instances, not that of trials or prompts, and allow for one pair, not for looking at many."
    ),
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        shared.RELEASE,
        Column(
            "kind",
            pa.string(),
            f"What is compared: {MAIN_SCORE}, of a variant; {MEAN_WIN_RATE} or {MEAN_SCORE}, of the main table.",
            repeats=True,
        ),
        Column("variant", pa.string(), shared.VARIANT.doc, OF_STANDINGS, repeats=True),
        shared.optional(shared.METRIC_NAME, OF_STANDINGS),
        shared.SPLIT,
        shared.SUB_SPLIT,
        *_side("a"),
        *_side("b"),
        Column("lower_is_better", pa.bool_(), "Direction of the scores.", "the schema states none", repeats=True),
        Column("difference", pa.float64(), "score_a - score_b."),
        Column("ci_low", pa.float64(), "Lower end of the interval of the difference.", UNKNOWN),
        Column("ci_high", pa.float64(), "Upper end of the interval of the difference.", UNKNOWN),
        Column("excludes_zero", pa.bool_(), "Whether 0 lies outside the interval.", UNKNOWN),
        Column(
            "n_common",
            pa.int64(),
            "Instances on which both have a value; of the main table, columns in which both have one.",
            "the two have values on different instances, so that their replicates are paired in part alone, or nothing "
            "tells on which",
            minimum=0,
        ),
    ),
    key=(
        "source",
        "benchmark",
        "release",
        "kind",
        "variant",
        "metric_name",
        "split",
        "sub_split",
        "model_name_a",
        "model_deployment_a",
        "run_a",
        "model_name_b",
        "model_deployment_b",
        "run_b",
    ),
)

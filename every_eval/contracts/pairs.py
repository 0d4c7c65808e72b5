"""pairs: the difference between two models, with its confidence interval."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.table import Column, Table

MAIN_SCORE = "main_score"
MEAN_WIN_RATE = "mean_win_rate"
MEAN_SCORE = "mean_score"

OF_STANDINGS = "kind is not main_score"
UNKNOWN = (
    "one of the two scores has no bootstrap replicates, because the score, or a score that it aggregates, is over "
    "fewer than two instances or is only reported by the source"
)


def _side(side: str) -> tuple[Column, ...]:
    return (
        Column(
            f"model_name_{side}",
            pa.string(),
            f"Name of model {side}, as creator/name.",
            "the source states no model",
            repeats=True,
        ),
        Column(
            f"model_deployment_{side}",
            pa.string(),
            f"Deployment of model {side}.",
            "the source states no deployment",
            repeats=True,
        ),
        Column(f"run_{side}", pa.string(), f"Run of model {side}.", OF_STANDINGS, repeats=True),
        Column(f"score_{side}", pa.float64(), f"Score of model {side}, in the unit of the metric."),
    )


PAIRS = Table(
    name="pairs",
    doc=(
        "One row per pair of models and score that both models have: the main score of each variant among the runs "
        "that the newest release shows, and the number that the benchmark's main table ranks by. Model a is the model "
        "that comes first by name, deployment and run. The 95 % confidence intervals are percentiles of paired "
        "bootstrap replicates: both models are resampled on the same instances, so that equal outputs have a "
        "difference of exactly zero. Runs with an unscored_reason, of which rows are missing or values are not finite, "
        "are left out. The intervals cover the choice of instances, not the choice of trials or prompts. They hold for "
        "one pair at a time and are not corrected for multiple comparisons."
    ),
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        shared.RELEASE,
        Column(
            "kind",
            pa.string(),
            f"Kind of score that is compared: {MAIN_SCORE} of a variant, or {MEAN_WIN_RATE} or {MEAN_SCORE} of the "
            "main table.",
            repeats=True,
        ),
        Column("variant", pa.string(), shared.VARIANT.doc, OF_STANDINGS, repeats=True),
        shared.optional(shared.METRIC_NAME, OF_STANDINGS),
        shared.SPLIT,
        shared.SUB_SPLIT,
        *_side("a"),
        *_side("b"),
        Column(
            "lower_is_better",
            pa.bool_(),
            "Direction of the scores: true if a lower score is better.",
            "the release's schema states no direction",
            repeats=True,
        ),
        Column("difference", pa.float64(), "Difference of the scores: score_a - score_b."),
        Column("ci_low", pa.float64(), "Lower end of the 95 % confidence interval of difference.", UNKNOWN),
        Column("ci_high", pa.float64(), "Upper end of the 95 % confidence interval of difference.", UNKNOWN),
        Column("excludes_zero", pa.bool_(), "True if the confidence interval of difference excludes 0.", UNKNOWN),
        Column(
            "n_common",
            pa.int64(),
            "Number of instances on which both models have a value; if the main table is compared, number of columns "
            "in which both models have a score.",
            "the models have values on different instances, so that only a part of the replicates is paired, or the "
            "instances are unknown",
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

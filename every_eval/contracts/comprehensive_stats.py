"""comprehensive_stats: every statistic of every run that the newest releases show."""

import pyarrow as pa

from every_eval.contracts import identity as shared
from every_eval.contracts.stats import STATISTIC_KEY, UNDERIVED, UNREPORTED
from every_eval.contracts.table import Column, Table

CLOCK = (
    Column(
        "processed_at", pa.timestamp("s", tz="UTC"), "When the newest commit of the data repo that is folded was made."
    ),
    Column("comprehensive_stats_generated_at", pa.timestamp("s", tz="UTC"), "When this file was made."),
    Column(
        "data_freshness_hours",
        pa.float64(),
        "From processed_at to comprehensive_stats_generated_at.",
        unit="hours",
    ),
)
"""Columns that hold one moment per file; all others follow from the data alone."""

PIPELINE_STAGE = "comprehensive_statistics"

TOO_FEW = "fewer than two instances have a value, or no metric of single outputs determines the statistic"
NO_INTERVAL = "mean_score is null or only reported, or is of a single instance whose value is neither 0 nor 1"

COMPREHENSIVE_STATS = Table(
    name="comprehensive_stats",
    doc=(
        "One row per run that the newest release of its benchmark shows, in its latest suite, and statistic. "
        "Scores are over instances, trials averaged within an instance."
    ),
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        shared.RELEASE,
        shared.RUN,
        *STATISTIC_KEY,
        shared.DATASET_NAME,
        shared.TASK,
        shared.VARIANT,
        shared.GROUPS,
        shared.MODEL_NAME,
        shared.MODEL_FAMILY,
        shared.MODEL_DEPLOYMENT,
        shared.ADAPTER_METHOD,
        Column(
            "evaluation_method_name",
            pa.string(),
            "The metric's name, as readers of the first version know it.",
            repeats=True,
        ),
        shared.IS_MAIN_METRIC,
        Column(
            "lower_is_better",
            pa.bool_(),
            "Direction of the metric, by the release's schema.",
            null_when="the schema states none, or runs differ",
        ),
        Column("total_samples", pa.int64(), "Instances measured, each counted once.", UNDERIVED, minimum=0),
        Column("n_scored", pa.int64(), "Instances with a value.", UNDERIVED, minimum=0),
        Column("n_trials", pa.int64(), "Train trials with a value.", UNDERIVED, minimum=0),
        Column(
            "accuracy",
            pa.float64(),
            "mean_score, for metrics that say whether an output is right.",
            null_when="the metric is not of that kind, or has no value",
        ),
        Column(
            "mean_score",
            pa.float64(),
            "Mean over trials of each trial's mean, in the metric's own unit.",
            null_when="no output has a value, and the source reported no mean",
        ),
        Column(
            "score_origin",
            pa.string(),
            "Where mean_score is from: outputs, recomputed from single outputs; or reported, as the source states it.",
            null_when="mean_score is null",
            repeats=True,
        ),
        Column("std_score", pa.float64(), "Sample standard deviation over instances.", TOO_FEW, minimum=0),
        Column("min_score", pa.float64(), "Smallest value of an instance.", "no output has a value"),
        Column("max_score", pa.float64(), "Largest value of an instance.", "no output has a value"),
        Column(
            "standard_error",
            pa.float64(),
            "std_score / sqrt(n_scored): over instances, not over prompts or trials. Of a group of lm-eval's tasks the "
            "pooled one: over the instances of each task about the task's own mean.",
            TOO_FEW,
            minimum=0,
        ),
        Column(
            "ci_low",
            pa.float64(),
            "Lower end of the 95 % interval of mean_score. It covers the draw of instances, trials clustered within "
            "theirs; not the draw of trials (in-context examples) nor that of prompts.",
            NO_INTERVAL,
        ),
        Column("ci_high", pa.float64(), "Upper end of the interval, which covers what ci_low says.", NO_INTERVAL),
        Column(
            "ci_method",
            pa.string(),
            "wilson, for values of 0 and 1 in one trial; wilson_effective, in several, on the number of instances that "
            "the standard error is worth, p (1 - p) / standard_error², and likewise where it is pooled; else t, of "
            "n_scored - 1 degrees of freedom.",
            NO_INTERVAL,
            repeats=True,
        ),
        Column(
            "is_small_sample",
            pa.bool_(),
            "Whether n_scored is below 100, where the interval may cover less than it says.",
            NO_INTERVAL,
        ),
        Column(
            "rank",
            pa.int32(),
            "Place of mean_score among the runs of the variant with the same statistic; equal "
            "within 1e-9 is a tie, and shares the best place.",
            "the metric has no direction, or no value",
            minimum=1,
        ),
        Column(
            "n_ranked",
            pa.int32(),
            "Runs that the place is among.",
            "the metric has no direction, or no value",
            minimum=1,
        ),
        Column(
            "reported_count", pa.int64(), "Values that the source counted: for HELM, trials.", UNREPORTED, minimum=0
        ),
        Column("reported_sum", pa.float64(), "Sum that the source reported.", UNREPORTED),
        Column("reported_mean", pa.float64(), "Mean that the source reported.", UNREPORTED + ", or its count is 0"),
        shared.SUITE,
        shared.SHARD,
        shared.SOURCE_URL,
        Column("pipeline_stage", pa.string(), f"Always {PIPELINE_STAGE}.", repeats=True),
        *CLOCK,
    ),
    key=("source", "benchmark", "release", "run", "metric_name", "split", "sub_split", "perturbation", "computed_on"),
)

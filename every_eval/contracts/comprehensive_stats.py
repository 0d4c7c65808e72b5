"""comprehensive_stats: every statistic of every run that the newest releases show."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.stats import STATISTIC_KEY, UNDERIVED, UNREPORTED
from every_eval.contracts.table import Column, Table

CLOCK = (
    Column(
        "processed_at",
        pa.timestamp("s", tz="UTC"),
        "Time of the newest commit of the data repo that this file includes.",
    ),
    Column("comprehensive_stats_generated_at", pa.timestamp("s", tz="UTC"), "Time when this file was generated."),
    Column(
        "data_freshness_hours",
        pa.float64(),
        "Time from processed_at to comprehensive_stats_generated_at.",
        unit="hours",
    ),
)
"""Columns that depend on the clock, with one value per file; all other columns depend on the data alone."""

OUTPUTS = "outputs"
"""Origin of a score that we recomputed from single outputs."""
REPORTED = "reported"
"""Origin of a score that is the source's own number."""

PIPELINE_STAGE = "comprehensive_statistics"

NO_SPREAD = "or the statistic is no mean over instances, as a calibration error"
TOO_FEW = f"fewer than two instances have a value, mean_score is not from outputs, {NO_SPREAD}"
NO_VALUE = f"no output has a value, mean_score is not from outputs, {NO_SPREAD}"
NO_INTERVAL = (
    "mean_score is null or only reported by the source, only one instance has a value and the value is neither 0 "
    f"nor 1, {NO_SPREAD}"
)
UNRANKED = "the metric has no direction, or the run has no value"

COMPREHENSIVE_STATS = Table(
    name="comprehensive_stats",
    doc=(
        "One row per statistic of each run that the newest release of its benchmark shows, in the run's latest suite. "
        "Statistics are taken over instances; the trials of an instance are averaged first."
    ),
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        shared.RELEASE,
        shared.RUN,
        *STATISTIC_KEY,
        shared.DATASET_NAME,
        Column(
            "common_name",
            pa.string(),
            "Name by which people know the scenario, for example gsm8k for HELM's gsm, from a stated list "
            "(every_eval/contracts/scenario_names.py); a copy of dataset_name if the list does not have the scenario.",
            null_when="the run does not state its scenario",
            repeats=True,
        ),
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
            "Name of the metric: a copy of metric_name, for readers of the first version of this dataset.",
            repeats=True,
        ),
        shared.IS_MAIN_METRIC,
        Column(
            "lower_is_better",
            pa.bool_(),
            "Direction of the metric: true if a lower score is better.",
            null_when="the release's schema states no direction, or its runs state different directions",
        ),
        Column("total_samples", pa.int64(), "Number of instances, each counted once.", UNDERIVED, minimum=0),
        Column("n_scored", pa.int64(), "Number of instances that have a value.", UNDERIVED, minimum=0),
        Column("n_trials", pa.int64(), "Number of train trials that have a value.", UNDERIVED, minimum=0),
        Column(
            "n_clusters",
            pa.int64(),
            "Number of clusters of instances that depend on each other, such as the questions on one passage.",
            "the data names no clusters, or mean_score is not from outputs",
            minimum=1,
        ),
        Column(
            "accuracy",
            pa.float64(),
            "Copy of mean_score for metrics that say whether an output is correct, such as exact_match.",
            null_when="the metric is of another kind, or mean_score is null",
        ),
        Column(
            "mean_score",
            pa.float64(),
            "Mean over trials of the mean of each trial, in the metric's own unit. If outputs do not determine the "
            "mean, or if unscored_reason is not null, it is the mean that the source reported.",
            null_when="the outputs give no mean and the source reported none",
        ),
        Column(
            "score_origin",
            pa.string(),
            "Origin of mean_score: outputs, if we recomputed the score from single outputs; reported, if the score is "
            "the source's own number.",
            null_when="mean_score is null",
            repeats=True,
        ),
        Column(
            "std_score",
            pa.float64(),
            "Sample standard deviation over instances, in the metric's own unit.",
            TOO_FEW,
            minimum=0,
        ),
        Column("min_score", pa.float64(), "Smallest value of an instance.", NO_VALUE),
        Column("max_score", pa.float64(), "Largest value of an instance.", NO_VALUE),
        Column(
            "standard_error",
            pa.float64(),
            "Standard error of mean_score: std_score / sqrt(n_scored), or the cluster-robust error where n_clusters is "
            "below n_scored. With several trials, the variance max(0, trial_variance - residual_mean_square / "
            "n_scored) / n_trials of the trials is added. It covers the choice of instances and of trials, not the "
            "choice of prompts. For a group of lm-eval's tasks it is the pooled standard error, over the deviations of "
            "instances from the mean of their own task.",
            TOO_FEW,
            minimum=0,
        ),
        Column(
            "ci_low",
            pa.float64(),
            "Lower end of the 95 % confidence interval of mean_score. The interval covers the choice of instances and, "
            "with several trials, of trials (in-context examples or epochs); it does not cover the choice of prompts.",
            NO_INTERVAL,
        ),
        Column("ci_high", pa.float64(), "Upper end of the 95 % confidence interval of mean_score.", NO_INTERVAL),
        Column(
            "ci_method",
            pa.string(),
            "Method of the confidence interval: wilson, Wilson's interval, if all values are 0 or 1, in one trial and "
            "without clusters; wilson_effective, for other metrics with a stated range, rescaled to [0, 1]: Wilson's "
            "interval for the effective number of instances p (1 - p) / error² · (z / t)²; t, if the range of the "
            "metric is unknown or unbounded: Student's t. docs/statistics.md has the formulas; the ranges are in "
            "every_eval/contracts/metric_ranges.py.",
            NO_INTERVAL,
            repeats=True,
        ),
        Column(
            "is_small_sample",
            pa.bool_(),
            "True if n_scored, or n_clusters, is below 100: the interval may then cover the true score less often than "
            "in 95 % of cases.",
            NO_INTERVAL,
        ),
        Column(
            "rank",
            pa.int32(),
            "Rank of the run's mean_score among the runs of its variant that have the same statistic; 1 is best. "
            "Scores that are equal within 1e-9 are a tie and share the best rank.",
            UNRANKED,
            minimum=1,
        ),
        Column("n_ranked", pa.int32(), "Number of runs in the ranking.", UNRANKED, minimum=1),
        Column(
            "reported_count",
            pa.int64(),
            "Number of values that the source counted: for HELM, the number of trials.",
            UNREPORTED,
            minimum=0,
        ),
        Column("reported_sum", pa.float64(), "Sum that the source reported.", UNREPORTED),
        Column("reported_mean", pa.float64(), "Mean that the source reported.", UNREPORTED + ", or its count is 0"),
        shared.IS_COMPLETE,
        shared.N_REJECTED,
        shared.UNSCORED_REASON,
        shared.JUDGES,
        shared.SUITE,
        shared.SHARD,
        shared.SOURCE_URL,
        Column("pipeline_stage", pa.string(), f"Always {PIPELINE_STAGE}.", repeats=True),
        *CLOCK,
    ),
    key=("source", "benchmark", "release", "run", "metric_name", "split", "sub_split", "perturbation", "computed_on"),
)

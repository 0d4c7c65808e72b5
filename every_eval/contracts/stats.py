"""stats: statistics of every run, as the source reported them and as recomputed from single outputs."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.table import Column, Table

UNREPORTED = "the source did not report the statistic"
NO_VALUES_REPORTED = UNREPORTED + ", or its count is 0"
UNDERIVED = "single outputs do not determine the statistic"
UNSCORED = "no output has a value, a value is not finite, or single outputs do not determine the statistic"
NO_MEAN = UNSCORED + ", or the statistic is no mean over instances, as a calibration error"
NO_TRIALS = NO_MEAN + ", there are fewer than two trials, or fewer than two instances have a value in every trial"
NO_CLUSTERS = NO_MEAN + ", or the data names no cluster of an instance"

STATISTIC_KEY = (
    shared.METRIC_NAME,
    shared.SPLIT,
    shared.SUB_SPLIT,
    shared.PERTURBATION,
    shared.PERTURBATION_NAME,
    shared.COMPUTED_ON,
)
"""Columns that identify a statistic of a run."""

REPORTED = (
    Column(
        "reported_index",
        pa.int32(),
        "Position of the statistic in the source's own list, from 0.",
        UNREPORTED,
        minimum=0,
    ),
    Column(
        "reported_count",
        pa.int64(),
        "Number of values that the source counted: for HELM, the number of trials.",
        UNREPORTED,
        minimum=0,
    ),
    Column("reported_sum", pa.float64(), "Sum that the source reported.", UNREPORTED + ", or the sum is not finite"),
    Column("reported_mean", pa.float64(), "Mean that the source reported.", NO_VALUES_REPORTED),
    Column("reported_min", pa.float64(), "Minimum that the source reported.", NO_VALUES_REPORTED),
    Column("reported_max", pa.float64(), "Maximum that the source reported.", NO_VALUES_REPORTED),
)
"""Numbers as the source reported them."""

COUNTS = (
    Column("n_instances", pa.int64(), "Number of instances, each counted once.", UNDERIVED, minimum=0),
    Column("n_scored", pa.int64(), "Number of instances that have a value.", UNDERIVED, minimum=0),
    Column("n_trials", pa.int64(), "Number of train trials that have a value.", UNDERIVED, minimum=0),
)
"""How many outputs a statistic is computed from."""

MOMENTS = (
    Column(
        "sum",
        pa.float64(),
        "Sum over trials of the mean of each trial, added plainly in the source's order; n_trials is its count.",
        UNSCORED,
    ),
    Column("mean", pa.float64(), "Mean over trials of the mean of each trial: sum / n_trials.", UNSCORED),
    Column(
        "m2",
        pa.float64(),
        "Sum of squared deviations from the mean over instances, after the trials of an instance are averaged; for a "
        "ratio of sums, such as perplexity, over the linearised shares of the instances.",
        NO_MEAN,
        minimum=0,
    ),
    Column("min", pa.float64(), "Smallest of the values that m2 is over.", NO_MEAN),
    Column("max", pa.float64(), "Largest of the values that m2 is over.", NO_MEAN),
    Column("is_binary", pa.bool_(), "True if every value of every trial is 0 or 1.", UNSCORED),
    Column(
        "trial_variance",
        pa.float64(),
        "Sample variance of the means of the trials, over the instances that have a value in every trial.",
        NO_TRIALS,
        minimum=0,
    ),
    Column(
        "residual_mean_square",
        pa.float64(),
        "Mean square of what remains of the values of these instances after the mean of the instance and the mean of "
        "the trial are subtracted, with (n - 1) (T - 1) degrees of freedom for n instances and T trials.",
        NO_TRIALS,
        minimum=0,
    ),
    Column(
        "n_clusters",
        pa.int64(),
        "Number of clusters: groups of instances that depend on each other, such as the questions on one passage.",
        NO_CLUSTERS,
        minimum=1,
    ),
    Column(
        "cluster_m2",
        pa.float64(),
        "Sum over the G clusters of (G / n_scored Σ (value - mean))², where Σ is over the instances of a cluster; "
        "cluster_m2 / (G - 1) / G is the cluster-robust variance of the mean.",
        NO_CLUSTERS,
        minimum=0,
    ),
)
"""Values that follow from the scores of outputs."""

RECOMPUTED = (*COUNTS, *MOMENTS)
"""Numbers as recomputed from single outputs."""

SAMPLE = "sample"
"""Method of a standard error: sample standard deviation (n - 1 degrees of freedom) / √n."""
POOLED = "pooled"
"""Method of a group's standard error: √(Σ (n - 1) n e² / (N - k) / N) over its k tasks with n samples and standard
error e each, N samples in all."""
COMBINED = "combined"
"""Method of a group's standard error in lm-eval 0.4.0 and 0.4.1, which adds its tasks one after the other: the variance
of two is ((n - 1) a² + (m - 1) b²) / (n + m - 1) + n m (mean - y)² / ((n + m) (n + m - 1)), for n samples with error a,
and m samples with error b and mean y, where mean is of both."""
RESAMPLED = "bootstrap"
"""Method of a standard error: standard deviation of the source's own replicates, which cannot be drawn again."""
CLUSTERED = "clustered"
"""Method of a standard error over clusters of instances, with Inspect's correction for few clusters."""

ERRORS = (
    Column(
        "standard_error",
        pa.float64(),
        "Standard error of the mean, recomputed from single outputs by the source's own formula.",
        "the source reports no standard error, or has no formula for it; comprehensive_stats has a standard error "
        "from m2",
        minimum=0,
    ),
    Column(
        "reported_standard_error",
        pa.float64(),
        "Standard error that the source reported.",
        "the source reports no standard error, as HELM never does",
    ),
    Column(
        "standard_error_method",
        pa.string(),
        "Method by which the source computes the standard error: sample, sample standard deviation / √n; pooled, for a "
        "group of k tasks with n samples and standard error e each, N samples in all, "
        "√(Σ (n - 1) n e² / (N - k) / N); combined, for a group, the square root of "
        "((n - 1) a² + (m - 1) b²) / (n + m - 1) + n m (mean - y)² / ((n + m) (n + m - 1)), tasks added one after the "
        "other; bootstrap, standard deviation of the source's own bootstrap replicates; clustered, "
        "over clusters of instances.",
        "both standard errors are null",
        repeats=True,
    ),
)
"""Standard errors by the source's own formula."""

STATS = Table(
    name="stats",
    doc="One row per statistic of a run: what the source reported, and what we recomputed from single outputs.",
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        shared.SUITE,
        shared.RUN,
        *STATISTIC_KEY,
        shared.IS_MAIN_METRIC,
        *REPORTED,
        *RECOMPUTED,
        *ERRORS,
        shared.DATASET_NAME,
        shared.TASK,
        shared.VARIANT,
        shared.GROUPS,
        shared.MODEL_NAME,
        shared.MODEL_FAMILY,
        shared.MODEL_DEPLOYMENT,
        shared.ADAPTER_METHOD,
        shared.IS_COMPLETE,
        shared.N_REJECTED,
        shared.UNSCORED_REASON,
        shared.JUDGES,
        Column(
            "n_unjudged",
            pa.int64(),
            "Number of annotated outputs without a score by any criterion of the judges. HELM scores these outputs "
            "with a default, or leaves them out.",
            null_when="nobody judged the outputs",
            minimum=0,
        ),
        *shared.RUN_SETTINGS,
        Column(
            "withheld_arguments",
            shared.TEXTS,
            "Names of the run's arguments whose values are not published, because the names are not known to describe "
            "the model; sorted.",
            null_when="no argument is withheld",
        ),
        Column("run_spec", pa.string(), "Specification of the run, as the source's JSON.", repeats=True),
        shared.SOURCE_URL,
    ),
    key=("source", "benchmark", "suite", "run", "metric_name", "split", "sub_split", "perturbation", "computed_on"),
)

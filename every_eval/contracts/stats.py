"""stats: statistics of every run, as reported and as recomputed."""

import pyarrow as pa

from every_eval.contracts import identity as shared
from every_eval.contracts.table import Column, Table

N_REPLICATES = 200
"""Bootstrap replicates of a main metric's statistic."""

REPLICATES = pa.list_(pa.field("element", pa.float64(), nullable=False))
UNREPORTED = "the source did not report the statistic"
UNDERIVED = "no metric of single outputs determines the statistic"
UNSCORED = "the statistic has no value on any output, or none determines it"

STATISTIC_KEY = (
    shared.METRIC_NAME,
    shared.SPLIT,
    shared.SUB_SPLIT,
    shared.PERTURBATION,
    shared.PERTURBATION_NAME,
    shared.COMPUTED_ON,
)

REPORTED = (
    Column("reported_index", pa.int32(), "Position in the source's own list, from 0.", UNREPORTED, minimum=0),
    Column("reported_count", pa.int64(), "Values that the source counted: for HELM, trials.", UNREPORTED, minimum=0),
    Column("reported_sum", pa.float64(), "Sum that the source reported.", UNREPORTED + ", or it is not finite"),
    Column("reported_mean", pa.float64(), "Mean that the source reported.", UNREPORTED + ", or its count is 0"),
    Column("reported_min", pa.float64(), "Minimum that the source reported.", UNREPORTED + ", or its count is 0"),
    Column("reported_max", pa.float64(), "Maximum that the source reported.", UNREPORTED + ", or its count is 0"),
)

RECOMPUTED = (
    Column("n_instances", pa.int64(), "Instances measured, each counted once.", UNDERIVED, minimum=0),
    Column("n_scored", pa.int64(), "Instances with a value.", UNDERIVED, minimum=0),
    Column("n_trials", pa.int64(), "Train trials with a value.", UNDERIVED, minimum=0),
    Column("mean", pa.float64(), "Mean over trials of each trial's mean, as HELM takes it.", UNSCORED),
    Column(
        "m2",
        pa.float64(),
        "Sum of squared deviations over instances, trials averaged; for ratios of sums, such as perplexity, over the "
        "instances' linearised shares.",
        UNSCORED,
        minimum=0,
    ),
    Column("min", pa.float64(), "Smallest value that m2 is over.", UNSCORED),
    Column("max", pa.float64(), "Largest value that m2 is over.", UNSCORED),
    Column("is_binary", pa.bool_(), "Whether every value is 0 or 1 in each trial.", UNSCORED),
)

BOOTSTRAP = (
    Column("boot_weight", REPLICATES, f"Weights of the {N_REPLICATES} replicates.", "not a main metric, or unscored"),
    Column("boot_sum", REPLICATES, "Weighted sums of the replicates.", "not a main metric, or unscored"),
)

SAMPLE = "sample"
"""Standard deviation with n - 1 degrees of freedom over √n."""
POOLED = "pooled"
"""Of a group: √(Σ (n - 1) n e² / (N - k) / N) over its k tasks with n samples and standard error e, N in all."""
RESAMPLED = "bootstrap"
"""Standard deviation of the source's own replicates, which cannot be drawn again: as reported."""

ERRORS = (
    Column(
        "standard_error",
        pa.float64(),
        "Standard error of the mean, from single outputs by the source's own formula.",
        "the source states none, or has no formula for it; what m2 gives is in comprehensive_stats",
        minimum=0,
    ),
    Column(
        "reported_standard_error",
        pa.float64(),
        "Standard error that the source reported.",
        "the source reports none: HELM never does",
    ),
    Column(
        "standard_error_method",
        pa.string(),
        "How the source takes it: sample, standard deviation / √n; pooled, of a group, √(Σ (n - 1) n e² / (N - k) / N) "
        "over its k tasks of n samples and error e, N in all; bootstrap, by its own replicates.",
        "both standard errors are",
        repeats=True,
    ),
)

STATS = Table(
    name="stats",
    doc="One row per run and statistic: what the source reported, and what its single outputs give.",
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
        *BOOTSTRAP,
        shared.DATASET_NAME,
        shared.TASK,
        shared.VARIANT,
        shared.GROUPS,
        shared.MODEL_NAME,
        shared.MODEL_FAMILY,
        shared.MODEL_DEPLOYMENT,
        shared.ADAPTER_METHOD,
        Column("run_spec", pa.string(), "Specification of the run, as the source's JSON.", repeats=True),
        shared.SOURCE_URL,
    ),
    key=("source", "benchmark", "suite", "run", "metric_name", "split", "sub_split", "perturbation", "computed_on"),
)

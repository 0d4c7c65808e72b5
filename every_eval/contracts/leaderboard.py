"""leaderboard: one row per benchmark, model and deployment."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.comprehensive_stats import CLOCK
from every_eval.contracts.stats import N_REPLICATES
from every_eval.contracts.table import Column, Table

COVERAGE = (
    "The interval covers the choice of instances in each scenario, not the choice of scenarios, trials or prompts."
)
NO_INTERVAL = (
    "the number itself is null, or one of the model's scores is over fewer than two instances or is only reported by "
    "the source"
)
UNSTATED = "the release's schema does not state it"

PLACE_AND_SCORES = (
    pa.field("rank", pa.int32()),
    pa.field("n_ranked", pa.int32(), nullable=False),
    pa.field("mean_win_rate", pa.float64()),
    pa.field("mean_score", pa.float64()),
    pa.field("n_scenarios", pa.int32(), nullable=False),
    pa.field("n_scenarios_total", pa.int32(), nullable=False),
)
"""Fields that tables over several leaderboards copy from a row of one leaderboard: its rank among `n_ranked` rows, and
its scores."""

LEADERBOARD = Table(
    name="leaderboard",
    doc=(
        "One row per benchmark, model and deployment: the results of the model on the benchmark's main table, over the "
        "latest run of each scenario."
    ),
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        shared.RELEASE,
        Column(
            "rank",
            pa.int32(),
            "Rank by mean win rate or, where HELM hides win rates, by mean score; 1 is best. Values that are equal "
            "within 1e-9 are a tie and share the best rank.",
            "unranked_reason is not null",
            minimum=1,
        ),
        Column(
            "rank_low",
            pa.int32(),
            "Best rank that the model takes in the central 95 % of the bootstrap replicates; each replicate ranks all "
            "models anew.",
            NO_INTERVAL,
            minimum=1,
        ),
        Column(
            "rank_high",
            pa.int32(),
            "Worst rank that the model takes in the central 95 % of the bootstrap replicates.",
            NO_INTERVAL,
            minimum=1,
        ),
        shared.MODEL_NAME,
        shared.MODEL_DEPLOYMENT,
        Column("display_name", pa.string(), "Name of the model for display.", UNSTATED),
        shared.CREATOR,
        Column("access", pa.string(), "Access to the model: open, limited or closed.", UNSTATED, repeats=True),
        Column("release_date", pa.string(), "Release date of the model, as YYYY-MM-DD.", UNSTATED),
        Column("num_parameters", pa.int64(), "Size of the model.", UNSTATED, unit="parameters", minimum=0),
        Column(
            "mean_win_rate",
            pa.float64(),
            "Mean over scenarios of the model's win rate: the share of other models that score worse, where a tie "
            "counts half.",
            "HELM hides the win rates of this benchmark, the model has no score that can be compared, or one of its "
            "scores is lost (unranked_reason)",
            minimum=0,
            maximum=1,
        ),
        Column(
            "mean_win_rate_low",
            pa.float64(),
            f"Lower end of the 95 % confidence interval of mean_win_rate. {COVERAGE} Models with close scores swap "
            "ranks in the replicates, which pulls their win rates towards one half: a win rate can lie outside its "
            "interval.",
            NO_INTERVAL,
            minimum=0,
            maximum=1,
        ),
        Column(
            "mean_win_rate_high",
            pa.float64(),
            "Upper end of the 95 % confidence interval of mean_win_rate.",
            NO_INTERVAL,
            minimum=0,
            maximum=1,
        ),
        Column(
            "mean_score",
            pa.float64(),
            "Plain mean of the model's scores in the main table, each in its own unit.",
            "the model has no score, one of its scores is lost (unranked_reason), or higher is better for some metrics "
            "and lower for others",
        ),
        Column(
            "mean_score_low",
            pa.float64(),
            f"Lower end of the 95 % confidence interval of mean_score. {COVERAGE}",
            NO_INTERVAL,
        ),
        Column(
            "mean_score_high", pa.float64(), "Upper end of the 95 % confidence interval of mean_score.", NO_INTERVAL
        ),
        Column(
            "ci_method",
            pa.string(),
            f"Method of the confidence intervals: bootstrap, that is percentiles of {N_REPLICATES} replicates that are "
            "paired across models and scenarios. A score without replicates is constant in all of them.",
            NO_INTERVAL,
            repeats=True,
        ),
        Column(
            "n_scenarios",
            pa.int32(),
            "Number of columns of the main table in which the model has a score.",
            minimum=0,
        ),
        Column("n_scenarios_total", pa.int32(), "Number of columns of the main table.", minimum=0),
        Column(
            "n_scored",
            pa.int64(),
            "Number of instances with a value that the model's scores are over; an instance that several columns use "
            "counts once, and an instance behind a score that is only reported does not count.",
            "the source does not say which outputs the scores come from",
            minimum=0,
        ),
        Column(
            "score_origin",
            pa.string(),
            "Origin of the model's scores: outputs, if all are recomputed from single outputs; reported, if at least "
            "one is the source's own number.",
            "the model has no score",
            repeats=True,
        ),
        Column(
            "reported_mean_win_rate",
            pa.float64(),
            "Mean win rate of the scores as the source reported them.",
            "HELM hides the win rates of this benchmark, or the source reported no score that can be compared",
            minimum=0,
            maximum=1,
        ),
        Column(
            "reported_mean_score",
            pa.float64(),
            "Plain mean of the model's scores as the source reported them.",
            "the source reported no score, or higher is better for some metrics and lower for others",
        ),
        Column(
            "n_rejected",
            pa.int64(),
            "Number of files and rows of the model's runs that could not be read.",
            minimum=0,
            before=0,
        ),
        Column(
            "unranked_reason", pa.string(), "Reason why the model has no rank.", "the model has a rank", repeats=True
        ),
        *CLOCK,
    ),
    key=("source", "benchmark", "release", "model_name", "model_deployment"),
)

"""leaderboard: one row per benchmark, model and deployment."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.comprehensive_stats import CLOCK
from every_eval.contracts.table import Column, Table

NO_SCORE_INTERVAL = (
    "the number itself is null, or one of the scores that it is over has no interval in comprehensive_stats, as a "
    "score that is only reported by the source"
)
UNRANKED = "unranked_reason is not null"
JOINTLY = (
    "The bounds of all models of a board hold together with a probability of at least 95 %. They cover the choice of "
    "instances in each scenario, not the choice of scenarios, trials or prompts."
)
MIN_COVERAGE = 0.8
"""Share of the main table's columns in which a model must have a score to be ranked; a setting can replace it."""
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
            "Rank by mean win rate or, where HELM hides win rates, by adjusted score; 1 is best. Values that are equal "
            "within 1e-9 are a tie and share the best rank. Of several deployments of a model one is ranked, and the "
            "others are no opponents in the win rates that rank.",
            UNRANKED,
            minimum=1,
        ),
        Column(
            "rank_low",
            pa.int32(),
            "Best rank that the model may truly have: 1 + the number of ranked models that are certainly better, by "
            f"decided comparisons of pairs of models. {JOINTLY}",
            UNRANKED,
            minimum=1,
        ),
        Column(
            "rank_high",
            pa.int32(),
            "Worst rank that the model may truly have: the number of ranked models, without those that are certainly "
            "not better.",
            UNRANKED,
            minimum=1,
        ),
        Column(
            "score_rank_low",
            pa.int32(),
            "Best rank that the model may truly have by adjusted score: 1 + the number of ranked models that are "
            "decidedly better, by Holm's method over the differences of adjusted scores. Where models are ranked by "
            "win rates, these bounds are often much closer together than rank_low and rank_high.",
            f"{UNRANKED}, or a ranked model has no adjusted score",
            minimum=1,
        ),
        Column(
            "score_rank_high",
            pa.int32(),
            "Worst rank that the model may truly have by adjusted score.",
            f"{UNRANKED}, or a ranked model has no adjusted score",
            minimum=1,
        ),
        Column(
            "n_tied_with",
            pa.int32(),
            "Number of other ranked models that are neither certainly better nor certainly worse by the number that "
            "ranks.",
            UNRANKED,
            minimum=0,
        ),
        Column(
            "tier",
            pa.int32(),
            "1 for the ranked models than which none is certainly better, 2 for those of which this holds without the "
            "models of tier 1, and so on.",
            UNRANKED,
            minimum=1,
        ),
        Column(
            "rank_without_one_low",
            pa.int32(),
            "Best rank of the model if one scenario is left out, whichever.",
            f"{UNRANKED}, or there is one scenario",
            minimum=1,
        ),
        Column(
            "rank_without_one_high",
            pa.int32(),
            "Worst rank of the model if one scenario is left out.",
            f"{UNRANKED}, or there is one scenario",
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
            "Lowest mean win rate that the model may truly have: only decided comparisons count as won. A comparison "
            "of two models in a column is decided if its p-value, adjusted by Holm's method over all pairs and columns "
            f"of the board, is at most 0.05. {JOINTLY}",
            "mean_win_rate is null",
            minimum=0,
            maximum=1,
        ),
        Column(
            "mean_win_rate_high",
            pa.float64(),
            "Highest mean win rate that the model may truly have: all comparisons count as won that are not decidedly "
            "lost.",
            "mean_win_rate is null",
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
            "Lower end of the 95 % confidence interval of mean_score, from the intervals of the single scores by the "
            "method of variance estimates recovery (MOVER). The interval covers the choice of instances in each "
            "scenario, not the choice of scenarios or prompts.",
            NO_SCORE_INTERVAL,
        ),
        Column(
            "mean_score_high",
            pa.float64(),
            "Upper end of the 95 % confidence interval of mean_score.",
            NO_SCORE_INTERVAL,
        ),
        Column(
            "adjusted_score",
            pa.float64(),
            "Score of the model over all columns of the main table, as if each model had been measured in all of them: "
            "the model's effect in the additive fit score = model + column, plus the mean effect of all columns. Equal "
            "to mean_score if the model has a score in all columns.",
            "the model is not connected to the other models by common columns, another deployment of the model is "
            "ranked and this one lacks a score, or higher is better for some metrics and lower for others",
        ),
        Column(
            "adjusted_score_low",
            pa.float64(),
            "Lower end of the 95 % confidence interval of adjusted_score, which covers the choice of instances and, "
            "for a model with gaps, how much better or worse than the fit models are in single columns. Equal to "
            "mean_score_low if the model has a score in all columns.",
            "adjusted_score is null, or the error of one of the scores that it counts is unknown",
        ),
        Column(
            "adjusted_score_high",
            pa.float64(),
            "Upper end of the 95 % confidence interval of adjusted_score.",
            "adjusted_score is null, or the error of one of the scores that it counts is unknown",
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

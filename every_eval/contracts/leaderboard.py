"""leaderboard: one row per benchmark, model and deployment."""

import pyarrow as pa

from every_eval.contracts import identity as shared
from every_eval.contracts.comprehensive_stats import CLOCK
from every_eval.contracts.stats import N_REPLICATES
from every_eval.contracts.table import Column, Table

COVERAGE = "It covers the draw of each scenario's instances; not that of scenarios, of trials, or of prompts."
NO_INTERVAL = "it is itself undefined, or one of the model's scores is of fewer than two instances or is only reported"
UNSTATED = "the release's schema does not state it"

PLACE_AND_SCORES = (
    pa.field("rank", pa.int32()),
    pa.field("n_ranked", pa.int32(), nullable=False),
    pa.field("mean_win_rate", pa.float64()),
    pa.field("mean_score", pa.float64()),
    pa.field("n_scenarios", pa.int32(), nullable=False),
    pa.field("n_scenarios_total", pa.int32(), nullable=False),
)
"""What tables over several leaderboards say of a row of one: its place among `n_ranked`, and its scores."""

LEADERBOARD = Table(
    name="leaderboard",
    doc=(
        "One row per benchmark, model and deployment: how it does on the benchmark's main table, over the latest run "
        "of each scenario."
    ),
    columns=(
        shared.SOURCE,
        shared.BENCHMARK,
        shared.RELEASE,
        Column(
            "rank",
            pa.int32(),
            "Place by mean win rate or, where HELM hides win rates, by mean score; equal within "
            "1e-9 is a tie, and shares the best place.",
            "the model has neither",
            minimum=1,
        ),
        Column(
            "rank_low",
            pa.int32(),
            "First place that the model takes in 95 % of the replicates, all models ranked anew in each.",
            NO_INTERVAL,
            minimum=1,
        ),
        Column("rank_high", pa.int32(), "Last place, likewise.", NO_INTERVAL, minimum=1),
        shared.MODEL_NAME,
        shared.MODEL_DEPLOYMENT,
        Column("display_name", pa.string(), "Model's name for people.", UNSTATED),
        shared.CREATOR,
        Column("access", pa.string(), "Who can use the model: open, limited or closed.", UNSTATED, repeats=True),
        Column("release_date", pa.string(), "When the model was released: YYYY-MM-DD.", UNSTATED),
        Column("num_parameters", pa.int64(), "Size of the model.", UNSTATED, unit="parameters", minimum=0),
        Column(
            "mean_win_rate",
            pa.float64(),
            "Mean over scenarios of the share of other models that it beats, a tie counting half.",
            "HELM hides win rates of this benchmark, or the model has no value to compare",
            minimum=0,
            maximum=1,
        ),
        Column(
            "mean_win_rate_low",
            pa.float64(),
            f"Lower end of the 95 % interval of mean_win_rate. {COVERAGE} Models close to each other swap places in "
            "the replicates, which draws their rates towards a half: a rate can lie outside its interval.",
            NO_INTERVAL,
            minimum=0,
            maximum=1,
        ),
        Column("mean_win_rate_high", pa.float64(), "Upper end, likewise.", NO_INTERVAL, minimum=0, maximum=1),
        Column(
            "mean_score",
            pa.float64(),
            "Plain mean of its scores, in their own units.",
            "the model has no score, or some metrics are better high and others low",
        ),
        Column(
            "mean_score_low", pa.float64(), f"Lower end of the 95 % interval of mean_score. {COVERAGE}", NO_INTERVAL
        ),
        Column("mean_score_high", pa.float64(), "Upper end, likewise.", NO_INTERVAL),
        Column(
            "ci_method",
            pa.string(),
            f"How the intervals are taken: bootstrap, percentiles of {N_REPLICATES} replicates that are paired across "
            "models and scenarios. A score of another model that was not resampled stands still in them.",
            NO_INTERVAL,
            repeats=True,
        ),
        Column("n_scenarios", pa.int32(), "Columns of the main table in which the model has a score.", minimum=0),
        Column("n_scenarios_total", pa.int32(), "Columns of the main table.", minimum=0),
        Column(
            "n_scored",
            pa.int64(),
            "Instances with a value that its scores are over; one that several columns show counts once.",
            "the source does not tell which outputs the scores are made of",
            minimum=0,
        ),
        *CLOCK,
    ),
    key=("source", "benchmark", "release", "model_name", "model_deployment"),
)

"""cross_benchmark: the results of each model on all benchmarks of a source, side by side."""

from dataclasses import replace
from typing import Final

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.leaderboard import LEADERBOARD, UNSTATED
from every_eval.contracts.table import Column, Table

FROM_LEADERBOARD: Final = (
    *("rank", "rank_low", "rank_high", "mean_win_rate", "mean_win_rate_low", "mean_win_rate_high"),
    *("mean_score", "mean_score_low", "mean_score_high", "adjusted_score"),
    *("adjusted_score_low", "adjusted_score_high", "n_scenarios", "n_scenarios_total", "unranked_reason"),
)
"""Columns that are copied from the row of the leaderboard."""

NO_FIT: Final = "the model has no score in the scenarios of the fit, or shares none with the models of the fit"


def _copied(name: str) -> Column:
    """Return a column of the leaderboard, whose documentation says where it is copied from."""
    [column] = [column for column in LEADERBOARD.columns if column.name == name]
    return replace(column, doc=f"{column.doc} Copied from the leaderboard of the benchmark.")


CROSS_BENCHMARK = Table(
    name="cross_benchmark",
    doc=(
        "One row per model and benchmark: the results of a model on all benchmarks of the source, side by side, with "
        "one deployment for each model. If a leaderboard has several deployments of a model, the row is of the one "
        "that has a rank, else of the one with scores in most scenarios (among equals, the first by name), never of "
        "the one that scored best. Ranks, win rates and means of different benchmarks are over different scenarios and "
        "are never averaged. The only aggregate is additive_fit_score, which adjusts for scenarios that a model lacks."
    ),
    columns=(
        shared.SOURCE,
        Column("model_name", pa.string(), "Name of the model, as creator/name."),
        shared.BENCHMARK,
        shared.RELEASE,
        Column("display_name", pa.string(), "Name of the model for display.", UNSTATED),
        shared.CREATOR,
        shared.MODEL_DEPLOYMENT,
        Column("n_deployments", pa.int32(), "Number of deployments of the model on the leaderboard.", minimum=1),
        Column("n_benchmarks", pa.int32(), "Number of benchmarks whose leaderboard names the model.", minimum=1),
        Column("n_ranked", pa.int32(), "Number of rows of the benchmark's leaderboard that have a rank.", minimum=0),
        *map(_copied, FROM_LEADERBOARD),
        Column(
            "additive_fit_score",
            pa.float64(),
            "Effect of the model in the additive fit score = model + scenario by least squares, over all scenarios of "
            "the source's benchmarks whose main metric ranges from 0 to 1 and is better if higher: what the model's "
            "mean over the scenarios would be, if each model were equally much better or worse in all of them. A "
            "scenario that several benchmarks have counts once, as in the benchmark in which most models have it; a "
            "scenario of several tasks counts once, as their mean. It is the same number in all rows of a model.",
            NO_FIT,
        ),
        Column(
            "additive_fit_low",
            pa.float64(),
            "Lower end of the 95 % confidence interval of additive_fit_score, which covers the choice of instances and "
            "the scenarios that the model lacks, not the choice of scenarios or prompts.",
            NO_FIT,
        ),
        Column(
            "additive_fit_high",
            pa.float64(),
            "Upper end of the 95 % confidence interval of additive_fit_score.",
            NO_FIT,
        ),
        Column("n_fit_scenarios", pa.int32(), "Number of scenarios of the fit in which the model has a score.", NO_FIT),
        Column("n_fit_scenarios_total", pa.int32(), "Number of scenarios of the fit.", NO_FIT),
    ),
    key=("source", "model_name", "benchmark"),
)

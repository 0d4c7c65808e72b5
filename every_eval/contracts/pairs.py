"""pairs: the difference between two models on the same items, with its confidence interval and tests."""

import pyarrow as pa

from every_eval.contracts import shared_columns as shared
from every_eval.contracts.paired_columns import BONETT_PRICE, BOOTSTRAP, probability
from every_eval.contracts.table import Column, Table

MAIN_SCORE = "main_score"
MEAN_WIN_RATE = "mean_win_rate"
MEAN_SCORE = "mean_score"

DECISIONS = "decisions"

OF_STANDINGS = "kind is not main_score"
NO_ITEMS = "the models have no item in common, or the score of one of them is not over single items"
UNTESTED = f"{NO_ITEMS}, or kind is {MEAN_WIN_RATE}"
NO_SPREAD = (
    f"{NO_ITEMS}, or they have one item alone in common in a scenario; if kind is {MEAN_WIN_RATE}, when the models "
    "have scores in different columns"
)
NOT_BINARY = f"{UNTESTED}, or a value is neither 0 nor 1"


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
        Column(
            f"score_{side}",
            pa.float64(),
            f"Score of model {side} over all of its items, in the unit of the metric.",
        ),
    )


PAIRS = Table(
    name="pairs",
    doc=(
        "One row per pair of models and score that both models have: the main score of each variant among the runs "
        "that the newest release shows, the mean score of the benchmark's main table, and the mean win rate if the "
        "benchmark has one. Model a is the model that comes first by name, deployment and run, so that each pair is "
        "there once. To look up a pair in either order, read the row where a is the one and b the other, or the row "
        "where b is the one and a the other, and change the signs of difference, ci_low and ci_high (which change "
        "places) there: SELECT difference ... WHERE run_a = x AND run_b = y UNION ALL SELECT -difference ... WHERE "
        "run_a = y AND run_b = x. A difference is over the columns of the main table, and within them the items, that "
        "both models have: with C columns and n items in a column, each item weighs 1 / (C n), and a column over "
        "several scenarios weighs them as its score does. So it can differ from score_a - score_b. Runs with an "
        "unscored_reason, of which rows are missing or values are not finite, are left out. Intervals and tests cover "
        "the choice of items, not the choice of trials or prompts. Whether two models differ is decided by a p-value; "
        "an interval holds for one pair at a time."
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
        Column(
            "n",
            pa.int64(),
            "Number of items that both models have a value for, over all columns. An item is a question itself, and an "
            "item that a run has several times counts once.",
            minimum=0,
        ),
        Column(
            "n_columns",
            pa.int64(),
            "Number of columns of the main table that the difference is over; 1 if runs are compared.",
            minimum=0,
        ),
        Column(
            "difference",
            pa.float64(),
            f"Difference of the scores over the items that both models have, a - b. If kind is {MEAN_WIN_RATE}, mean "
            "difference of the win rates in the columns that both models have.",
            f"{NO_ITEMS}; if kind is {MEAN_WIN_RATE}, when the models have no column in common",
        ),
        Column(
            "ci_low",
            pa.float64(),
            f"Lower end of the 95 % confidence interval of difference; if kind is {MEAN_WIN_RATE}, lowest difference "
            "that the decisions in the columns allow, which holds for all pairs at once.",
            NO_SPREAD,
        ),
        Column("ci_high", pa.float64(), "Upper end of the same interval.", NO_SPREAD),
        Column(
            "ci_method",
            pa.string(),
            f"Method of the confidence interval: {BONETT_PRICE}, for values of 0 and 1 in one scenario; {BOOTSTRAP}, "
            "percentiles of 2,000 paired replicates, whose ends have a Monte-Carlo error of 0.06 standard errors of "
            f"the difference; or {DECISIONS}, bounds that follow from the pairs that are decided in single columns by "
            "Holm's method over all pairs and columns.",
            NO_SPREAD,
            repeats=True,
        ),
        probability(
            "p_value",
            "P-value of the hypothesis that both models do equally well: McNemar's exact test for values of 0 and 1 in "
            "one scenario, else 9,999 random sign flips, in which an item has the same sign in all pairs and columns; "
            "beyond 3.5 standard errors, an upper bound of the p-value over all sign flips. Rounded to 9 significant "
            "digits.",
            UNTESTED,
        ),
        probability(
            "p_holm",
            "p_value adjusted by Holm's method over all pairs of the benchmark of the same kind. If all pairs with at "
            "most 0.05 are called different, none is a false alarm with a probability of 0.95.",
            UNTESTED,
        ),
        probability(
            "q_bh",
            "p_value adjusted by Benjamini and Hochberg's method over all pairs of the benchmark of the same kind. "
            "Of the pairs with at most 0.05, about 5 % are false alarms.",
            UNTESTED,
        ),
        Column(
            "minimum_detectable_difference",
            pa.float64(),
            "Smallest true difference that a test at 0.05, not adjusted for other pairs, finds with a probability of "
            "0.80: 2.80 standard errors of the difference, for values of 0 and 1 in one scenario by Bonett and Price.",
            f"{UNTESTED}, or fewer than 6 items have different values",
            minimum=0,
        ),
        Column("n_only_a", pa.int64(), "Number of the n items that only model a gets right.", NOT_BINARY, minimum=0),
        Column("n_only_b", pa.int64(), "Number of the n items that only model b gets right.", NOT_BINARY, minimum=0),
        Column(
            "correlation",
            pa.float64(),
            "Correlation of the models' values over the n items; over several scenarios, of the sampling errors of "
            "their two scores.",
            f"{UNTESTED}, or the values of a model do not vary",
            minimum=-1,
            maximum=1,
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

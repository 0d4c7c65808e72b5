"""cross_source: models that several sources evaluated, with the results of all sources side by side."""

from typing import Final

import pyarrow as pa

from every_eval.contracts.leaderboard import PLACE_AND_SCORES
from every_eval.contracts.model_names import DECLARED_REPO
from every_eval.contracts.table import Column, Table

SAME_NAME = "same_name"
SAME_BUT_FOR_CASE = "same_but_for_case"

SOURCE_STANDING = pa.struct(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("benchmark", pa.string(), nullable=False),
        pa.field("release", pa.string(), nullable=False),
        pa.field("model_name", pa.string(), nullable=False),
        pa.field("model_deployment", pa.string()),
        *PLACE_AND_SCORES,
    ]
)
"""A row in one source's leaderboard of one benchmark, with its rank among the `n_ranked` rows that have a rank."""

SIDE: Final = (
    pa.field("source", pa.string(), nullable=False),
    pa.field("benchmark", pa.string(), nullable=False),
    pa.field("release", pa.string(), nullable=False),
    pa.field("suite", pa.string(), nullable=False),
    pa.field("run", pa.string(), nullable=False),
    pa.field("metric_name", pa.string(), nullable=False),
    pa.field("sub_split", pa.string()),
    pa.field("score", pa.float64(), nullable=False),
    pa.field("n_items", pa.int64(), nullable=False),
)
"""A main score of a run, the mean over `n_items` items; its set-up comes after it."""

FILTER: Final = "filter"
"""Name of the part of the set-up that follows the comma in the metric's name."""

SETUP: Final = (
    pa.field("split", pa.string()),
    pa.field("n_in_context_examples", pa.int64()),
    pa.field("adapter_method", pa.string()),
    pa.field(FILTER, pa.string()),
    pa.field("temperature", pa.float64()),
    pa.field("max_tokens", pa.int64()),
    pa.field("num_outputs", pa.int64()),
)
"""Set-up of a run that can differ between sources; null where the run does not state it. The filter is one of lm-eval,
or a score of Inspect; it is null if the metric is of the whole output."""

STATED_SETUP: Final = tuple(field.name for field in SETUP if field.name != FILTER)
"""Names of the set-up that a source may not state; a metric without a filter has none."""

COMPARISONS: Final = "comparisons"
"""Name of the column of comparisons."""

METRIC: Final = "metric"
"""Entry of `setup_differs` for metrics with different names, without their filters."""

COMPARED: Final = (
    pa.field("lower_is_better", pa.bool_()),
    pa.field("setup_differs", pa.list_(pa.field("element", pa.string(), nullable=False)), nullable=False),
    pa.field("setup_unknown", pa.list_(pa.field("element", pa.string(), nullable=False)), nullable=False),
    pa.field("n_common_items", pa.int64(), nullable=False),
    pa.field("mean_a", pa.float64()),
    pa.field("mean_b", pa.float64()),
    pa.field("difference", pa.float64()),
    pa.field("ci_low", pa.float64()),
    pa.field("ci_high", pa.float64()),
    pa.field("ci_method", pa.string()),
    pa.field("p_value", pa.float64()),
    pa.field("p_holm", pa.float64()),
    pa.field("q_bh", pa.float64()),
    pa.field("not_compared_because", pa.string()),
)
"""Comparison of two runs: which set-up differs or is unknown, and the difference a - b on the items that both have."""

SOURCE_COMPARISON: Final = pa.struct(
    [
        pa.field("common_name", pa.string()),
        *(field.with_name(f"{field.name}_{side}") for side in ("a", "b") for field in (*SIDE, *SETUP)),
        *COMPARED,
    ]
)
"""Scores of two runs of one model. The runs are of different sources, and share items or the scenario."""

CROSS_SOURCE = Table(
    name="cross_source",
    doc=(
        "One row per model that leaderboards of at least two sources name. Two names are the same model if the names "
        "creator/name are equal in lower case. Other names are left out: a name without a creator, with a revision (@) "
        "or with an adapter (+) cannot be matched with certainty. Results of different sources are shown side by side "
        "and never averaged, because the sources do not measure the same thing; single runs are compared on the "
        "questions that both have."
    ),
    columns=(
        Column(
            "model_id",
            pa.string(),
            "Identifier of the model: the identity that identities has, which is creator/name in lower case.",
        ),
        Column(
            "match_rule",
            pa.string(),
            f"Rule that matched the sources' names: {SAME_NAME}, if all names are identical; {SAME_BUT_FOR_CASE}, if "
            f"the names differ in upper and lower case only; {DECLARED_REPO}, if HELM declares that it loads a model "
            "of one name from the repo of the other name (contracts/model_names.py).",
            repeats=True,
        ),
        Column("n_sources", pa.int32(), "Number of sources whose leaderboards name the model.", minimum=2),
        Column(
            "standings",
            pa.list_(pa.field("element", SOURCE_STANDING, nullable=False)),
            "Rows of the model in the leaderboards of each source, ordered by source, benchmark, name and deployment. "
            "To read in DuckDB: unnest(standings, recursive := true); in pandas: explode, then json_normalize.",
        ),
        Column(
            COMPARISONS,
            pa.list_(pa.field("element", SOURCE_COMPARISON, nullable=False)),
            "Main scores of two runs of the model, of different sources, side by side; ordered by the columns of a, "
            "then of b. Two runs are compared if they have questions in common, by the column item of item_scores: "
            "n_common_items counts these, mean_a and mean_b are over these alone, and difference is mean_a - mean_b, "
            "with a 95 % confidence interval and a p_value as in pairs; p_holm and q_bh are adjusted over all "
            "comparisons of the file. If two runs are of one scenario (common_name) without common questions, and each "
            "benchmark has one main score of the model there, the scores stand here without a difference, and "
            "not_compared_because says why. setup_differs names the set-up that differs: metric, split, "
            "n_in_context_examples, adapter_method, filter, temperature, max_tokens, num_outputs; setup_unknown names "
            "what one of the runs does not state. Sources name their methods and metrics differently. A difference can "
            "be due to the set-up.",
            null_when="no two runs of the model are compared",
        ),
    ),
    key=("model_id",),
)

"""Column lineage: which columns of the tables upstream each column is made from."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import dagster as dg

from every_eval.contracts.catalog import CATALOG
from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.metrics import METRICS
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Table
from every_eval.orchestration.asset_keys import asset_key
from every_eval.orchestration.metadata import column_schema
from every_eval.sources.source import Source

MOMENTS: Final = ("mean", "m2", "n_scored", "cluster_m2", "n_clusters", "trial_variance", "residual_mean_square")
"""Columns that standard errors and intervals are made from."""

MADE_FROM: Final[Mapping[tuple[str, str], Mapping[str, Sequence[str]]]] = {
    (SAMPLES.name, CATALOG.name): {"category": ("facts",), "creator": ("facts",)},
    (STATS.name, METRICS.name): {
        **dict.fromkeys(("n_instances", "n_scored", "n_trials", "mean", "m2", "min", "max"), ("value",)),
        **dict.fromkeys(("trial_variance", "residual_mean_square", "n_clusters", "cluster_m2"), ("value",)),
    },
    (COMPREHENSIVE_STATS.name, STATS.name): {
        "evaluation_method_name": ("metric_name",),
        "total_samples": ("n_instances",),
        "accuracy": ("mean", "metric_name"),
        "mean_score": ("mean",),
        "std_score": ("m2", "n_scored"),
        "min_score": ("min",),
        "max_score": ("max",),
        "standard_error": (*MOMENTS, "standard_error"),
        "ci_low": MOMENTS,
        "ci_high": MOMENTS,
        "rank": ("mean", "variant"),
    },
    (LEADERBOARD.name, COMPREHENSIVE_STATS.name): {
        "rank": ("mean_score",),
        "mean_win_rate": ("mean_score", "lower_is_better", "groups"),
        "mean_score": ("mean_score", "groups"),
        "n_scenarios": ("groups",),
    },
}
"""By table and table upstream: columns that are not made from the column of the same name."""

UPSTREAM: Final = {
    SAMPLES.name: (CATALOG,),
    METRICS.name: (CATALOG,),
    STATS.name: (CATALOG, METRICS),
    COMPREHENSIVE_STATS.name: (STATS,),
    LEADERBOARD.name: (COMPREHENSIVE_STATS,),
}
"""By table: the tables upstream whose columns are known to go into the table."""


def definition_metadata(source: Source, table: Table) -> dict[str, Any]:
    """Return what is known of a table before it exists: its columns, and in words what each column is made from.

    Only Dagster+ draws column lineage. The words in the columns' descriptions show in every UI.
    """
    return {"dagster/column_schema": column_schema(table, column_lineage(source, table))}


def column_lineage(source: Source, table: Table) -> dg.TableColumnLineage:
    """Return the lineage of a table's columns; columns that come from no table of ours are left out."""
    origins = {
        name: [origin for parent in UPSTREAM.get(table.name, ()) for origin in _origins(source, table, parent, name)]
        for name in table.schema.names
    }
    return dg.TableColumnLineage({name: list(dict.fromkeys(found)) for name, found in origins.items() if found})


def _origins(source: Source, table: Table, parent: Table, column: str) -> list[dg.TableColumnDep]:
    key = asset_key(source, parent)
    same = (column,) if column in parent.schema.names and (parent is not METRICS or column in METRICS.key) else ()
    return [dg.TableColumnDep(key, name) for name in MADE_FROM.get((table.name, parent.name), {}).get(column, same)]

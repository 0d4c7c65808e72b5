"""Which columns a table's columns are made from, as Dagster shows it."""

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
from every_eval.orchestration.metadata import column_schema
from every_eval.sources.source import Source

MOMENTS: Final = ("mean", "m2", "n_scored")
"""What standard errors and intervals are made from."""

MADE_FROM: Final[Mapping[tuple[str, str], Mapping[str, Sequence[str]]]] = {
    (SAMPLES.name, CATALOG.name): {"category": ("facts",), "creator": ("facts",)},
    (STATS.name, METRICS.name): {
        **dict.fromkeys(("n_instances", "n_scored", "n_trials", "mean", "m2", "min", "max"), ("value",)),
        "boot_sum": ("value", "instance_id"),
        "boot_weight": ("instance_id",),
    },
    (COMPREHENSIVE_STATS.name, STATS.name): {
        "evaluation_method_name": ("metric_name",),
        "total_samples": ("n_instances",),
        "accuracy": ("mean", "metric_name"),
        "mean_score": ("mean",),
        "std_score": ("m2", "n_scored"),
        "min_score": ("min",),
        "max_score": ("max",),
        "standard_error": ("m2", "n_scored", "standard_error"),
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
"""By table and the table it is made from: columns that do not come from the column of the same name."""


def definition_metadata(sources: Sequence[Source], table: Table) -> dict[str, Any]:
    """What is known of a table before it is made: its columns, and in words what they are made from.

    Dagster+ alone draws the lineage of columns, which is why the words are there.
    """
    return {"dagster/column_schema": column_schema(table, column_lineage(sources, table))}


def column_lineage(sources: Sequence[Source], table: Table) -> dg.TableColumnLineage:
    """The lineage of a table's columns; a column that comes from none of ours is left out."""
    upstream = {
        SAMPLES.name: (CATALOG,),
        METRICS.name: (CATALOG,),
        STATS.name: (CATALOG, METRICS),
        COMPREHENSIVE_STATS.name: (STATS,),
        LEADERBOARD.name: (COMPREHENSIVE_STATS,),
    }.get(table.name, ())
    origins = {
        name: [origin for parent in upstream for source in sources for origin in _origins(source, table, parent, name)]
        for name in table.schema.names
    }
    return dg.TableColumnLineage({name: list(dict.fromkeys(found)) for name, found in origins.items() if found})


def _origins(source: Source, table: Table, parent: Table, column: str) -> list[dg.TableColumnDep]:
    key = dg.AssetKey(parent.name if parent is COMPREHENSIVE_STATS else [source.name, parent.name])
    same = (column,) if column in parent.schema.names and (parent is not METRICS or column in METRICS.key) else ()
    return [dg.TableColumnDep(key, name) for name in MADE_FROM.get((table.name, parent.name), {}).get(column, same)]

"""Column lineage names only columns that exist."""

import dagster as dg
import pytest

from every_eval.contracts.catalog import CATALOG
from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.metrics import METRICS
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Table
from every_eval.orchestration.lineage import MADE_FROM, column_lineage, definition_metadata
from every_eval.sources.eval_harness.source import EvalHarnessSource
from every_eval.sources.helm.source import HelmSource

TABLES = {table.name: table for table in (CATALOG, SAMPLES, METRICS, STATS, COMPREHENSIVE_STATS, LEADERBOARD)}


@pytest.mark.parametrize("table", TABLES.values(), ids=list(TABLES))
def test_every_column_and_every_origin_is_declared(table: Table) -> None:
    for column, origins in column_lineage(HelmSource(), table).deps_by_column.items():
        assert column in table.schema.names
        for origin in origins:
            assert origin.column_name in TABLES[origin.asset_key.path[-1]].schema.names


def test_columns_that_are_computed_are_declared() -> None:
    for (table, parent), made in MADE_FROM.items():
        assert set(made) <= set(TABLES[table].schema.names)
        assert {name for names in made.values() for name in names} <= set(TABLES[parent].schema.names)


def test_a_score_on_the_leaderboard_leads_back_to_the_values_of_single_outputs() -> None:
    source = HelmSource()
    score = column_lineage(source, LEADERBOARD).deps_by_column["mean_score"]
    assert dg.TableColumnDep(dg.AssetKey(["helm", "comprehensive_stats"]), "mean_score") in score
    mean = column_lineage(source, COMPREHENSIVE_STATS).deps_by_column["mean_score"]
    assert mean == [dg.TableColumnDep(dg.AssetKey(["helm", "stats"]), "mean")]
    assert column_lineage(source, STATS).deps_by_column["mean"] == [
        dg.TableColumnDep(dg.AssetKey(["helm", "metrics"]), "value")
    ]


def test_a_column_says_in_words_what_it_is_made_from() -> None:
    columns = {
        column.name: str(column.description)
        for column in definition_metadata(EvalHarnessSource(), COMPREHENSIVE_STATS)["dagster/column_schema"].columns
    }
    assert columns["std_score"].endswith(" Made from eval_harness/stats.m2, eval_harness/stats.n_scored.")
    assert "Made from" not in columns["release"]

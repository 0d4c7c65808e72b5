import importlib
import inspect
import pkgutil

from every_eval import contracts
from every_eval.contracts.repo_layout import files_of
from every_eval.contracts.scenario_scores import SCENARIO_SCORES
from every_eval.contracts.state import STATE_ITEM_SCORES
from every_eval.contracts.table import Table
from every_eval.readers.arrow_tables import table
from every_eval.readers.published_tables import DATA_TABLES, SCORES_TABLES, TABLES
from every_eval_tests.ingestion.publishing import Publishing


def test_every_contract_is_a_table_that_can_be_read() -> None:
    modules = [
        importlib.import_module(f"{contracts.__name__}.{found.name}")
        for found in pkgutil.iter_modules(contracts.__path__)
    ]
    declared = {value.name for module in modules for value in vars(module).values() if isinstance(value, Table)}
    # The state's item scores are those of the data repo, kept for the daily job; the page has a copy of main scores.
    assert declared - {STATE_ITEM_SCORES.name, SCENARIO_SCORES.name} == set(TABLES)


def test_no_column_has_the_name_of_an_argument() -> None:
    arguments = inspect.signature(table).parameters.keys() - {"filters"}
    assert [name for one in TABLES.values() for name in one.schema.names if name in arguments] == []


def test_each_file_of_a_repo_belongs_to_one_table(publishing: Publishing) -> None:
    publishing.refresh("mmlu")
    paths = [path for path in publishing.hub.snapshot("evaleval/every_eval_ever").files if path.endswith(".parquet")]
    owners = {path: [one.name for one in DATA_TABLES if path in files_of(one, paths)] for path in paths}
    assert {path: names for path, names in owners.items() if len(names) != 1} == {}
    paths = ["latest/pairs_helm.parquet", "latest/cross_source.parquet", "latest/helm_tables.parquet"]
    paths += ["latest/comprehensive_stats_eval_harness.parquet", "state/helm_lite/00001-0123456789ab.parquet"]
    others = ["comprehensive_stats_helm_20261120_060000.parquet", "state/helm_lite/releases-0123456789ab.parquet"]
    owners = {path: [one.name for one in SCORES_TABLES if path in files_of(one, [*paths, *others])] for path in paths}
    assert list(owners.values()) == [["pairs"], ["cross_source"], ["helm_tables"], ["comprehensive_stats"], ["state"]]
    assert [path for one in SCORES_TABLES for path in files_of(one, others)] == []

import subprocess
import sys
from pathlib import Path

import dagster as dg

from every_eval.contracts.table import Table
from every_eval.definitions import build_definitions
from every_eval.orchestration.daily import TABLES
from every_eval.orchestration.names import SHARD_TABLES
from every_eval.sources import SOURCES

GUARD = """
import os, sys
allowed = {"PATH"}
for name in list(os.environ):
    if name not in allowed:
        del os.environ[name]
class Watched(type(os.environ)):
    pass
def hook(event, args):
    if event.startswith("socket.connect") or event.startswith("socket.getaddrinfo"):
        raise AssertionError(event)
sys.addaudithook(hook)
os.environ["EVERY_EVAL_HUB"] = "huggingface"
os.environ["EVERY_EVAL_SHARD_BYTES"] = "nonsense"
from every_eval.definitions import defs
assert {job.name for job in defs.jobs or []} >= {"refresh", "weekly_data_processing", "daily_comprehensive_stats"}
assert "pandas" not in sys.modules
"""


def test_importing_reads_no_setting_and_touches_no_network(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-W", "error", "-c", GUARD], check=True, cwd=tmp_path)


def test_the_graph_is_the_one_that_is_documented() -> None:
    graph = build_definitions().resolve_asset_graph()
    edges = {
        node.key.to_user_string(): sorted(key.to_user_string() for key in node.parent_keys)
        for node in graph.asset_nodes
    }
    assert edges == {
        "helm/catalog": [],
        "helm/samples": ["helm/catalog"],
        "helm/metrics": ["helm/catalog"],
        "helm/stats": ["helm/catalog"],
        "eval_harness/catalog": [],
        "eval_harness/samples": ["eval_harness/catalog"],
        "eval_harness/metrics": ["eval_harness/catalog"],
        "eval_harness/stats": ["eval_harness/catalog"],
        "comprehensive_stats": ["eval_harness/stats", "helm/stats"],
        "leaderboard": ["comprehensive_stats"],
    }
    partitioned = {node.key.to_user_string() for node in graph.asset_nodes if node.partitions_def}
    assert partitioned == {f"{source.name}/{table.name}" for source in SOURCES for table in SHARD_TABLES}


def test_every_asset_shows_its_description_its_columns_and_a_check() -> None:
    graph = build_definitions().resolve_asset_graph()
    contracts: dict[str, Table] = {f"{source.name}/{table.name}": table for source in SOURCES for table in SHARD_TABLES}
    contracts |= {key.to_user_string(): table for key, table in TABLES.items()}
    checked = {key.asset_key.to_user_string() for key in graph.asset_check_keys}
    for node in graph.asset_nodes:
        assert node.description
        schema = node.metadata["dagster/column_schema"]
        assert isinstance(schema, dg.TableSchema)
        assert all(column.description for column in schema.columns)
        name = node.key.to_user_string()
        if name in contracts:
            assert [column.name for column in schema.columns] == contracts[name].schema.names
            assert name in checked


def test_schedules_fire_in_utc_and_are_off_until_switched_on() -> None:
    found = [one for one in build_definitions().schedules or [] if isinstance(one, dg.ScheduleDefinition)]
    schedules = {schedule.name: schedule for schedule in found}
    crons = {name: schedule.cron_schedule for name, schedule in schedules.items()}
    assert crons == {
        "weekly_data_processing_schedule": "0 3 * * 1",
        "daily_comprehensive_stats_schedule": "0 6 * * *",
    }
    for schedule in schedules.values():
        assert schedule.execution_timezone == "UTC"
        assert schedule.default_status is dg.DefaultScheduleStatus.STOPPED

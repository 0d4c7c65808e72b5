import subprocess
import sys
from pathlib import Path

import dagster as dg
from dagster._core.definitions.assets.graph.asset_graph import AssetGraph

from every_eval.definitions import build_definitions
from every_eval.sources import SOURCES
from every_eval.sources.source import Source

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


SOURCE_NAMES = [source.name for source in SOURCES]
SHARDED = ("samples", "metrics", "stats", "item_scores", "judgements", "rejects")
"""Tables with a partition for each shard."""


def graph(*sources: Source) -> AssetGraph:
    return build_definitions(sources or SOURCES).resolve_asset_graph()


def test_the_graph_is_the_one_that_is_documented() -> None:
    edges = {
        node.key.to_user_string(): sorted(key.to_user_string() for key in node.parent_keys)
        for node in graph().asset_nodes
    }
    of_source = {
        "catalog": [],
        "releases": [],
        **{table: ["catalog"] for table in SHARDED},
        "shards": ["stats"],
        "comprehensive_stats": ["releases", "stats"],
        "leaderboard": ["comprehensive_stats"],
        **{
            name: ["comprehensive_stats"]
            for name in ("pairs", "items", "robustness", "calibration", "history", "changes")
        },
        "cross_benchmark": ["leaderboard"],
        "eee": ["metrics", "releases", "samples", "stats"],
    }
    expected = {
        f"{source}/{name}": [f"{source}/{parent}" for parent in parents]
        for source in SOURCE_NAMES
        for name, parents in of_source.items()
    }
    expected["helm/tables"] = ["helm/comprehensive_stats"]
    expected["cross_source"] = sorted(f"{source}/leaderboard" for source in SOURCE_NAMES)
    expected["page"] = ["cross_source", *expected["cross_source"]]
    expected["identities"] = sorted(f"{source}/comprehensive_stats" for source in SOURCE_NAMES)
    assert edges == expected


def test_the_tables_of_shards_alone_are_partitioned_each_source_by_its_own_shards() -> None:
    partitions = {
        node.key.to_user_string(): node.partitions_def.name
        for node in graph().asset_nodes
        if isinstance(node.partitions_def, dg.DynamicPartitionsDefinition)
    }
    assert partitions == {f"{source}/{table}": f"{source}_shards" for source in SOURCE_NAMES for table in SHARDED}


def test_with_fewer_sources_the_graph_is_that_of_the_others() -> None:
    helm, *_ = SOURCES
    keys = graph().get_all_asset_keys()
    assert graph(helm).get_all_asset_keys() == {key for key in keys if key.path[0] not in SOURCE_NAMES[1:]}
    assert set(build_definitions([helm]).resources or {}) == {"hub", "helm", "alerts", "ingestion_lock"}


def test_every_asset_shows_its_description_its_columns_and_a_check() -> None:
    found = graph()
    checks: dict[str, set[str]] = {}
    for key in found.asset_check_keys:
        checks.setdefault(key.asset_key.to_user_string(), set()).add(key.name)
    for node in found.asset_nodes:
        assert node.description
        if node.key.path[-1] == "eee":
            continue  # Its files are JSON for another place, and no table.
        schema = node.metadata["dagster/column_schema"]
        assert isinstance(schema, dg.TableSchema)
        assert schema.columns
        assert all(column.description for column in schema.columns)
        assert "contract" in checks[node.key.to_user_string()]


def test_a_check_of_a_shard_is_partitioned_and_stands_beside_one_of_all_published_shards() -> None:
    found = graph()
    partitioned = {
        (key.asset_key.to_user_string(), key.name)
        for key in found.asset_check_keys
        if found.get_check_spec(key).partitions_def is not None
    }
    names = {(key.asset_key.to_user_string(), key.name) for key in found.asset_check_keys}
    of_shards = [(table, "contract") for table in SHARDED] + [("rejects", "rejects"), ("stats", "reported")]
    of_shards += [("samples", "held_back"), ("samples", "failed_runs")]
    assert partitioned == {
        (f"{source.name}/{table}", f"shard_{check}") for source in SOURCES for table, check in of_shards
    }
    assert {(f"{source.name}/{table}", check) for source in SOURCES for table, check in of_shards} <= names


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


def test_loading_the_definitions_imports_nothing_that_only_running_needs() -> None:
    """The modules that read, score or export, and large libraries, are imported when they are first used."""
    code = "import sys, every_eval.definitions; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], check=True, capture_output=True, text=True)
    loaded = set(done.stdout.split())
    late = {
        *("scipy.special", "scipy.stats", "scipy.sparse", "huggingface_hub.hf_api", "matplotlib", "duckdb", "pandas"),
        *("every_eval.sources.helm.reading.run_reader", "every_eval.sources.helm.tables.standings"),
        *("every_eval.sources.eval_harness.task_run_reader", "every_eval.sources.inspect.run_reader"),
        *("every_eval.scoring.build", "every_eval.export.eee.export", "every_eval.page.page_builder"),
    }
    assert late & loaded == set()

"""Data versions: whoever publishes a shard, the graph shows it, and everything made from it, as up to date."""

import json
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from every_eval.contracts.repo_layout import SHARD_TABLES, published_shards
from every_eval.contracts.scores_tables import TABLES_OF_SOURCE
from every_eval.definitions import build_definitions
from every_eval_tests.orchestration.deployment import IN_MEMORY, Deployment, dagster_instance

pytestmark = pytest.mark.slow

SCORES = {"helm/tables", *(f"helm/{table.name}" for table in TABLES_OF_SOURCE)}
SHARDED = [f"helm/{table.name}" for table in SHARD_TABLES]
RUN = "mmlu:subject=anatomy,method=multiple_choice_joint,model=01-ai_yi-34b,eval_split=test,groups=mmlu_anatomy"


def statuses(deployment: Deployment) -> Mapping[str, set[StaleStatus]]:
    """How Dagster sees every asset of HELM: up to date, stale ("Unsynced" in the UI) or missing."""
    graph = build_definitions().resolve_asset_graph()
    resolver = CachingStaleStatusResolver(deployment.instance, graph, LoadingContextForTest(deployment.instance))
    shards = deployment.instance.get_dynamic_partitions("helm_shards")
    return {
        node.key.to_user_string(): {
            resolver.get_status(node.key, shard) for shard in (shards if node.is_partitioned else [None])
        }
        for node in graph.asset_nodes
        if node.key.path[0] in ("helm", "cross_source", "identities")
        and node.key.path[-1] != "eee"  # No job makes the export.
    }


def stale(deployment: Deployment) -> set[str]:
    return {name for name, found in statuses(deployment).items() if found != {StaleStatus.FRESH}}


def versions(deployment: Deployment, name: str) -> dict[str, str]:
    """The data version of each partition's newest materialisation."""
    key = dg.AssetKey.from_user_string(name)
    records = deployment.instance.fetch_materializations(key, limit=1000).records
    found: dict[str, str] = {}
    for record in records:
        event = record.asset_materialization
        assert event is not None
        assert event.tags is not None
        found.setdefault(str(event.partition), event.tags["dagster/data_version"])
    return found


def test_nothing_is_stale_after_the_weekly_job_a_shard_of_the_ui_and_the_daily_job(deployment: Deployment) -> None:
    assert deployment.launch("weekly_data_processing").success
    assert stale(deployment) == SCORES  # They were never made.
    assert deployment.launch("daily_comprehensive_stats").success
    assert stale(deployment) == set()
    shard = deployment.instance.get_dynamic_partitions("helm_shards")[0]
    assert deployment.materialize(SHARDED, partition_key=shard).success
    assert stale(deployment) == set()
    assert deployment.materialize(sorted(SCORES)).success
    assert stale(deployment) == set()
    for job in ("weekly_data_processing", "daily_comprehensive_stats", "refresh"):
        assert deployment.launch(job).success
        assert stale(deployment) == set()


def test_the_data_version_of_a_shard_is_its_fingerprint_on_every_path(refreshed: Deployment, tmp_path: Path) -> None:
    folders = ("helm_lite", "helm_mmlu", "helm_classic")
    published = {
        shard: fingerprint
        for folder in folders
        for shard, (fingerprint,) in published_shards(refreshed.paths(), folder).items()
    }
    assert all(versions(refreshed, name) == published for name in SHARDED)
    first, last = (refreshed.instance.get_dynamic_partitions("helm_shards")[at] for at in (0, -1))
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    assert refreshed.materialize("helm/stats", tags=tags).success
    assert all(versions(refreshed, name) == published for name in SHARDED)
    with dagster_instance(tmp_path / "another", IN_MEMORY) as refreshed.instance:
        assert refreshed.launch("daily_comprehensive_stats").success
        assert all(versions(refreshed, name) == published for name in SHARDED)
        assert stale(refreshed) == set()


def test_a_changed_shard_makes_the_scores_stale_until_the_daily_job(refreshed: Deployment) -> None:
    file = refreshed.root.run("mmlu", "v1.0.0", RUN) / "stats.json"
    file.write_text(json.dumps(json.loads(file.read_text())))
    assert refreshed.launch("weekly_data_processing").success
    assert "helm/comprehensive_stats" in stale(refreshed)
    assert refreshed.launch("daily_comprehensive_stats").success
    assert stale(refreshed) == set()


def test_a_new_release_makes_the_scores_stale_until_the_daily_job(refreshed: Deployment) -> None:
    refreshed.root.add_release("lite", "v1.1.0", "v1.2.0")
    assert refreshed.materialize("helm/catalog").success
    assert "helm/comprehensive_stats" in stale(refreshed)
    assert refreshed.launch("daily_comprehensive_stats").success
    assert stale(refreshed) == set()

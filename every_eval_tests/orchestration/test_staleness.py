"""A discovery that finds nothing of a shard's does not make the shard look out of date."""

import dagster as dg
from dagster._core.definitions.data_version import CachingStaleStatusResolver, StaleStatus
from dagster._core.loader import LoadingContextForTest

from every_eval.definitions import build_definitions
from every_eval_tests.orchestration.deployment import Deployment

ASSETS = ("helm/samples", "helm/metrics", "helm/stats", "comprehensive_stats", "leaderboard")


def statuses(deployment: Deployment) -> set[StaleStatus]:
    graph = build_definitions().resolve_asset_graph()
    resolver = CachingStaleStatusResolver(deployment.instance, graph, LoadingContextForTest(deployment.instance))
    shards = deployment.instance.get_dynamic_partitions("helm_shards")
    return {
        resolver.get_status(key, shard)
        for key in map(dg.AssetKey.from_user_string, ASSETS)
        for shard in (shards if key.path[0] == "helm" else [None])
    }


def test_everything_is_up_to_date_after_a_refresh_and_after_another_one(deployment: Deployment) -> None:
    for _ in range(2):
        assert deployment.launch("refresh").success
        assert statuses(deployment) == {StaleStatus.FRESH}

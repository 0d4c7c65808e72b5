"""What every run materialises turns red when a run is missed, and nothing else does."""

from datetime import timedelta

from every_eval.definitions import build_definitions
from every_eval_tests.orchestration.deployment import Deployment


def test_freshness_is_the_interval_of_the_schedule_and_the_limit_of_its_run() -> None:
    policies = {
        node.key.to_user_string(): node.freshness_policy
        for node in build_definitions().resolve_asset_graph().asset_nodes
        if node.freshness_policy is not None and not node.key.path[0].startswith("eval_harness")
    }
    windows = {name: policy.fail_window.to_timedelta() for name, policy in policies.items()}  # type: ignore[attr-defined]
    assert windows == {
        "helm/catalog": timedelta(days=7, hours=6),
        "comprehensive_stats": timedelta(days=1, hours=2),
        "leaderboard": timedelta(days=1, hours=2),
    }


def test_a_run_that_finds_nothing_new_says_so_and_keeps_the_assets_fresh(deployment: Deployment) -> None:
    assert deployment.launch("refresh").success
    first = deployment.metadata("leaderboard")
    assert deployment.launch("refresh").success
    second = deployment.metadata("leaderboard")
    assert (first["is_new"], second["is_new"]) == (True, False)
    assert second["shards_read"] == 0
    assert {name: second[name] for name in ("dagster/row_count", "bytes", "preview", "location")} == {
        name: first[name] for name in ("dagster/row_count", "bytes", "preview", "location")
    }
    assert second["duration_seconds"] >= 0

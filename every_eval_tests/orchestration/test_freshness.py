"""Freshness: an asset that every run materialises turns red when a run is missed, and no other asset does."""

import asyncio
from datetime import UTC, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.definitions.freshness import FreshnessState, FreshnessStateRecord
from dagster._core.test_utils import create_test_daemon_workspace_context, freeze_time
from dagster._core.workspace.load_target import ModuleTarget
from dagster._daemon.freshness import FreshnessDaemon

from every_eval.contracts.helm_tables import HELM_TABLES
from every_eval.contracts.scores_tables import TABLES_OF_SOURCE
from every_eval.definitions import build_definitions
from every_eval.sources import SOURCES
from every_eval_tests.orchestration.deployment import Deployment


def test_freshness_is_the_interval_of_the_schedule_and_the_limit_of_its_run() -> None:
    policies = {
        node.key.to_user_string(): node.freshness_policy
        for node in build_definitions().resolve_asset_graph().asset_nodes
        if node.freshness_policy is not None and node.key.path[0] not in [source.name for source in SOURCES[1:]]
    }
    windows = {name: policy.fail_window.to_timedelta() for name, policy in policies.items()}  # type: ignore[attr-defined]
    assert windows == {
        **dict.fromkeys(("helm/catalog", "helm/releases"), timedelta(days=7, hours=6)),
        **dict.fromkeys(
            ("page", *(f"helm/{table.name.removeprefix('helm_')}" for table in (*TABLES_OF_SOURCE, HELM_TABLES))),
            timedelta(days=1, hours=2),
        ),
    }


@pytest.mark.slow
@pytest.mark.usefixtures("mmlu_alone")
def test_a_run_that_finds_nothing_new_says_so_and_keeps_the_assets_fresh(deployment: Deployment) -> None:
    assert deployment.launch("refresh").success
    first = deployment.metadata("helm/leaderboard")
    assert deployment.launch("refresh").success
    second = deployment.metadata("helm/leaderboard")
    assert (first["is_new"], second["is_new"]) == (True, False)
    assert second["shards_read"] == 0
    assert {name: second[name] for name in ("dagster/row_count", "bytes", "preview", "location")} == {
        name: first[name] for name in ("dagster/row_count", "bytes", "preview", "location")
    }
    assert second["duration_seconds"] >= 0


@pytest.mark.slow
@pytest.mark.usefixtures("mmlu_alone")
def test_the_leaderboard_turns_red_after_a_missed_day_and_the_catalog_after_a_missed_week(
    deployment: Deployment,
) -> None:
    assert deployment.launch("refresh").success
    start, assets = datetime.now(UTC), (dg.AssetKey(["helm", "leaderboard"]), dg.AssetKey(["helm", "catalog"]))
    target = ModuleTarget("every_eval.definitions", "defs", None, "every_eval")
    with create_test_daemon_workspace_context(target, deployment.instance) as context:

        def states(later: timedelta) -> list[FreshnessState]:
            with freeze_time(start + later):
                list(FreshnessDaemon().run_iteration(context))
                records = [
                    asyncio.run(FreshnessStateRecord.gen(context.create_request_context(), key)) for key in assets
                ]
                return [record.freshness_state for record in records if record is not None]

        passed, failed = FreshnessState.PASS, FreshnessState.FAIL
        assert states(timedelta(hours=25)) == [passed, passed]
        assert states(timedelta(hours=27)) == [failed, passed]
        assert states(timedelta(days=7, hours=5)) == [failed, passed]
        assert states(timedelta(days=7, hours=7)) == [failed, failed]

"""Pools: the Dagster instance limits how many steps of all runs read a source or commit at the same time."""

from pathlib import Path

import dagster as dg
import pytest

from every_eval.definitions import build_definitions
from every_eval.orchestration.asset_keys import SCORES_POOL, UPSTREAM_POOL
from every_eval.sources import SOURCES
from every_eval_tests.orchestration.deployment import Deployment
from every_eval_tests.orchestration.processes import execute
from every_eval_tests.orchestration.ui import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("mmlu_alone")]


def test_every_step_that_reads_upstream_or_commits_is_in_a_pool() -> None:
    definitions = build_definitions()
    steps = {
        node.name: node.definition.pool
        for job in definitions.resolve_all_job_defs()
        for node in job.graph.nodes
        if isinstance(node.definition, dg.OpDefinition)
    }
    names = [source.name for source in SOURCES]
    shards, discoveries = ({f"{name}_{step}" for name in names} for step in ("shards", "discovery"))
    indexes = {f"{name}__shards_contract" for name in names}
    assert {name for name, pool in steps.items() if pool == UPSTREAM_POOL} == {
        "discover",
        "ingest",
        "check_shards",
        *shards,
        *discoveries,
        *indexes,
    }
    assert {name for name, pool in steps.items() if pool == SCORES_POOL} == {
        "score",
        "check_scores",
        "comprehensive_stats",
        "cross_source_contract",
        "identities_contract",
        "page",
        *(f"{name}_scores" for name in names),
    }
    # An export reads what is published, and commits nothing.
    assert {name for name, pool in steps.items() if pool is None} == {f"{name}__eee" for name in names}


def test_a_step_waits_until_another_run_has_left_its_place_in_the_pool(deployment: Deployment, tmp_path: Path) -> None:
    home = tmp_path / "limited"
    home.mkdir()
    overrides = {"concurrency": {"pools": {"default_limit": 1}}}
    with dg.instance_for_test(overrides, temp_dir=str(home), set_dagster_home=True) as instance:
        places = instance.event_log_storage
        places.initialize_concurrency_limit_to_default(UPSTREAM_POOL)
        places.claim_concurrency_slot(UPSTREAM_POOL, "another run", "ingest")

        def waits() -> bool:
            pool = places.get_concurrency_info(UPSTREAM_POOL)
            return any(step.run_id != "another run" for step in pool.pending_steps)

        process = execute()
        try:
            wait_for("the step to wait", waits)
            assert deployment.paths() == {}
            places.free_concurrency_slots_for_run("another run")
            _, log = process.communicate(timeout=120)
        finally:
            process.kill()
            process.wait()
        assert process.returncode == 0, log
    assert deployment.paths() != {}

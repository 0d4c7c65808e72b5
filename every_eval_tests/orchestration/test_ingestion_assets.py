"""Assets as the UI materialises them."""

from pathlib import Path

import dagster as dg
import pytest

from every_eval.definitions import build_definitions
from every_eval_tests.orchestration.deployment import IN_MEMORY, SCORES, Deployment, dagster_instance

pytestmark = pytest.mark.slow

SHARDS = ("helm_lite_part_00001", "helm_lite_part_00002", "helm_mmlu_part_00001")


def test_materialising_the_catalog_discovers_and_ingests_nothing(deployment: Deployment) -> None:
    assert deployment.materialize("helm/catalog").success
    assert {path.split("/")[0] for path in deployment.paths()} == {"catalog", "releases"}
    assert set(deployment.instance.get_dynamic_partitions("helm_shards")) >= set(SHARDS)
    assert deployment.metadata("helm/catalog")["dagster/row_count"] == len(deployment.root.runs())


def test_a_shard_is_materialised_from_its_partition_with_all_that_is_to_be_shown(deployment: Deployment) -> None:
    assert deployment.materialize("helm/catalog").success
    assert deployment.materialize(["helm/samples", "helm/metrics", "helm/stats"], partition_key=SHARDS[0]).success
    assert {path for path in deployment.paths() if path.startswith("data/")} == {f"data/helm_lite/{SHARDS[0]}.parquet"}
    rows = deployment.table("data/helm_lite/*.parquet")
    metadata = deployment.metadata("helm/samples")
    assert metadata["dagster/row_count"] == metadata["dagster/partition_row_count"] == rows.num_rows
    assert deployment.metadata("helm/shards")["dagster/row_count"] == 1
    assert deployment.metadata("helm/rejects")["dagster/row_count"] == 0
    assert (
        metadata["bytes"]
        == (deployment.hub / "evaleval/every_eval_ever/data/helm_lite" / f"{SHARDS[0]}.parquet").stat().st_size
    )
    assert any(str(metadata["fingerprint"]) in path for path in deployment.paths() if path.startswith("stats/"))
    assert "evaluation_id" in metadata["preview"]
    definition = build_definitions().resolve_asset_graph().get(dg.AssetKey(["helm", "samples"])).metadata
    assert {column.name for column in definition["dagster/column_schema"].columns} == set(rows.column_names)


def test_an_assets_row_count_is_that_of_all_its_partitions(refreshed: Deployment) -> None:
    for table, folder in (("samples", "data"), ("metrics", "metrics"), ("stats", "stats")):
        metadata = refreshed.metadata(f"helm/{table}")
        assert metadata["dagster/row_count"] == refreshed.table(f"{folder}/*/*.parquet").num_rows
        assert 0 < metadata["dagster/partition_row_count"] < metadata["dagster/row_count"]
    for table in ("catalog", "releases", "shards"):
        n_rows = refreshed.table(f"{table}/*.parquet").num_rows
        assert refreshed.metadata(f"helm/{table}")["dagster/row_count"] == n_rows
    for table, file in (("leaderboard", "leaderboard_helm"), ("pairs", "pairs_helm"), ("tables", "helm_tables")):
        metadata = refreshed.metadata(f"helm/{table}")
        assert metadata["dagster/row_count"] == refreshed.table(f"latest/{file}.parquet", SCORES).num_rows
        assert metadata["location"].endswith(f"{SCORES}/latest/{file}.parquet")


def test_what_another_run_published_is_recorded_with_its_row_counts(refreshed: Deployment, tmp_path: Path) -> None:
    with dagster_instance(tmp_path / "another", IN_MEMORY) as refreshed.instance:
        assert refreshed.launch("daily_comprehensive_stats").success
        metadata = refreshed.metadata("helm/samples")
        assert metadata["dagster/row_count"] == refreshed.table("data/*/*.parquet").num_rows
        records = refreshed.instance.fetch_materializations(dg.AssetKey(["helm", "samples"]), limit=1000).records
        counted = [record.asset_materialization.metadata for record in records if record.asset_materialization]
        assert metadata["dagster/row_count"] == sum(
            int(str(one["dagster/partition_row_count"].value)) for one in counted
        )
        assert {record.run_id for record in records} == {""}


def test_a_shard_is_made_again_to_the_same_bytes(refreshed: Deployment) -> None:
    before = refreshed.paths()
    tables = ["helm/samples", "helm/metrics", "helm/stats"]
    assert refreshed.materialize(tables, partition_key=SHARDS[1]).success
    assert refreshed.paths() == before


def test_a_range_of_shards_is_one_run(deployment: Deployment) -> None:
    assert deployment.materialize("helm/catalog").success
    known = deployment.instance.get_dynamic_partitions("helm_shards")
    tags = {"dagster/asset_partition_range_start": known[0], "dagster/asset_partition_range_end": known[2]}
    assert deployment.materialize(["helm/samples", "helm/metrics", "helm/stats"], tags=tags).success
    made = {path.split("/")[-1].removesuffix(".parquet") for path in deployment.paths() if path.startswith("data/")}
    assert made == set(known[:3])
    for table in ("samples", "metrics", "stats", "rejects"):
        assert deployment.instance.get_materialized_partitions(dg.AssetKey(["helm", table])) == made


def test_a_shard_that_the_catalog_does_not_know_fails_with_what_to_do(
    deployment: Deployment, capfd: pytest.CaptureFixture[str]
) -> None:
    deployment.instance.add_dynamic_partitions("helm_shards", ["helm_lite_part_00099"])
    tables = ["helm/samples", "helm/metrics", "helm/stats"]
    assert not deployment.materialize(tables, partition_key="helm_lite_part_00099").success
    assert "Run discovery first" in capfd.readouterr().err

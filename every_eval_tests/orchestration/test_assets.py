"""Assets as the UI materialises them."""

import dagster as dg
import pytest

from every_eval.definitions import build_definitions
from every_eval_tests.orchestration.deployment import Deployment

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
    assert (
        metadata["bytes"]
        == (deployment.hub / "evaleval/every_eval_ever/data/helm_lite" / f"{SHARDS[0]}.parquet").stat().st_size
    )
    assert any(str(metadata["fingerprint"]) in path for path in deployment.paths() if path.startswith("stats/"))
    assert "evaluation_id" in metadata["preview"]
    definition = build_definitions().resolve_asset_graph().get(dg.AssetKey(["helm", "samples"])).metadata
    assert {column.name for column in definition["dagster/column_schema"].columns} == set(rows.column_names)


def test_a_shard_is_made_again_to_the_same_bytes(deployment: Deployment) -> None:
    assert deployment.launch("refresh").success
    before = deployment.paths()
    tables = ["helm/samples", "helm/metrics", "helm/stats"]
    assert deployment.materialize(tables, partition_key=SHARDS[1]).success
    assert deployment.paths() == before


def test_a_range_of_shards_is_one_run(deployment: Deployment) -> None:
    assert deployment.materialize("helm/catalog").success
    known = deployment.instance.get_dynamic_partitions("helm_shards")
    tags = {"dagster/asset_partition_range_start": known[0], "dagster/asset_partition_range_end": known[2]}
    assert deployment.materialize(["helm/samples", "helm/metrics", "helm/stats"], tags=tags).success
    made = {path.split("/")[-1].removesuffix(".parquet") for path in deployment.paths() if path.startswith("data/")}
    assert made == set(known[:3])
    for table in ("samples", "metrics", "stats"):
        assert deployment.instance.get_materialized_partitions(dg.AssetKey(["helm", table])) == made


def test_a_shard_that_the_catalog_does_not_know_fails_with_what_to_do(
    deployment: Deployment, capfd: pytest.CaptureFixture[str]
) -> None:
    deployment.instance.add_dynamic_partitions("helm_shards", ["helm_lite_part_00099"])
    tables = ["helm/samples", "helm/metrics", "helm/stats"]
    assert not deployment.materialize(tables, partition_key="helm_lite_part_00099").success
    assert "discover first" in capfd.readouterr().err

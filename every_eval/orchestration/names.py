"""Names by which Dagster knows a source's assets and partitions."""

import dagster as dg

from every_eval.contracts.metrics import METRICS
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.sources.source import Source

SHARD_TABLES = (SAMPLES, METRICS, STATS)
"""The tables that are assets with a partition for each shard."""

CATALOG = "catalog"
COMPREHENSIVE_STATS = dg.AssetKey("comprehensive_stats")
LEADERBOARD = dg.AssetKey("leaderboard")
SCORES_GROUP = "scores"
OWNERS = ("team:evaleval",)

UPSTREAM_POOL = "upstream"
"""Pool of the steps that read a source's storage and commit to the data repo; a deployment limits how many do."""
SCORES_POOL = "scores"
"""Pool of the steps that commit to the scores repo."""

CONTRACT_CHECK = "contract"
REJECTS_CHECK = "rejects"
REPORTED_CHECK = "reported"
PUBLISHED_CHECK = "published"
VALIDATION_CHECK = "validation"


def shard_partitions(source: Source) -> dg.DynamicPartitionsDefinition:
    """A source's shards as partitions; their keys are added when discovery finds them."""
    return dg.DynamicPartitionsDefinition(name=f"{source.name}_shards")


def asset_key(source: Source, table: str) -> dg.AssetKey:
    """Key of a source's asset."""
    return dg.AssetKey([source.name, table])


def asset_tags(schedule: str, source: Source | None = None) -> dict[str, str]:
    """Tags to filter assets by: which job makes them, and from which source."""
    return {"every_eval/schedule": schedule} | ({} if source is None else {"every_eval/source": source.name})

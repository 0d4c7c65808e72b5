"""The features that a card declares are those that `datasets` reads from the Parquet files."""

import pyarrow as pa
import pytest
import yaml
from datasets import Features

from every_eval.contracts.catalog import CATALOG
from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.helm_tables import HELM_TABLES
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.metrics import METRICS
from every_eval.contracts.rejects import REJECTS
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.shards import SHARDS
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Table
from every_eval.hub.features import features, size_category

CONTRACTS = (
    *(SAMPLES, METRICS, STATS, REJECTS, CATALOG, RELEASES, SHARDS),
    *(COMPREHENSIVE_STATS, LEADERBOARD, HELM_TABLES),
)


def as_datasets_reads_them(schema: pa.Schema) -> Features:
    return Features._from_yaml_list(yaml.safe_load(yaml.safe_dump(features(schema))))


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_features_are_those_of_the_files(contract: Table) -> None:
    assert as_datasets_reads_them(contract.schema) == Features.from_arrow_schema(contract.schema)


def test_types_keep_their_width_their_zone_and_their_depth() -> None:
    inner = pa.struct([pa.field("a", pa.large_string()), pa.field("b", pa.list_(pa.float32()))])
    schema = pa.schema(
        [
            ("moment", pa.timestamp("us", tz="UTC")),
            ("nested", pa.list_(pa.field("element", inner, nullable=False))),
            ("lists", pa.list_(pa.list_(pa.int32()))),
            ("single", inner),
            ("flag", pa.bool_()),
        ]
    )
    assert as_datasets_reads_them(schema) == Features.from_arrow_schema(schema)


@pytest.mark.parametrize(
    ("n_rows", "name"),
    [
        (0, "n<1K"),
        (999, "n<1K"),
        (1_000, "1K<n<10K"),
        (12_345_678, "10M<n<100M"),
        (999_999_999_999, "100B<n<1T"),
        (10**12, "n>1T"),
    ],
)
def test_sizes_have_the_hubs_words(n_rows: int, name: str) -> None:
    assert size_category(n_rows) == name

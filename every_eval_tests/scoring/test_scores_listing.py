"""An incomplete listing of the scores repo is noticed."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pytest

from every_eval.scoring.scores_listing import scores_listing_doubt

PATHS = (
    *("README.md", "comprehensive_stats_helm_20261120_120000.parquet", "pictures/leaderboard_helm.png"),
    *(f"latest/{table}_helm.parquet" for table in ("comprehensive_stats", "leaderboard", "pairs", "checks")),
    "latest/cross_source.parquet",
    "state/helm_lite/00001-0123456789ab.parquet",
)


@dataclass(frozen=True)
class Listed:
    files: Any


def listed(*paths: str) -> Any:
    return Listed(MappingProxyType(dict.fromkeys(paths)))


def test_a_whole_listing_and_an_empty_repo_are_not_doubted() -> None:
    assert scores_listing_doubt(listed(*PATHS)) is None
    assert scores_listing_doubt(listed()) is None


@pytest.mark.parametrize(
    "path", [path for path in PATHS if path.startswith(("README", "latest/c", "latest/p", "state"))]
)
def test_a_listing_that_lacks_a_file_is_doubted(path: str) -> None:
    if path != "latest/cross_source.parquet":
        assert scores_listing_doubt(listed(*(other for other in PATHS if other != path))) is not None


def test_a_listing_that_ends_early_is_doubted() -> None:
    paths = sorted(PATHS)
    doubted = [scores_listing_doubt(listed(*paths[:end])) is not None for end in range(1, len(paths))]
    assert all(doubted)

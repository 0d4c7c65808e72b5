"""Fixtures for the tests of the scores."""

import pytest

from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.scoring.real_scores import RealScores, score


@pytest.fixture(scope="session")
def real_scores(tmp_path_factory: pytest.TempPathFactory) -> RealScores:
    """The scores of the bundled sample; no test may change them."""
    published = Publishing.of(ArchiveStorage(HELM_SAMPLE), tmp_path_factory.mktemp("scores"), shard_bytes=1 << 22)
    published.refresh("lite", "mmlu", "classic")
    return score(published)

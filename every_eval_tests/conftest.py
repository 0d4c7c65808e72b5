"""Fixtures that tests of several packages share."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.ingestion.upstream import small_root
from every_eval_tests.orchestration.deployment import Deployment


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """The bundled sample in a folder, an empty Hub and an empty Dagster instance."""
    root = HelmRoot.unpack(tmp_path / "root")
    (tmp_path / "dagster").mkdir()
    with dg.instance_for_test(temp_dir=str(tmp_path / "dagster"), set_dagster_home=True) as instance:
        yield Deployment(root, tmp_path / "hub", instance, monkeypatch)


@pytest.fixture
def mmlu_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """One benchmark is enough, and quicker."""
    monkeypatch.setenv("EVERY_EVAL_BENCHMARKS", "mmlu")


@pytest.fixture
def root(tmp_path: Path) -> HelmRoot:
    """A folder with a few real runs of mmlu, which a test may change."""
    return small_root(tmp_path / "root")


@pytest.fixture
def publishing(root: HelmRoot, tmp_path: Path) -> Publishing:
    """The weekly job over `root`, with an empty repo."""
    return Publishing.of(root.path, tmp_path / "hub")


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Publishing:
    """The bundled sample, published; tests must not change it."""
    published = Publishing.of(ArchiveStorage(HELM_SAMPLE), tmp_path_factory.mktemp("sample"), shard_bytes=1 << 22)
    published.refresh("lite", "mmlu", "classic")
    return published

"""Fixtures that tests of several packages share."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from filelock import FileLock

from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.ingestion.upstream import small_root
from every_eval_tests.orchestration.deployment import IN_MEMORY, Deployment, dagster_instance


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """The bundled sample in a folder, an empty Hub and an empty Dagster instance."""
    root = HelmRoot.unpack(tmp_path / "root")
    with dagster_instance(tmp_path / "dagster", IN_MEMORY) as instance:
        yield Deployment(root, tmp_path / "hub", instance, monkeypatch)


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """A function that fills a folder by its name, and returns it: the first process of a test run does, for all."""
    own = tmp_path_factory.getbasetemp()
    root = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def made(name: str, fill: Callable[[Path], object]) -> Path:
        folder, mark = root / name, root / f"{name}.done"
        with FileLock(root / f"{name}.lock"):
            if not mark.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                fill(folder)
                mark.touch()
        return folder

    return made


@pytest.fixture(scope="session")
def refreshed_once(made_once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """A folder with the bundled sample, and the Hub and the Dagster instance as `refresh` left them."""

    def refresh(folder: Path) -> None:
        HelmRoot.unpack(folder / "root")
        with pytest.MonkeyPatch.context() as environment, dagster_instance(folder / "dagster") as instance:
            made = Deployment(HelmRoot(folder / "root"), folder / "hub", instance, environment)
            assert made.launch("refresh").success

    return made_once("refreshed", refresh)


@pytest.fixture
def refreshed(refreshed_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """The bundled sample, and the Hub and the Dagster instance as `refresh` left them."""
    folder = tmp_path / "refreshed"
    shutil.copytree(refreshed_once, folder)
    with dagster_instance(folder / "dagster") as instance:
        yield Deployment(HelmRoot(folder / "root"), folder / "hub", instance, monkeypatch)


@pytest.fixture
def mmlu_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """One benchmark is enough, and quicker."""
    monkeypatch.setenv("EVERY_EVAL_BENCHMARKS", "mmlu")


@pytest.fixture(scope="session")
def small_root_once(tmp_path_factory: pytest.TempPathFactory) -> HelmRoot:
    """A folder with a few real runs of mmlu; tests must not change it."""
    return small_root(tmp_path_factory.mktemp("small") / "root")


@pytest.fixture
def root(small_root_once: HelmRoot, tmp_path: Path) -> HelmRoot:
    """A folder with a few real runs of mmlu, which a test may change."""
    shutil.copytree(small_root_once.path, tmp_path / "root")
    return HelmRoot(tmp_path / "root")


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

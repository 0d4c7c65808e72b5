"""The results that the tests of the page show, and the browser."""

import shutil
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.orchestration.deployment import Deployment
from every_eval_tests.page.browser import Browser, browsing
from every_eval_tests.page.published import local_page
from every_eval_tests.sources.eval_harness.output import REAL

AXE = "axe-core@4.14.1"


@pytest.fixture(scope="session")
def published_hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder Hub with the bundled sample of HELM, output of lm-evaluation-harness, and their page."""
    place = tmp_path_factory.mktemp("published")
    with tarfile.open(REAL) as archive:
        archive.extractall(place / "eval_harness", filter="data")
    with pytest.MonkeyPatch.context() as environment, dg.instance_for_test() as instance:
        deployment = Deployment(HelmRoot.unpack(place / "root"), place / "hub", instance, environment)
        environment.setenv("EVERY_EVAL_PAGE_REPO", "evaleval/every_eval_page")
        environment.setenv("EVERY_EVAL_SHARD_BYTES", str(1 << 30))
        environment.setenv("EVERY_EVAL_EVAL_HARNESS_ROOT", str(place / "eval_harness"))
        deployment.launch("refresh")
    yield place / "hub"


@pytest.fixture(scope="session")
def axe(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The script of axe-core, from npm."""
    folder = tmp_path_factory.mktemp("axe")
    npm = shutil.which("npm")
    assert npm is not None
    command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), AXE]
    if subprocess.run(command, check=False).returncode:
        pytest.skip(f"npm cannot install {AXE}")
    return (folder / "node_modules/axe-core/axe.min.js").read_text()


@pytest.fixture(scope="module")
def page_address(published_hub: Path) -> Iterator[str]:
    with local_page(published_hub) as address:
        yield address


@pytest.fixture
def browser(page_address: str, tmp_path: Path) -> Iterator[Browser]:
    with browsing(page_address, tmp_path) as opened:
        yield opened

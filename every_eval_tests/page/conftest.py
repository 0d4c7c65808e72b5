"""The results that the tests of the page show, and the browser: one of each serves all tests of a process."""

import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from every_eval_tests.page.browser import Browser, browsing
from every_eval_tests.page.published import local_page, publish_every_source

AXE = "axe-core@4.14.1"


@pytest.fixture(scope="session")
def published_hub(made_once: Callable[[str, Callable[[Path], object]], Path]) -> Path:
    """A folder Hub with results of every source and their page; no test may change it."""
    return made_once("page", publish_every_source) / "hub"


@pytest.fixture(scope="session")
def axe(made_once: Callable[[str, Callable[[Path], object]], Path]) -> str:
    """The script of axe-core, from npm."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("not installed: npm")

    def install(folder: Path) -> None:
        command = [npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", str(folder), AXE]
        if subprocess.run(command, check=False).returncode:
            pytest.skip(f"npm cannot install {AXE}")

    return (made_once("axe", install) / "node_modules/axe-core/axe.min.js").read_text()


@pytest.fixture(scope="session")
def page_address(published_hub: Path) -> Iterator[str]:
    with local_page(published_hub) as address:
        yield address


@pytest.fixture(scope="session")
def opened_browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing("about:blank", tmp_path_factory.mktemp("browser")) as opened:
        yield opened


@pytest.fixture
def browser(opened_browser: Browser, page_address: str) -> Browser:
    """The browser, before the page of the published results."""
    opened_browser.visit(page_address)
    return opened_browser

"""The Dagster UI as people use it: started as the README says, in a real browser."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
import yaml

from every_eval.orchestration.jobs import DAILY
from every_eval_tests.chromium import LEAVES_CONNECTION, NEEDS_CHROMIUM, chromium
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.orchestration.deployment import Deployment
from every_eval_tests.orchestration.ui import ROOT, dagster_dev, wait_for

SHARD = "helm_lite_part_00001"
pytestmark = [NEEDS_CHROMIUM, pytest.mark.slow]


class Page:
    """A browser on the UI."""

    def __init__(self, driver: Any, address: str) -> None:
        self.driver, self.address = driver, address

    def open(self, path: str) -> None:
        self.driver.get(self.address + path)

    def elements(self, xpath: str) -> list[Any]:
        return [element for element in self.driver.find_elements("xpath", xpath) if element.is_displayed()]

    def click(self, xpath: str) -> None:
        """Click what is there in a moment, as soon as nothing lies over it."""
        from selenium.common.exceptions import WebDriverException

        def clicked() -> bool:
            try:
                for element in self.elements(xpath)[-1:]:
                    element.click()
                    return True
            except WebDriverException:
                pass
            return False

        wait_for(xpath, clicked)

    def shows(self, text: str) -> None:
        """Wait for a text on the page."""
        wait_for(text, lambda: text in self.driver.find_element("tag name", "body").text)


@pytest.fixture
def deployment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """The bundled sample in a folder, and Dagster with the settings that the README's first command copies."""
    root, home = HelmRoot.unpack(tmp_path / "root"), tmp_path / "dagster"
    home.mkdir()
    settings = yaml.safe_load((ROOT / "examples" / "dagster.yaml").read_text())
    with dg.instance_for_test(settings, temp_dir=str(home), set_dagster_home=True) as instance:
        yield Deployment(root, tmp_path / "hub", instance, monkeypatch)


@pytest.fixture
def server(deployment: Deployment, tmp_path: Path) -> Iterator[str]:
    deployment.environment.setenv("EVERY_EVAL_SHARD_BYTES", str(1 << 30))  # so that a shard is a whole benchmark
    with dagster_dev(tmp_path / "dagster_dev.log") as address:
        yield address


@pytest.fixture
def page(server: str, tmp_path: Path) -> Iterator[Page]:
    with chromium(tmp_path) as driver:
        yield Page(driver, server)


def success(deployment: Deployment, n_runs: int) -> bool:
    """Whether so many runs have succeeded; one that failed ends the waiting."""
    statuses = [run.status for run in deployment.instance.get_runs()]
    assert dg.DagsterRunStatus.FAILURE not in statuses
    return statuses.count(dg.DagsterRunStatus.SUCCESS) == n_runs


@LEAVES_CONNECTION
def test_a_shard_and_the_leaderboard_are_materialised_from_the_ui(deployment: Deployment, page: Page) -> None:
    assert os.environ["EVERY_EVAL_HUB"] == str(deployment.hub)
    page.open("/assets/helm/catalog")
    page.click("//button[.='Materialize']")
    wait_for("discovery", lambda: success(deployment, 1))
    page.open("/assets/helm/stats")
    page.click("//button[starts-with(., 'Materialize')]")
    page.click("//*[contains(text(), 'Select a partition')]")
    page.click(f"//*[text()='{SHARD}']")
    page.click("//*[starts-with(text(), 'Launch runs to materialize')]")  # closes the list of partitions
    page.click("//button[.='Launch 1 run']")
    wait_for("the shard", lambda: success(deployment, 2))
    assert [path for path in deployment.paths() if path.startswith("stats/")] != []
    n_rows = deployment.table("stats/*/*.parquet").num_rows
    page.open("/assets/helm/stats")
    page.shows(f"{n_rows:,}")
    page.shows("reported_mean")
    page.shows("Made from helm/metrics.value")
    page.shows("n_rejects")
    page.click("//button[.='Plots']")
    page.shows("When graphing values by partition")
    page.open("/assets/helm/leaderboard")
    page.click("//button[.='Materialize']")
    page.shows("Are you sure?")  # since comprehensive_stats, which is made in the same step, was never made
    page.click("//button[.='Confirm']")
    wait_for("the leaderboard", lambda: success(deployment, 3))
    page.open("/assets/helm/leaderboard")
    page.shows("mean_win_rate")
    page.shows("Row count")
    page.shows("Latest check results")
    assert deployment.launch(DAILY).success
    page.open("/")  # The home of the UI shows runs that a command started too, and no dialog covers it.
    page.click(f"//a[contains(., '{DAILY}')]")
    page.shows("Read the statistics of new shards, and publish the leaderboard")

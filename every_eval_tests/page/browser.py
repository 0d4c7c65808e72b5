"""A browser on the page: what it shows, what it asks for, and what its console says."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from every_eval_tests.chromium import chromium
from every_eval_tests.orchestration.ui import wait_for

READY = """
return document.getElementById("main")?.getAttribute("aria-busy") === "false"
  && !document.querySelector("section[aria-busy=true]") && document.title !== arguments[0];
"""


class Browser:
    """A browser on the page at `address`."""

    def __init__(self, driver: Any, address: str, downloads: Path) -> None:
        self.driver, self.address, self.downloads = driver, address, downloads
        self.errors: list[str] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        """Address and headers of each request."""

    def visit(self, address: str) -> None:
        """Leave the page that is open, forget what it did, and turn to another address, at 1,400 px and in light."""
        self.driver.get("about:blank")
        self.note()
        self.address = address
        self.errors.clear()
        self.requests.clear()
        for file in self.downloads.iterdir():
            file.unlink()
        self.size(1400)

    def open(self, query: str) -> None:
        """Open a view by its address, and wait until all of it is there."""
        self.driver.get(f"{self.address}?{query}")
        self.wait()

    def wait(self) -> None:
        wait_for("the view", lambda: self.driver.execute_script(READY, "Every Eval"), seconds=0.05)
        self.note()

    def note(self) -> None:
        """Note the errors of the console, and the requests, that came since the last call."""
        for entry in self.driver.get_log("browser"):
            if entry["level"] == "SEVERE":
                self.errors.append(entry["message"])
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                request = message["params"]["request"]
                self.requests.append((request["url"], request["headers"]))

    def hosts(self) -> set[str]:
        """Return the hosts that the browser asked, each with its port."""
        return {found[1] for url, _ in self.requests if (found := re.match(r"https?://([^/]+)", url))}

    @property
    def text(self) -> str:
        return str(self.script("return document.body.innerText"))

    def script(self, code: str, *arguments: Any) -> Any:
        return self.driver.execute_script(code, *arguments)

    def size(self, width: int, *, is_dark: bool = False) -> None:
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if is_dark else "light"}]
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": scheme})

    def rows(self) -> list[list[str]]:
        """Return the texts of the cells of the first table that the view shows."""
        code = """return [...document.querySelectorAll("table")[0].querySelectorAll("tbody tr")].map(
            (row) => [...row.children].map((cell) => cell.innerText));"""
        found: list[list[str]] = self.script(code)
        return found


@contextmanager
def browsing(address: str, place: Path) -> Iterator[Browser]:
    """Start a browser, whose files are in the folder `place`."""
    (place / "downloads").mkdir()
    with chromium(place, {"goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}) as driver:
        yield Browser(driver, address, place / "downloads")

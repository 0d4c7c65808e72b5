"""Chromium without a window, driven by chromedriver."""

import importlib.util
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

CHROMIUM, DRIVER = shutil.which("chromium"), shutil.which("chromedriver")
MISSING = [
    name
    for name, found in {
        "chromium": CHROMIUM,
        "chromium-driver": DRIVER,
        "selenium": importlib.util.find_spec("selenium"),
    }.items()
    if not found
]
NEEDS_CHROMIUM = pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}")
LEAVES_CONNECTION = pytest.mark.filterwarnings("ignore::ResourceWarning")
"""Selenium leaves its connection to the garbage collector."""
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1600,1200",
)


@contextmanager
def chromium(place: Path, capabilities: Mapping[str, Any] | None = None) -> Iterator[Any]:
    """Start a browser with a new profile and yield its driver. Files of the reader go into `place/downloads`."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in (*FLAGS, f"--user-data-dir={place / 'profile'}"):
        options.add_argument(flag)
    options.add_experimental_option("prefs", {"download.default_directory": str(place / "downloads")})
    for name, value in (capabilities or {}).items():
        options.set_capability(name, value)
    driver = webdriver.Chrome(options=options, service=webdriver.ChromeService(str(DRIVER)))
    try:
        yield driver
    finally:
        driver.quit()

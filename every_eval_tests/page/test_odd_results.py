"""The page on what may go wrong: odd names, empty tables, missing and cut files; and on the Hub's own addresses."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from every_eval.hub.hub import Add
from every_eval.hub.huggingface.hugging_face_hub import HuggingFaceHub
from every_eval.page.page_builder import PageBuilder
from every_eval.sources import SOURCES
from every_eval_tests.chromium import LEAVES_CONNECTION, NEEDS_CHROMIUM
from every_eval_tests.hub.hub_server import CLIENT_WARNING, TOKEN, serving
from every_eval_tests.hub.hubs import NOON
from every_eval_tests.orchestration.deployment import DATA, SCORES
from every_eval_tests.page.browser import Browser
from every_eval_tests.page.published import (
    PAGE,
    change_rows,
    copy_plain_files,
    local_page,
    publish_page,
    set_texts,
)

pytestmark = [
    NEEDS_CHROMIUM,
    LEAVES_CONNECTION,
    pytest.mark.slow,
    pytest.mark.filterwarnings(CLIENT_WARNING),
]
LITE = "view=leaderboard&source=helm&benchmark=lite"
SCRIPT = "<script>document.title='attacked'</script><img src=x onerror=\"document.title='attacked'\">"
RIGHT_TO_LEFT = "\N{RIGHT-TO-LEFT OVERRIDE}\N{HEBREW LETTER ALEF}\N{HEBREW LETTER BET}"
ODD = {
    "GPT-4 (0613)": SCRIPT,
    "Claude 2.1": RIGHT_TO_LEFT,
    "Yi (34B)": "long-" * 200,
    "Llama 2 (70B)": "=SUM(\"A1\",'B2')\n&quot;",
}


@pytest.fixture
def hub(published_hub: Path, tmp_path: Path) -> Path:
    """Plain files of the published repos, which a test may change before it makes their page."""
    return copy_plain_files(published_hub, tmp_path / "hub")


@contextmanager
def shown(hub: Path, browser: Browser) -> Iterator[None]:
    with local_page(hub) as address:
        browser.visit(address)
        yield


def test_odd_names_are_shown_as_text_and_do_nothing(hub: Path, opened_browser: Browser) -> None:
    change_rows(hub / SCORES / "latest/leaderboard_helm.parquet", set_texts("display_name", ODD))
    publish_page(hub)
    browser = opened_browser
    with shown(hub, browser):
        for view in ("leaderboard", "compare", "model", "history"):
            browser.open(f"view={view}&source=helm&benchmark=lite")
            assert browser.script("return document.title") != "attacked"
            assert browser.script("return document.querySelectorAll('main script, main img').length") == 0
            assert browser.script("return document.documentElement.scrollWidth") <= 1400
        browser.open(LITE)
        assert SCRIPT in browser.text
        assert "long-long-" in browser.text
        assert browser.errors == []


def test_a_damaged_leaderboard_of_one_source_leaves_the_other(hub: Path, opened_browser: Browser) -> None:
    publish_page(hub)
    file = hub / SCORES / "latest/leaderboard_helm.parquet"
    content = file.read_bytes()
    file.chmod(0o644)
    file.unlink()
    file.write_bytes(bytes(len(content)))
    browser = opened_browser
    with shown(hub, browser):
        browser.open("view=leaderboard")
        assert "latest/leaderboard_helm.parquet is damaged" in browser.text
        assert browser.rows()
        file.write_bytes(content[:-9])
        browser.open("view=leaderboard")
        assert "latest/leaderboard_helm.parquet has changed since this page was made" in browser.text
        file.unlink()
        browser.open("view=leaderboard")
        assert "latest/leaderboard_helm.parquet is missing" in browser.text
        assert browser.rows()


def test_each_missing_file_is_named_and_the_rest_of_the_view_stays(hub: Path, opened_browser: Browser) -> None:
    publish_page(hub)
    for path in ("latest/checks_helm.parquet", "latest/pairs_helm.parquet"):
        (hub / SCORES / path).unlink()
    (hub / PAGE / "scenario_scores/helm_lite.parquet").unlink()
    browser = opened_browser
    with shown(hub, browser):
        browser.open("view=trust")
        assert "latest/checks_helm.parquet is missing" in browser.text
        assert "helm_lite_part_00001" in browser.text
        browser.open("view=compare&source=helm&benchmark=lite")
        assert "latest/pairs_helm.parquet is missing" in browser.text
        browser.open(LITE)
        assert "scenario_scores/helm_lite.parquet is missing" in browser.text
        assert len(browser.rows()) == 5
        (hub / PAGE / "config.json").write_text("{")
        browser.open(LITE)
        assert "config.json is cut off or damaged" in browser.text


def test_empty_tables_say_so(hub: Path, opened_browser: Browser) -> None:
    for name in ("leaderboard", "pairs", "checks"):
        for file in (hub / SCORES / "latest").glob(f"{name}_*.parquet"):
            change_rows(file, lambda table: table.slice(0, 0))
    publish_page(hub)
    browser = opened_browser
    with shown(hub, browser):
        for view in ("leaderboard", "compare", "items", "item", "history"):
            browser.open(f"view={view}")
            assert "No leaderboard is published yet" in browser.text
        browser.open("view=model")
        assert "No leaderboard has" in browser.text
        browser.open("view=trust")
        assert browser.errors == []


def test_the_page_reads_the_hub_by_ranges_through_redirects_without_a_preflight(
    published_hub: Path, opened_browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_HUB_DISABLE_XET", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DISABLE_XET", True)
    with serving(lambda: NOON) as server:
        online = HuggingFaceHub(TOKEN, server.url, tmp_path / "cache", sleep=lambda _: None)
        for repo in (DATA, SCORES):
            files = [path for path in (published_hub / repo).rglob("*") if path.is_file() and ".every" not in str(path)]
            added = [Add(path.relative_to(published_hub / repo).as_posix(), path) for path in files]
            online.commit(repo, added, title="Everything", parent=None)
        PageBuilder(online, PAGE, DATA, SCORES, SOURCES).publish()
        page = tmp_path / "space"
        for path, blob in server.repos[PAGE][-1].files.items():
            (page / path).parent.mkdir(parents=True, exist_ok=True)
            (page / path).write_bytes(blob.content)
        server.requests.clear()
        browser = opened_browser
        with serving_static(page) as address:
            browser.visit(address)
            for view in ("leaderboard", "compare", "items", "model", "trust"):
                browser.open(f"view={view}&source=helm&benchmark=mmlu")
                assert browser.script("return document.querySelectorAll('.problem').length") == 0, browser.text
            assert browser.errors == []
        assert {request.split()[0] for request, _, _ in server.requests} == {"GET"}
        assert server.count("GET /large/") > 3
        head = server.repos[SCORES][-1].id
        assert server.count(f"/datasets/{SCORES}/resolve/{head}/latest/leaderboard_helm.parquet") == 5
        assert server.tokens_sent_elsewhere() == []


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class has it
        """Write no log."""


@contextmanager
def serving_static(folder: Path) -> Iterator[str]:
    """Serve the files of a Space, as the Hub does from a host of its own."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/index.html"
        finally:
            server.shutdown()
            thread.join()

"""Each view of the page in a browser, on what the jobs publish of the bundled sample and of lm-evaluation-harness."""

import csv
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pyarrow.parquet as pq
import pytest

from every_eval.page.site_files import site_files
from every_eval_tests.chromium import LEAVES_CONNECTION, NEEDS_CHROMIUM
from every_eval_tests.hub.hubs import NOON
from every_eval_tests.orchestration.deployment import DATA, SCORES
from every_eval_tests.orchestration.ui import wait_for
from every_eval_tests.page.browser import Browser
from every_eval_tests.page.published import PAGE

pytestmark = [
    NEEDS_CHROMIUM,
    LEAVES_CONNECTION,
    pytest.mark.slow,
]
NO_VALUE = "\N{EN DASH}"
VIEWS = ("leaderboard", "compare", "items", "item", "model", "trust", "history")


def item_query(hub: Path) -> str:
    """Return the address of an item of the sample, which the tests read from its files."""
    [file] = (hub / PAGE / "scenario_scores").glob("helm_mmlu.parquet")
    run = next(row for row in pq.read_table(file).to_pylist() if row["model_name"] == "openai/gpt-4-0613")
    scores = pq.read_table(hub / DATA / f"item_scores/helm_mmlu/{run['shard']}.parquet").to_pylist()
    own = scores[run["item_row"] : run["item_row"] + run["n_items"]]
    item = next(row["item"] for row in own if row["metric_name"] == run["metric_name"] and row["perturbation"] is None)
    return f"view=item&source=helm&benchmark=mmlu&variant={quote(run['variant'])}&item={item}"


def query(hub: Path, view: str) -> str:
    return item_query(hub) if view == "item" else f"view={view}&source=helm&benchmark=lite"


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_whole_accessible_and_asks_no_other_host(
    browser: Browser, published_hub: Path, axe: str, view: str
) -> None:
    for width, is_dark in ((1400, False), (360, True)):
        browser.size(width, is_dark=is_dark)
        browser.open(query(published_hub, view))
        assert browser.script("return document.querySelectorAll('.problem').length") == 0, browser.text
        assert browser.script("return document.documentElement.scrollWidth") <= width
        assert browser.script("return document.querySelectorAll('h1').length") == 1
        assert browser.script("return [...document.querySelectorAll('th button')].filter((one) => !one.title)") == []
        # The page's own policy would refuse the script, so the driver adds it.
        browser.script(axe)
        found = browser.driver.execute_async_script(
            "const done = arguments[0]; axe.run({resultTypes: ['violations']}).then((r) => done(r.violations));"
        )
        serious = [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in found if is_serious(one)]
        assert serious == []
    assert browser.errors == []
    assert browser.hosts() == {browser.address.split("/")[2]}
    assert {name for _, headers in browser.requests for name in headers if name.lower().startswith("x-")} == set()


def is_serious(finding: dict[str, Any]) -> bool:
    return finding["impact"] in ("serious", "critical")


def test_the_leaderboard_shows_the_published_ranks_and_its_csv_is_the_table(
    browser: Browser, published_hub: Path
) -> None:
    browser.open("view=leaderboard&source=helm&benchmark=lite")
    board = pq.read_table(published_hub / SCORES / "latest/leaderboard_helm.parquet").to_pylist()
    expected = [row for row in board if row["benchmark"] == "lite"]
    shown = browser.rows()
    assert [row[1].splitlines()[0] for row in shown] == [row["display_name"] for row in expected]
    browser.script("document.querySelector('button.csv').click()")
    file = browser.downloads / "leaderboard_helm_lite.csv"
    wait_for("the CSV file", file.exists)
    lines = list(csv.DictReader(file.read_text().splitlines()))
    assert [line["rank"] for line in lines] == [str(row["rank"] or "") for row in expected]
    assert [line["model"] for line in lines] == [row["display_name"] for row in expected]
    assert [line["score"] for line in lines if line["score"]] == [
        repr(row["mean_win_rate"]) for row in expected if row["mean_win_rate"] is not None
    ]


def test_weights_rank_again_and_the_address_restores_them(browser: Browser) -> None:
    browser.open("view=leaderboard&source=helm&benchmark=lite")
    first = browser.rows()
    browser.script("document.querySelector('details').open = true")
    # All weights doubled: nothing changes but that the numbers are made here.
    browser.script(
        """document.querySelectorAll("input.weight").forEach((input) => { input.value = 2; });
        document.querySelector("input.weight").dispatchEvent(new Event("change"));"""
    )
    wait_for("the new ranks", lambda: "are made in this browser" in browser.text)
    again = browser.rows()
    wins = [float(row[2].split()[0]) for row in again if row[2].strip() != NO_VALUE]
    assert wins == [float(row[2].split()[0]) for row in first if row[2].strip() != NO_VALUE]
    address = browser.driver.current_url
    assert "suite=" in address
    browser.driver.get("about:blank")
    browser.driver.get(address)
    browser.wait()
    assert browser.rows() == again
    assert "This address was made for other columns" not in browser.text


def test_a_search_and_a_sort_are_in_the_address(browser: Browser) -> None:
    browser.open("view=leaderboard&source=helm&benchmark=lite&search=yi&sort_=-model")
    assert ["Yi" in row[1] for row in browser.rows()] == [True]
    assert browser.script("return document.querySelector('[aria-sort]').innerText").startswith("Model")


def test_the_keyboard_sorts_a_table_and_moves_from_item_to_item(browser: Browser, published_hub: Path) -> None:
    from selenium.webdriver.common.keys import Keys

    browser.open(item_query(published_hub))
    before = browser.driver.current_url
    browser.driver.find_element("tag name", "body").send_keys(Keys.ARROW_RIGHT)
    wait_for("the next item", lambda: browser.driver.current_url != before)
    browser.wait()
    browser.driver.find_element("tag name", "body").send_keys(Keys.ARROW_LEFT)
    wait_for("the item before", lambda: browser.driver.current_url == before)


def test_an_item_shows_the_question_and_the_answers_of_the_file(browser: Browser, published_hub: Path) -> None:
    browser.open(item_query(published_hub))
    instance = re.search(r"Instance (\S+)", browser.text)
    assert instance
    variant = str(browser.script("return new URLSearchParams(location.search).get('variant')"))
    rows = pq.read_table(published_hub / DATA / "data/helm_mmlu").to_pylist()
    scores = pq.read_table(published_hub / PAGE / "scenario_scores/helm_mmlu.parquet").to_pylist()
    runs = {row["run"] for row in scores if row["variant"] == variant}
    answers = [row for row in rows if row["run"] in runs and row["instance_id"] == instance[1]]
    assert len(answers) > 1
    assert answers[0]["raw_input"].strip() in browser.text
    shown = browser.script("return [...document.querySelectorAll('.answer')].map((one) => one.innerText)")
    for row in answers:
        assert any(row["model_name"] in text and row["output"].strip() in text for text in shown)


def test_an_older_release_is_chosen_on_the_leaderboard(browser: Browser, published_hub: Path) -> None:
    browser.open("view=leaderboard&source=helm&benchmark=lite")
    chooser = "document.querySelector('select[name=release]')"
    wait_for("the releases", lambda: browser.script(f"return {chooser} !== null"))
    history = pq.read_table(published_hub / SCORES / "latest/history_helm.parquet").to_pylist()
    older = [row for row in history if row["benchmark"] == "lite" and not row["is_newest"]]
    [release] = {row["release"] for row in older}
    browser.script(f"{chooser}.value = arguments[0]; {chooser}.dispatchEvent(new Event('change'))", release)
    wait_for("the older release", lambda: "older release" in browser.text)
    assert f"release={release}" in browser.driver.current_url
    assert [row[1].splitlines()[0] for row in browser.rows()] == [row["display_name"] for row in older]


def test_trust_says_when_each_shard_was_ingested(browser: Browser) -> None:
    browser.open("view=trust")
    assert {row[2] for row in browser.rows()} == {f"{NOON:%Y-%m-%d %H:%M}"}


def test_judges_reasons_thinking_text_and_media_of_inspect_are_shown(browser: Browser, published_hub: Path) -> None:
    data = published_hub / DATA
    judgement = pq.read_table(data / "judgements/inspect_main").to_pylist()[0]
    items = pq.read_table(data / "item_scores/inspect_main").to_pylist()
    key = ("suite", "run", "instance_id")
    item = next(row["item"] for row in items if all(row[name] == judgement[name] for name in key))
    variant = "essay_local:version=0,style=v1"
    browser.open(f"view=item&source=inspect&benchmark=main&variant={quote(variant)}&item={item}")
    for text in (judgement["judge"], *judgement["explanation"].splitlines()):
        assert text in browser.text
    [sample] = pq.read_table(data / "data/inspect_set").to_pylist()
    [score] = pq.read_table(data / "item_scores/inspect_set").to_pylist()
    browser.open(f"view=item&source=inspect&benchmark=set&variant={quote('img:version=0')}&item={score['item']}")
    [image] = [part for part in sample["media"] if part["content_type"] == "image"]
    assert f"image: {image['location']}" in browser.text
    thinking = "return [...document.querySelectorAll('details:not([open]) > pre')].map((one) => one.textContent)"
    assert sample["thinking_text"] in browser.script(thinking)


def test_the_frame_of_a_space_is_told_the_address(browser: Browser) -> None:
    page = "window.told = []; window.parent = { postMessage: (...sent) => window.told.push(sent) };"
    script = browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": page})
    try:
        browser.open("view=trust")
        browser.script("document.querySelector('nav a[href*=history]').click()")
        browser.wait()
        queries = [browser.script("return location.search").removeprefix("?"), "view=trust"]
        assert queries[0].startswith("view=history")
        sent = [[{"queryString": query, "hash": ""}, "https://huggingface.co"] for query in reversed(queries)]
        assert browser.script("return window.told") == sent
    finally:
        browser.driver.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", script)


def test_an_old_browser_is_told(browser: Browser) -> None:
    files = site_files([])
    assert '<script nomodule src="old_browser.js">' in files["index.html"].decode()
    [note] = re.findall(r'<p id="old">.*?</p>', files["index.html"].decode())
    browser.driver.get(f"data:text/html,{quote(note)}")
    assert "needs JavaScript" in browser.text
    browser.script(files["old_browser.js"].decode())
    assert "This browser is too old" in browser.text


def test_programs_that_the_page_shows_run(
    browser: Browser, published_hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    duckdb = pytest.importorskip("duckdb")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/hub").symlink_to(published_hub)
    monkeypatch.chdir(tmp_path)
    for view in ("leaderboard", "compare", "items", "item", "model", "trust", "history"):
        browser.open(query(published_hub, view))
        pandas, sql = browser.script(
            "return [...document.querySelectorAll('.recipe code')].map((one) => one.textContent)"
        )
        exec(pandas, {})
        found = duckdb.sql(sql).fetchall()
        assert found, view


def test_a_view_that_does_not_exist_is_named(browser: Browser) -> None:
    browser.open("view=nothing")
    assert "names the view nothing" in browser.text

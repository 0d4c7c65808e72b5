"""Measure how fast the page shows a leaderboard and an item, in Chromium over a slow line.

    python -m benchmarks.page [--benchmarks N] [--models N] [--scenarios N] [--samples N] [--repeats N]

The defaults make a Hub of 10,000 runs and 5,000,000 samples: each shard holds the runs of all models on one scenario.
All shards are links to one file, whose rows a browser cannot tell from others. Chromium itself delays each answer by
40 ms and takes 50 Mbit/s. Printed are the time until the view is whole, the bytes of all answers, and those of the data
among them. "Nothing cached" is a first visit. "Page cached" is a second one.
"""

import argparse
import hashlib
import json
import os
import random
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.parquet import TableWriter, write_table
from every_eval.contracts.repo_layout import folder_name, latest_path, shard_key, top_folder
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.scenario_scores import SCENARIO_SCORES
from every_eval.contracts.table import Table
from every_eval.page.column_docs import column_docs
from every_eval.page.site_files import site_files
from every_eval_tests.page.browser import Browser, browsing
from every_eval_tests.page.published import PAGE, local_page

DATA, SCORES, SOURCE = "evaleval/every_eval_ever", "evaleval/every_eval_score_ever", "helm"
LATENCY_MS: Final = 40
BYTES_PER_SECOND: Final = 50_000_000 // 8
WHOLE: Final = """return document.getElementById("main")?.getAttribute("aria-busy") === "false"
    && !document.querySelector("section[aria-busy=true]")"""
WORDS: Final = [hashlib.sha256(str(n).encode()).hexdigest()[: 3 + n % 8] for n in range(2000)]
PROMPT_WORDS, QUESTION_WORDS, OUTPUT_WORDS = 220, 40, 30


def main() -> None:
    """Make the Hub, and print the time and the bytes of each view."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--benchmarks", type=int, default=10, help="number of benchmarks")
    parser.add_argument("--models", type=int, default=100, help="number of models")
    parser.add_argument("--scenarios", type=int, default=10, help="number of scenarios of each benchmark")
    parser.add_argument("--samples", type=int, default=500, help="number of samples of each run")
    parser.add_argument("--repeats", type=int, default=5, help="number of measurements of each view")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        hub = Path(name) / "hub"
        make_hub(hub, options)
        n_runs = options.benchmarks * options.models * options.scenarios
        print_line(f"{n_runs:,} runs, {n_runs * options.samples:,} samples")
        with local_page(hub) as address, browsing(address, Path(name)) as browser:
            slow_down(browser)
            item = f"view=item&source={SOURCE}&benchmark=b0&variant=s0&item=item7"
            for view, query in (("leaderboard", f"view=leaderboard&source={SOURCE}&benchmark=b0"), ("item", item)):
                measure(browser, view, query, options.repeats)


def print_line(text: str) -> None:
    """Write a line to the output."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def slow_down(browser: Browser) -> None:
    """Let the browser wait for each answer, and take it slowly."""
    browser.driver.execute_cdp_cmd("Network.enable", {})
    limits = {"offline": False, "latency": LATENCY_MS, "uploadThroughput": -1, "downloadThroughput": BYTES_PER_SECOND}
    browser.driver.execute_cdp_cmd("Network.emulateNetworkConditions", limits)


def measure(browser: Browser, view: str, query: str, n_repeats: int) -> None:
    """Open a view again and again, and print the median time and the bytes."""
    for state in ("nothing cached", "page cached"):
        measured = sorted(one_visit(browser, query, is_cached=state == "page cached") for _ in range(n_repeats))
        seconds, n_bytes, n_data = measured[n_repeats // 2]
        print_line(
            f"{view}, {state}: least {measured[0][0]:.2f} s, median {seconds:.2f} s, {n_bytes / 1000:,.0f} KB in all, "
            f"{n_data / 1000:,.0f} KB of data"
        )


def one_visit(browser: Browser, query: str, *, is_cached: bool) -> tuple[float, int, int]:
    """Return the time of a visit in seconds, the bytes of all answers, and the bytes of data."""
    browser.driver.get("about:blank")
    if is_cached:
        browser.open(query)
        browser.driver.get("about:blank")
    else:
        browser.driver.execute_cdp_cmd("Network.clearBrowserCache", {})
    browser.driver.get_log("performance")
    start = time.monotonic()
    browser.driver.get(f"{browser.address}?{query}")
    while not browser.script(WHOLE):
        time.sleep(0.01)
    return (time.monotonic() - start, *received(browser))


def received(browser: Browser) -> tuple[int, int]:
    """Return how many bytes the browser received since the last call: in all, and in files of data."""
    total, of_data = 0, 0
    addresses: dict[str, str] = {}
    for entry in browser.driver.get_log("performance"):
        message: dict[str, Any] = json.loads(entry["message"])["message"]
        parameters = message["params"]
        if message["method"] == "Network.requestWillBeSent":
            addresses[parameters["requestId"]] = parameters["request"]["url"]
        elif message["method"] == "Network.loadingFinished":
            n_bytes = int(parameters["encodedDataLength"])
            total += n_bytes
            of_data += n_bytes if addresses.get(parameters["requestId"], "").endswith((".parquet", ".json")) else 0
    return total, of_data


def make_hub(hub: Path, options: argparse.Namespace) -> None:
    """Write the files that the two views read, in the layout of the jobs."""
    (hub / DATA).mkdir(parents=True)
    (hub / SCORES / "latest").mkdir(parents=True)
    page = hub / PAGE
    (page / SCENARIO_SCORES.name).mkdir(parents=True)
    (page / "index").mkdir()
    models = [f"creator{at % 7}/model-{at}" for at in range(options.models)]
    shard_files = {table: hub / f"{table.name}.parquet" for table in (SAMPLES, ITEM_SCORES)}
    write_shard(shard_files, models, options.samples)
    board = []
    for number in range(options.benchmarks):
        benchmark = f"b{number}"
        folder, rows = folder_name(SOURCE, benchmark), []
        for at in range(options.scenarios):
            shard = shard_key(folder, at + 1)
            for table, file in shard_files.items():
                target = hub / DATA / top_folder(table) / folder / f"{shard}.parquet"
                target.parent.mkdir(parents=True, exist_ok=True)
                os.link(file, target)
            rows += [score(benchmark, at, shard, place, model, options.samples) for place, model in enumerate(models)]
        write_table(SCENARIO_SCORES, page / f"{SCENARIO_SCORES.name}/{folder}.parquet", rows_of(SCENARIO_SCORES, rows))
        board += [standing(benchmark, place, model, options.scenarios) for place, model in enumerate(models)]
    write_table(LEADERBOARD, hub / SCORES / latest_path(LEADERBOARD, SOURCE), rows_of(LEADERBOARD, board))
    write_page(hub, page)


def write_page(hub: Path, page: Path) -> None:
    """Write the page's own files, as the job does."""
    for path, content in site_files([]).items():
        (page / path).parent.mkdir(parents=True, exist_ok=True)
        (page / path).write_bytes(content)
    places = {name: {"repo": repo, "commit": "c" * 40, "address": f"../../../{repo}/", "location": None}
              for name, repo in (("data", DATA), ("scores", SCORES))}  # fmt: skip
    (page / "config.json").write_text(json.dumps({"version": "0", **places}))
    (page / "columns.json").write_text(json.dumps(column_docs()))
    for name, repo in (("data", DATA), ("scores", SCORES), ("page", PAGE)):
        files = sorted((hub / repo).rglob("*.parquet"))
        index = {path.relative_to(hub / repo).as_posix(): (path.stat().st_size, "0" * 64) for path in files}
        (page / f"index/{name}.json").write_text(json.dumps(index))


def write_shard(files: dict[Table, Path], models: list[str], n_samples: int) -> None:
    """Write the rows of all models on one scenario; the texts have no meaning, and compress about as prose does."""
    dice = random.Random(17)
    questions = [" ".join(dice.choices(WORDS, k=QUESTION_WORDS)) for _ in range(n_samples)]
    examples = " ".join(dice.choices(WORDS, k=PROMPT_WORDS))
    with TableWriter(SAMPLES, files[SAMPLES]) as samples, TableWriter(ITEM_SCORES, files[ITEM_SCORES]) as items:
        for model in models:
            known = {
                "source": SOURCE,
                "benchmark": "b0",
                "suite": "v1",
                "run": f"s0:model={model}",
                "model_name": model,
            }
            answers, values = [], []
            for at, question in enumerate(questions):
                value = float(dice.random() < 0.6)
                key = {"instance_id": f"id{at}", "split": "test"}
                answers.append(
                    known
                    | key
                    | {
                        "evaluation_id": hashlib.sha256(f"{model}{at}".encode()).hexdigest(),
                        "raw_input": question,
                        "prompt": f"{examples}\n\n{question}",
                        "output": " ".join(dice.choices(WORDS, k=OUTPUT_WORDS)),
                        "evaluation_score": value,
                        "references": [{"text": question[:40], "tags": ["correct"]}],
                    }
                )
                values.append(known | key | {"metric_name": "exact_match", "item": f"item{at}", "value": value})
            samples.write(rows_of(SAMPLES, answers))
            items.write(rows_of(ITEM_SCORES, values))


def score(benchmark: str, at: int, shard: str, place: int, model: str, n_samples: int) -> dict[str, Any]:
    """Return a row of scenario_scores."""
    value = 0.4 + place / 1000
    facts = {
        "source": SOURCE,
        "benchmark": benchmark,
        "release": "v1",
        "column_index": at,
        "column_name": f"Scenario {at}",
    }
    rows = {
        "sample_row": place * n_samples,
        "n_samples": n_samples,
        "item_row": place * n_samples,
        "n_items": n_samples,
    }
    run = {"run": f"s{at}:model={model}", "variant": f"s{at}", "model_name": model, "metric_name": "exact_match"}
    numbers = {
        "mean_score": value,
        "ci_low": value - 0.04,
        "ci_high": value + 0.04,
        "n_scored": n_samples,
        "n_trials": 1,
    }
    return facts | rows | run | numbers | {"split": "test", "suite": "v1", "shard": shard, "lower_is_better": False}


def standing(benchmark: str, place: int, model: str, n_scenarios: int) -> dict[str, Any]:
    """Return a row of the leaderboard."""
    value = 1 - place / 200
    names = {"source": SOURCE, "benchmark": benchmark, "release": "v1", "model_name": model, "display_name": model}
    return names | {
        "rank": place + 1,
        "mean_win_rate": value,
        "mean_win_rate_low": value - 0.05,
        "mean_win_rate_high": min(1.0, value + 0.05),
        "mean_score": 0.4 + place / 1000,
        "n_scenarios": n_scenarios,
        "n_scenarios_total": n_scenarios,
    }


def rows_of(table: Table, rows: list[dict[str, Any]]) -> pa.Table:
    """Return rows of a contract; a column that is never null and that the rows lack gets an empty value."""
    empty = {column.name: empty_value(column.type) for column in table.columns if column.null_when is None}
    return pa.Table.from_pylist([empty | row for row in rows], schema=table.schema)


def empty_value(kind: pa.DataType) -> Any:  # noqa: ANN401 - a value of any type
    """Return an empty text, a zero, false, or an empty list."""
    if pa.types.is_list(kind):
        return []
    return "" if pa.types.is_string(kind) else False if pa.types.is_boolean(kind) else 0


if __name__ == "__main__":
    main()

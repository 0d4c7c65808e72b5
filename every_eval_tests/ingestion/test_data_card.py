"""The dataset card of the data repo states numbers that the published files confirm."""

from pathlib import Path
from typing import Any

import yaml

from every_eval.contracts.metrics import METRICS
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.hub.hub import publish
from every_eval.ingestion.data_card import card_change
from every_eval.sources import SOURCES
from every_eval.sources.eval_harness.source import EvalHarnessSource
from every_eval.sources.helm.source import HelmSource
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.hub.hubs import REPO
from every_eval_tests.ingestion.publishing import Publishing

SCORES = "somebody/scores"


def describe(publishing: Publishing) -> tuple[dict[str, Any], str]:
    """Publish the card, and return its YAML fields and its Markdown."""
    publish(publishing.hub, REPO, "Describe", lambda head: card_change(head, REPO, SCORES, SOURCES))
    _, fields, body = publishing.contents()["README.md"].decode().split("---\n", 2)
    return yaml.safe_load(fields), body


def row_of(body: str, benchmark: str) -> dict[str, str]:
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in body.splitlines() if line.startswith("| ")]
    header = next(line for line in lines if line[0] == "benchmark")
    return dict(zip(header, next(line for line in lines if line[0] == benchmark), strict=True))


def test_the_card_links_to_the_leaderboard_in_the_scores_repo(publishing: Publishing) -> None:
    publishing.refresh()

    assert f"[{SCORES}](https://huggingface.co/datasets/{SCORES})" in describe(publishing)[1]


def test_the_card_counts_models_runs_and_rows_of_each_benchmark(publishing: Publishing) -> None:
    publishing.refresh()
    _, body = describe(publishing)
    row = row_of(body, "helm_mmlu")
    stats = publishing.rows(STATS).to_pylist()
    models = {stat["model_name"] for stat in stats}
    assert row["models"] == str(len(models))
    assert row["runs"] == str(len({(stat["suite"], stat["run"]) for stat in stats}))
    assert row["samples"] == f"{publishing.rows(SAMPLES).num_rows:,}"
    assert row["metrics"] == f"{publishing.rows(METRICS).num_rows:,}"
    assert row["statistics"] == f"{len(stats):,}"
    assert row["withdrawn upstream"] == row["rejects"] == "0"
    assert f"{len(models)} models in all." in body


def test_the_card_counts_withdrawn_runs(publishing: Publishing, root: HelmRoot) -> None:
    publishing.refresh()
    (gone, *_) = root.runs()
    gone.rename(root.path / "gone")
    publishing.refresh()
    assert row_of(describe(publishing)[1], "helm_mmlu")["withdrawn upstream"] == "1"


def test_the_card_has_a_config_for_each_table_with_rows_and_for_no_other(
    publishing: Publishing, root: HelmRoot
) -> None:
    publishing.refresh()
    names = [config["config_name"] for config in describe(publishing)[0]["configs"]]
    assert names == ["helm_mmlu", "metrics", "stats", "item_scores", "catalog", "releases", "shards"]
    (root.runs()[0] / "stats.json").write_text("[")
    publishing.discover()
    [changed] = publishing.to_do()
    publishing.ingest([changed], acknowledged={changed})
    fields, body = describe(publishing)
    assert "rejects" in [config["config_name"] for config in fields["configs"]]
    assert int(row_of(body, "helm_mmlu")["rejects"]) > 0
    assert "### rejects" in body


def test_the_card_covers_only_the_benchmarks_of_the_given_sources(publishing: Publishing) -> None:
    publishing.refresh()
    head = publishing.hub.snapshot(REPO)
    [of_helm] = card_change(head, REPO, SCORES, [HelmSource()])

    assert card_change(head, REPO, SCORES, SOURCES) == [of_helm]
    assert card_change(head, REPO, SCORES, [EvalHarnessSource()]) == card_change(head, REPO, SCORES, []) == []


def test_there_is_no_card_while_nothing_is_published(publishing: Publishing) -> None:
    assert card_change(publishing.hub.snapshot(REPO), REPO, SCORES, SOURCES) == []


def test_the_card_does_not_depend_on_the_storage_of_the_results(root: HelmRoot, tmp_path: Path) -> None:
    cards = []
    for name in ("a", "b"):
        publishing = Publishing.of(root.path.rename(tmp_path / f"root {name}"), tmp_path / f"hub {name}")
        publishing.refresh()
        describe(publishing)
        cards.append(publishing.contents()["README.md"])
        root = HelmRoot(tmp_path / f"root {name}")
    assert cards[0] == cards[1]
    assert str(tmp_path) not in cards[0].decode()

"""The data repo's card says what is published, in numbers that its files confirm."""

from pathlib import Path
from typing import Any

import yaml

from every_eval.contracts.metrics import METRICS
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.hub.hub import publish
from every_eval.ingestion.data_card import card_change
from every_eval_tests.helm_root import HelmRoot
from every_eval_tests.hub.hubs import REPO
from every_eval_tests.ingestion.publishing import Publishing

SCORES = "somebody/scores"


def describe(publishing: Publishing) -> tuple[dict[str, Any], str]:
    """Publish the card; its YAML and its Markdown."""
    publish(publishing.hub, REPO, "Describe", lambda head: card_change(head, REPO, SCORES))
    _, fields, body = publishing.contents()["README.md"].decode().split("---\n", 2)
    return yaml.safe_load(fields), body


def row_of(body: str, benchmark: str) -> dict[str, str]:
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in body.splitlines() if line.startswith("| ")]
    header = next(line for line in lines if line[0] == "benchmark")
    return dict(zip(header, next(line for line in lines if line[0] == benchmark), strict=True))


def test_it_leads_to_the_leaderboard_wherever_that_is(publishing: Publishing) -> None:
    publishing.refresh()

    assert f"[{SCORES}](https://huggingface.co/datasets/{SCORES})" in describe(publishing)[1]


def test_it_counts_models_runs_and_rows_of_each_benchmark(publishing: Publishing) -> None:
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


def test_what_has_gone_upstream_is_said(publishing: Publishing, root: HelmRoot) -> None:
    publishing.refresh()
    (gone, *_) = root.runs()
    gone.rename(root.path / "gone")
    publishing.refresh()
    assert row_of(describe(publishing)[1], "helm_mmlu")["withdrawn upstream"] == "1"


def test_it_has_a_config_for_what_is_there_and_none_for_what_is_not(publishing: Publishing, root: HelmRoot) -> None:
    publishing.refresh()
    names = [config["config_name"] for config in describe(publishing)[0]["configs"]]
    assert names == ["helm_mmlu", "metrics", "stats", "catalog", "releases", "shards"]
    (root.runs()[0] / "stats.json").write_text("[")
    publishing.refresh()
    fields, body = describe(publishing)
    assert "rejects" in [config["config_name"] for config in fields["configs"]]
    assert int(row_of(body, "helm_mmlu")["rejects"]) > 0
    assert "### rejects" in body


def test_nothing_is_said_of_nothing(publishing: Publishing) -> None:
    assert card_change(publishing.hub.snapshot(REPO), REPO, SCORES) == []


def test_it_is_the_same_from_wherever_the_results_were_read(root: HelmRoot, tmp_path: Path) -> None:
    cards = []
    for name in ("a", "b"):
        publishing = Publishing.of(root.path.rename(tmp_path / f"root {name}"), tmp_path / f"hub {name}")
        publishing.refresh()
        describe(publishing)
        cards.append(publishing.contents()["README.md"])
        root = HelmRoot(tmp_path / f"root {name}")
    assert cards[0] == cards[1]
    assert str(tmp_path) not in cards[0].decode()

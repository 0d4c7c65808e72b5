"""The tables of single items and of releases, of the bundled sample, held against the published rows."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from every_eval.contracts.item_scores import ITEM_SCORES
from every_eval.contracts.leaderboard import LEADERBOARD
from every_eval.contracts.metrics import METRICS
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.samples import SAMPLES
from every_eval.contracts.stats import STATS
from every_eval.contracts.table import Table
from every_eval.scoring.change_detection import expected_state
from every_eval.scoring.release_tables import RELEASE_TABLES, ReleaseTables
from every_eval.scoring.responses.item_scores_files import ItemScoresFiles
from every_eval.scoring.state.state_updater import FetchCounter, StateUpdater
from every_eval.scoring.tables.releases import Releases
from every_eval.sources.helm.source import HelmSource
from every_eval.sources.statistics_files import StatisticsFiles
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval_tests.hub.hubs import REPO
from every_eval_tests.ingestion.publishing import Publishing
from every_eval_tests.scoring.real_scores import CLOCK

HELM = HelmSource()
Row = dict[str, Any]


@dataclass(frozen=True)
class Made:
    """What the makers give for one benchmark, and the published rows that it is made from."""

    benchmark: str
    published: Publishing
    tables: dict[str, list[Row]]
    board: pa.Table

    def rows(self, table: Table) -> list[Row]:
        """Published rows of the benchmark."""
        return [row for row in self.published.rows(table).to_pylist() if row["benchmark"] == self.benchmark]

    def shown(self, release: str) -> set[tuple[str, str]]:
        """The runs that a release shows."""
        (row,) = (row for row in self.rows(RELEASES) if row["release"] == release)
        return {(run["suite"], run["run"]) for run in row["runs"]}


def make(published: Publishing, benchmark: str, folder: Path) -> Made:
    """Make the tables of a benchmark twice; both times are equal."""
    data, scores = published.hub.snapshot(REPO), published.hub.snapshot("owner/scores")
    (state,) = (state for state in expected_state(data, "helm") if state.folder == f"helm_{benchmark}")
    updater = StateUpdater(data, scores, folder, FetchCounter())
    files = {**updater.update(state), **updater.update_item_scores(state)}
    assert state.releases is not None
    releases = Releases(files[state.releases]).in_order
    stats = StatisticsFiles([files[path] for path in state.files])
    items = ItemScoresFiles([files[path] for path in state.item_files])
    tables = ReleaseTables(HELM, CLOCK, releases, stats, items)
    board = tables.board(releases[-1])
    written: list[dict[str, list[pa.Table]]] = []
    for _ in range(2):
        of_table: dict[str, list[pa.Table]] = defaultdict(list)

        def write(table: Table, rows: pa.Table, to: dict[str, list[pa.Table]] = of_table) -> None:
            table.validate(rows)
            to[table.name].append(table.decode(rows))

        tables.write_item_tables(write)
        for row in releases:
            tables.write_history(write, row, board if row is releases[-1] else None)
        written.append(of_table)
    first, second = ({name: pa.concat_tables(one) for name, one in of_table.items()} for of_table in written)
    assert first == second
    for table in RELEASE_TABLES:
        table.validate(first[table.name])
    return Made(benchmark, published, {name: rows.to_pylist() for name, rows in first.items()}, board)


@pytest.fixture(
    scope="module", params=["lite", *(pytest.param(name, marks=pytest.mark.slow) for name in ("mmlu", "classic"))]
)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("releases")
    published = Publishing.of(ArchiveStorage(HELM_SAMPLE), folder / "hub", shard_bytes=1 << 22)
    published.refresh(request.param)
    return make(published, request.param, folder)


def main_values(made: Made) -> Iterator[Row]:
    """Rows of item_scores of main metrics with a value, without runs that are not scored."""
    main = {
        tuple(row[name] for name in ("suite", "run", "metric_name", "split", "sub_split"))
        for row in made.rows(STATS)
        if row["is_main_metric"] and row["perturbation"] is None and row["unscored_reason"] is None
    }
    for row in made.rows(ITEM_SCORES):
        key = tuple(row[name] for name in ("suite", "run", "metric_name", "split", "sub_split"))
        if key in main and row["value"] is not None:
            yield row


def test_every_item_has_the_mean_of_the_runs_and_leads_to_its_text(made: Made) -> None:
    variants = {(row["suite"], row["run"]): row["variant"] for row in made.rows(STATS)}
    shown = made.shown(made.tables["items"][0]["release"])
    values: dict[tuple[Any, ...], dict[tuple[str, str], list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in main_values(made):
        run = (row["suite"], row["run"])
        if run in shown and row["perturbation"] is None:
            question = row["item"] or f"instance {row['instance_id']}"
            values[variants[run], row["metric_name"], row["split"], row["sub_split"], question][run].append(
                row["value"]
            )
    places = {(row["suite"], row["run"], row["instance_id"]) for row in made.rows(SAMPLES)}

    assert len(made.tables["items"]) == len(values) > 50
    for row in made.tables["items"]:
        question = row["item"] or f"instance {row['instance_id']}"
        of_runs = values[row["variant"], row["metric_name"], row["split"], row["sub_split"], question]
        means = [sum(of_run) / len(of_run) for of_run in of_runs.values()]
        assert row["n_models"] == len(means)
        assert row["mean"] == pytest.approx(sum(means) / len(means), rel=1e-12, abs=1e-15)
        assert (row["suite"], row["run"]) == min(of_runs)
        assert (row["suite"], row["run"], row["instance_id"]) in places
        assert row["all_right"] is None or row["all_right"] == all(mean == 1 for mean in means)


def test_a_perturbation_costs_what_the_published_metrics_say(made: Made) -> None:
    found = made.tables["robustness"]
    assert (len(found) > 20) == (made.benchmark == "classic")
    values: dict[tuple[Any, ...], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in made.rows(METRICS) if found else ():
        key = ("suite", "run", "metric_name", "split", "sub_split", "perturbation")
        if row["value"] is not None:
            values[tuple(row[name] for name in key)][row["instance_id"]].append(row["value"])
    for row in found:
        place = tuple(row[name] for name in ("suite", "run", "metric_name", "split", "sub_split"))
        before, after = values[*place, None], values[*place, row["perturbation"]]
        mean = {
            side: {name: sum(of) / len(of) for name, of in values.items()} for side, values in ((0, before), (1, after))
        }
        common = sorted(mean[0].keys() & mean[1].keys())
        assert (row["n_perturbed"], row["n"]) == (len(after), len(common))
        differences = [mean[1][name] - mean[0][name] for name in common]
        assert row["difference"] == pytest.approx(sum(differences) / len(common), abs=1e-12)
        assert row["worst"] == pytest.approx(sum(min(mean[0][name], mean[1][name]) for name in common) / len(common))
        assert (row["ci_low"] is None) == (len(common) < 2)
        assert row["ci_low"] is None or row["ci_low"] <= row["difference"] <= row["ci_high"]
        assert 0 < row["p_value"] <= row["q_bh"] <= row["p_holm"] <= 1


def test_calibration_errors_are_those_that_helm_reports(made: Made) -> None:
    reported = {
        (row["suite"], row["run"], row["split"], row["sub_split"], row["metric_name"]): row
        for row in made.rows(STATS)
        if row["metric_name"].startswith("ece_") and row["perturbation"] is None
    }
    compared = 0
    for row in made.tables["calibration"]:
        for name in ("ece_1_bin", "ece_10_bin"):
            of_helm = reported.get((*(row[part] for part in ("suite", "run", "split", "sub_split")), name))
            # HELM reports no error where each choice is a request of its own, and averages the errors of trials.
            if of_helm is not None and of_helm["reported_count"] == 1:
                compared += 1
                # Item scores have probabilities in steps of 1/1024, which can also move an answer to another bin.
                tolerance = 1 / 2048 if name == "ece_1_bin" else 0.1
                assert row[name] == pytest.approx(of_helm["reported_mean"], abs=tolerance)
    assert made.tables["calibration"]
    assert bool(compared) == (made.benchmark != "classic")


def test_changes_are_over_the_items_of_both_runs(made: Made) -> None:
    values: dict[tuple[str, ...], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in main_values(made):
        if row["perturbation"] is None:
            values[row["suite"], row["run"], row["metric_name"]][row["item"]].append(row["value"])
    later, earlier = made.shown("v1.1.0"), made.shown("v1.0.0")

    names = {run for _, run in later} & {run for _, run in earlier}
    changed = {name for suite, name in later if (suite, name) not in earlier and name in names}
    assert {row["run"] for row in made.tables["changes"]} == changed != set()
    for row in made.tables["changes"]:
        assert (row["release"], row["previous_release"]) == ("v1.1.0", "v1.0.0")
        assert row["run"] == row["previous_run"] and row["suite"] != row["previous_suite"]
        after = values[row["suite"], row["run"], row["metric_name"]]
        before = values[row["previous_suite"], row["previous_run"], row["metric_name"]]
        common = after.keys() & before.keys()
        assert (row["n"], row["n_items"], row["previous_n_items"]) == (len(common), len(after), len(before))
        total = sum(sum(after[item]) / len(after[item]) - sum(before[item]) / len(before[item]) for item in common)
        assert row["difference"] == pytest.approx(total / len(common), abs=1e-12)
        assert row["not_compared_because"] is None


def test_the_history_ends_with_the_leaderboard_and_begins_with_the_oldest_release(made: Made) -> None:
    releases = {row["release"]: row for row in made.rows(RELEASES)}
    found = made.tables["history"]
    numbers = {(row["release_number"], row["release"], row["is_newest"], row["date"]) for row in found}
    assert numbers == {
        (1, "v1.0.0", False, releases["v1.0.0"]["date"]),
        (2, "v1.1.0", True, releases["v1.1.0"]["date"]),
    }
    newest = [row for row in found if row["is_newest"]]
    columns = [name for name in LEADERBOARD.schema.names if name in newest[0]]
    assert [{name: row[name] for name in columns} for row in newest] == made.board.select(columns).to_pylist()
    for row in found:
        assert (row["n_runs"], row["n_runs_missing"]) == (len(releases[row["release"]]["runs"]), 0)

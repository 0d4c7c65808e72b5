"""One bad benchmark, release or run costs no other: it is named in a check, and stays named until it can be scored."""

import shutil
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from every_eval.contracts.cross_benchmark import CROSS_BENCHMARK
from every_eval.contracts.parquet import read_table, write_table
from every_eval.contracts.scores_tables import TABLES_OF_SOURCE
from every_eval.contracts.stats import STATS
from every_eval.errors import HubUnavailable
from every_eval.hub.hub import Add, Delete
from every_eval.scoring.checks.check_table import LeftOut
from every_eval.scoring.isolation import MAX_ATTEMPTS, Problem, boundary, faulty_runs
from every_eval.scoring.scorer import Scored, Scorer
from every_eval.sources.helm.source import HelmSource
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage
from every_eval_tests.hub.hubs import NOON, REPO, commit_on_head
from every_eval_tests.ingestion.publishing import Publishing

pytestmark = pytest.mark.slow

HELM = HelmSource()
SCORES = "owner/scores"
CLOCK = ("processed_at", "comprehensive_stats_generated_at", "data_freshness_hours")
Row = dict[str, Any]
Rows = list[Row]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder Hub with two benchmarks, in several shards each."""
    folder = tmp_path_factory.mktemp("sound")
    Publishing.of(ArchiveStorage(HELM_SAMPLE), folder, shard_bytes=1 << 20).refresh("mmlu", "lite")
    return folder


@pytest.fixture
def published(sound: Path, tmp_path: Path) -> Publishing:
    shutil.copytree(sound, tmp_path / "hub")
    return Publishing.of(ArchiveStorage(HELM_SAMPLE), tmp_path / "hub")


def score(published: Publishing, days: int = 0, source: HelmSource = HELM, *, force: bool = False) -> Scored:
    clock = lambda: NOON + timedelta(days=days)  # noqa: E731
    return Scorer(source, [HELM], published.hub, REPO, SCORES, clock, published.reports.append, force=force).run()


def rows_of(published: Publishing, table: str, benchmark: str) -> Rows:
    """Published rows of a benchmark, without clocks."""
    file = published.hub.snapshot(SCORES).fetch(f"latest/{table}_helm.parquet")
    rows = pa.parquet.read_table(file).to_pylist()
    return [{k: v for k, v in row.items() if k not in CLOCK} for row in rows if row["benchmark"] == benchmark]


TABLES = tuple(table.name for table in TABLES_OF_SOURCE if table is not CROSS_BENCHMARK)


def scores_of(published: Publishing, benchmark: str) -> Mapping[str, Rows]:
    return {table: rows_of(published, table, benchmark) for table in TABLES}


Change = Callable[[dict[str, Any]], dict[str, Any]]


def spoil(published: Publishing, folder: Path, benchmark: str, change: Change) -> str:
    """Change the rows of the first run of a benchmark, and return its suite and name."""
    head = published.hub.snapshot(REPO)
    path = min(path for path in head.files if path.startswith(f"stats/helm_{benchmark}/"))
    rows = read_table(STATS, [head.fetch(path)]).to_pylist()
    rows = [change(row) if row["run"] == rows[0]["run"] else row for row in rows]
    file = write_table(STATS, folder / "stats.parquet", pa.Table.from_pylist(rows, schema=STATS.schema))
    commit_on_head(published.hub, Delete(path), Add(f"{path.rpartition('-')[0]}-{'0' * 12}.parquet", file))
    return f"{rows[0]['suite']}/{rows[0]['run']}"


def with_too_many_scored(row: dict[str, Any]) -> dict[str, Any]:
    return row if row["n_scored"] is None else row | {"n_scored": row["n_instances"] + 1}


def without_specification(row: dict[str, Any]) -> dict[str, Any]:
    return row | {"run_spec": "{"}


@pytest.mark.parametrize(
    ("change", "told"), [(with_too_many_scored, "scored: benchmark=mmlu"), (without_specification, "truncated")]
)
def test_a_run_that_cannot_be_scored_is_left_out_and_named_and_all_others_are_scored(
    published: Publishing, tmp_path: Path, change: Change, told: str
) -> None:
    whole = score(published, force=True)
    before = {name: scores_of(published, name) for name in ("mmlu", "lite")}
    run = spoil(published, tmp_path, "mmlu", change)
    made = score(published, 1)

    [left_out] = made.left_out
    assert (left_out.benchmark, left_out.release, left_out.n_problems) == ("mmlu", "v1.1.0", 1)
    assert left_out.problems[0].startswith(f"{run}: ") and told in left_out.problems[0]
    assert scores_of(published, "lite") == before["lite"]
    others = [row["run"] for row in before["mmlu"]["comprehensive_stats"] if f"{row['suite']}/{row['run']}" != run]
    assert [row["run"] for row in rows_of(published, "comprehensive_stats", "mmlu")] == others
    assert made.published.keys() == whole.published.keys()
    assert [trace.partition(": ")[0] for trace in made.traces] == [run]


def test_what_was_left_out_stays_named_without_another_attempt_until_it_or_the_program_changes(
    published: Publishing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    score(published)
    before = published.hub.snapshot(REPO)
    spoil(published, tmp_path, "mmlu", with_too_many_scored)
    made, again = score(published, 1), score(published, 2)
    assert (made.is_new, again.is_new) == (True, False)
    assert made.left_out and again.left_out == made.left_out

    for module in ("isolation", "scorer"):
        monkeypatch.setattr(f"every_eval.scoring.{module}.program_version", lambda: "99")
    assert score(published, 3).is_new and not score(published, 4).is_new
    head = published.hub.snapshot(REPO)
    changed = head.files.keys() - before.files.keys()
    sound = before.files.keys() - head.files.keys()
    commit_on_head(published.hub, *map(Delete, changed), *(Add(path, before.fetch(path)) for path in sound))
    healed = score(published, 5)
    assert healed.is_new and healed.left_out == []
    assert not score(published, 6).is_new


def test_a_benchmark_that_cannot_be_scored_keeps_its_published_rows(published: Publishing, tmp_path: Path) -> None:
    score(published)
    before = {name: scores_of(published, name) for name in ("mmlu", "lite")}
    state = {path for path in published.hub.snapshot(SCORES).files if path.startswith("state/helm_mmlu/")}
    head = published.hub.snapshot(REPO)
    path = min(path for path in head.files if path.startswith("stats/helm_mmlu/"))
    commit_on_head(published.hub, Add(path, b"no Parquet"))
    made = score(published, 1, force=True)

    [left_out] = made.left_out
    assert (left_out.benchmark, left_out.release) == ("mmlu", None)
    assert "Parquet magic bytes" in left_out.problems[0] and str(tmp_path) not in left_out.problems[0]
    assert {name: scores_of(published, name) for name in ("mmlu", "lite")} == before
    assert state <= published.hub.snapshot(SCORES).files.keys()
    assert not score(published, 2).is_new


def test_a_benchmark_whose_shards_are_gone_keeps_its_scores_until_somebody_forces_it(published: Publishing) -> None:
    score(published)
    before = scores_of(published, "mmlu")
    lost = [path for path in published.hub.snapshot(REPO).files if "helm_mmlu" in path]
    commit_on_head(published.hub, *map(Delete, lost))
    made = score(published, 1)

    n = len(before["leaderboard"])
    assert made.left_out == [
        LeftOut(
            "mmlu",
            None,
            1,
            (
                f"helm_mmlu: the leaderboard has 0 rows, the published one has {n}. Run the job with force_regenerate "
                "to publish it all the same.",
            ),
        )
    ]
    assert scores_of(published, "mmlu") == before and not score(published, 2).is_new
    forced = score(published, 3, force=True)
    assert forced.left_out == [] and scores_of(published, "mmlu") == {table: [] for table in TABLES}
    assert not score(published, 4).is_new


def test_two_files_of_a_shard_stop_their_benchmark_alone(published: Publishing) -> None:
    head = published.hub.snapshot(REPO)
    path = min(path for path in head.files if path.startswith("stats/helm_mmlu/"))
    commit_on_head(published.hub, Add(f"{path.rpartition('-')[0]}-{'0' * 12}.parquet", head.fetch(path)))
    made = score(published)

    assert [one.benchmark for one in made.left_out] == ["mmlu"]
    assert "Delete all but the newest file of each shard" in made.left_out[0].problems[0]
    assert scores_of(published, "lite")["leaderboard"] and scores_of(published, "mmlu")["leaderboard"] == []


class FailingTables(HelmSource):
    """HELM, with a fault in the tables of one release."""

    def published_tables(self, release: Mapping[str, Any], stats: Any) -> Any:
        yield from (piece for at, piece in enumerate(super().published_tables(release, stats)) if at < 2)
        if release["benchmark"] == "mmlu":
            raise ZeroDivisionError(f"in {release['release']}")


def test_a_release_whose_own_tables_fail_has_its_scores_and_no_half_of_these_tables(published: Publishing) -> None:
    made = score(published, source=FailingTables())

    assert made.left_out == [
        LeftOut("mmlu", "v1.1.0", 1, ("the tables of release v1.1.0: ZeroDivisionError: in v1.1.0",))
    ]
    assert {row["benchmark"] for row in pa.parquet.read_table(
        published.hub.snapshot(SCORES).fetch("latest/helm_tables.parquet")).to_pylist()} == {"lite"}  # fmt: skip
    assert rows_of(published, "leaderboard", "mmlu")
    assert [trace.count("Traceback") for trace in made.traces] == [1]


def test_a_table_that_fails_is_left_out_and_named_and_made_again_when_it_can_be(
    published: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> list[Row]:
        raise ZeroDivisionError("no row")

    with monkeypatch.context() as patch:
        patch.setattr("every_eval.scoring.item_tables.calibration", fail)
        made = score(published)
        reason = "the tables items, robustness, calibration, changes: ZeroDivisionError: no row"
        assert made.left_out == [LeftOut(name, "v1.1.0", 1, (reason,)) for name in ("lite", "mmlu")]
        assert rows_of(published, "items", "mmlu") == []  # and not half of them
        assert rows_of(published, "history", "mmlu") and rows_of(published, "leaderboard", "mmlu")
        assert not score(published).is_new
    monkeypatch.setattr("every_eval.scoring.isolation.program_version", lambda: "99")
    monkeypatch.setattr("every_eval.scoring.scorer.program_version", lambda: "99")
    assert score(published, days=1).left_out == []
    assert rows_of(published, "items", "mmlu") and rows_of(published, "calibration", "lite")


def test_an_older_release_without_a_leaderboard_costs_its_history_alone(
    published: Publishing, monkeypatch: pytest.MonkeyPatch
) -> None:
    def main_table(source: HelmSource, release: Mapping[str, Any], stats: Any) -> Any:
        if release["release"] == "v1.0.0":
            raise ZeroDivisionError("no table")
        return of_helm(source, release, stats)

    of_helm = HelmSource.main_table
    monkeypatch.setattr(HelmSource, "main_table", main_table)
    made = score(published)
    reason = "the history of release v1.0.0: ZeroDivisionError: no table"
    assert made.left_out == [LeftOut(name, "v1.1.0", 1, (reason,)) for name in ("lite", "mmlu")]
    assert {row["release"] for row in rows_of(published, "history", "mmlu")} == {"v1.1.0"}
    assert rows_of(published, "items", "mmlu")


def test_errors_of_the_hub_and_of_the_machine_pass_the_boundary() -> None:
    noted: list[Problem] = []
    for error in (HubUnavailable("busy"), MemoryError(), OSError(28, "No space left on device")):
        with pytest.raises(type(error)), boundary("lite", noted.append):
            raise error
    with boundary("lite", noted.append):
        raise pa.ArrowInvalid("not a Parquet file: /tmp/work_1234/state__x.parquet")
    assert [problem.text for problem in noted] == ["lite: ArrowInvalid: not a Parquet file: state__x.parquet"]


RUNS = [("v1", f"run{at:02}") for at in range(40)]


@pytest.mark.parametrize("bad", [[], [3], [0, 39], [7, 8, 20]])
def test_the_runs_at_fault_are_found_by_halves(bad: list[int]) -> None:
    at_fault = {RUNS[at] for at in bad}
    n_attempts = []

    def attempt(runs: Any) -> Problem | None:
        n_attempts.append(len(runs))
        return Problem("bad", "bad") if runs & at_fault else None

    assert faulty_runs(RUNS, attempt).keys() == at_fault
    # Each run at fault costs two attempts on each of the log2(40) = 6 levels, at most.
    assert len(n_attempts) <= 1 + 12 * len(bad)


def test_no_run_is_at_fault_if_only_all_together_fail_or_if_too_many_fail() -> None:
    together = lambda runs: Problem("bad", "bad") if len(runs) == len(RUNS) else None  # noqa: E731
    assert faulty_runs(RUNS, together) == {}
    n_attempts = []

    def attempt(runs: Any) -> Problem:
        n_attempts.append(len(runs))
        return Problem("bad", "bad")

    assert faulty_runs(RUNS, attempt) == {}
    assert len(n_attempts) == MAX_ATTEMPTS

from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.scanning import scan_table
from every_eval.scoring.tables import scored_runs as module
from every_eval.scoring.tables.scored_runs import count_rows, scored_runs
from every_eval.sources.statistics_files import StatisticsFiles
from every_eval_tests.scoring.real_scores import CLOCK, RealBenchmark, RealScores


@pytest.fixture
def classic(real_scores: RealScores) -> RealBenchmark:
    return next(benchmark for benchmark in real_scores if benchmark.name == "classic")


def write(benchmark: RealBenchmark, folder: Path, n_files: int) -> StatisticsFiles:
    """The rows in several files; the runs are dealt out in reverse order of their names."""
    runs = sorted(set(benchmark.stats["run"].to_pylist()), reverse=True)
    files = []
    for at in range(n_files):
        rows = benchmark.stats.filter(pc.field("run").isin(runs[at::n_files]))
        marks = [pa.repeat(pa.scalar("helm_lite_part_00001"), rows.num_rows)] * 2
        files.append(folder / str(at))
        pq.write_table(pa.table([*marks, *rows.columns], ["shard", "fingerprint", *rows.column_names]), files[-1])
    return StatisticsFiles(files)


def parts(stats: StatisticsFiles, benchmark: RealBenchmark) -> list[pa.Table]:
    made = scored_runs(stats, count_rows(stats), benchmark.release, CLOCK)
    return [COMPREHENSIVE_STATS.decode(rows) for _, rows in made]


def test_the_rows_are_the_same_however_they_are_cut_and_no_part_cuts_a_run(
    classic: RealBenchmark, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [whole] = parts(write(classic, tmp_path, 1), classic)
    monkeypatch.setattr(module, "PART_ROWS", 500)
    monkeypatch.setattr("every_eval.sources.statistics_files.scan_table", partial(scan_table, n_rows=333))
    cut = parts(write(classic, tmp_path, 4), classic)

    assert pa.concat_tables(cut).equals(whole)
    assert whole["run"].to_pylist() == sorted(whole["run"].to_pylist())
    assert len(cut) > 5
    runs = [set(part["run"].to_pylist()) for part in cut]
    assert sum(map(len, runs)) == len(set(whole["run"].to_pylist()))
    largest = max(count_rows(write(classic, tmp_path, 1)).values())
    assert all(part.num_rows < 500 + largest for part in cut)


def test_runs_that_are_not_chosen_are_not_read(classic: RealBenchmark, tmp_path: Path) -> None:
    stats = write(classic, tmp_path, 2)
    chosen = set(list(classic.release.runs)[:3])
    of_chosen = stats.of(chosen)

    assert count_rows(of_chosen).keys() == chosen
    assert {tuple(row.values()) for piece in of_chosen.pieces(["suite", "run"]) for row in piece.to_pylist()} == chosen
    assert stats.of(set()).read(["run"], lambda rows: rows["is_main_metric"]).num_rows == 0
    main = stats.read(["run", "is_main_metric"], lambda rows: rows["is_main_metric"])
    assert main.num_rows == sum(classic.stats["is_main_metric"].to_pylist())

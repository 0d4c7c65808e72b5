import json
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from every_eval.contracts.helm_tables import HELM_TABLES
from every_eval.sources.helm.published_cells import PublishedCell
from every_eval.sources.helm.tables.disagreements import disagreements
from every_eval.sources.helm.tables.release_tables import Release
from every_eval_tests.sources.helm.tables.reported import SAMPLE_RELEASES, legacy, published_cells, sample, whole_tables


def _by_place(cells: tuple[PublishedCell, ...]) -> dict[tuple[str, int, int, int], PublishedCell]:
    return {(c.group, c.table_index, c.row_index, c.column_index): c for c in cells if c.column_index > 0}


@pytest.mark.parametrize(("benchmark", "name"), SAMPLE_RELEASES)
def test_every_real_cell_is_recomputed_to_the_last_bit_in_its_row_and_column(benchmark: str, name: str) -> None:
    release, stats = sample(benchmark, name)
    tables = whole_tables(release, stats)
    HELM_TABLES.validate(tables)
    published = _by_place(release.cells)

    assert len(published) == tables.num_rows > 300
    for row in tables.to_pylist():
        cell = published[row["group"], row["table_index"], row["row_index"], row["column_index"]]
        texts = (cell.table_name, cell.row_label, cell.column)
        assert (row["table_name"], row["row_label"], row["column"]) == texts
        assert row["value"] == row["published_value"] == cell.value, row
    assert pc.all(tables["is_published"]).as_py()
    assert pc.all(tables["is_recomputed"]).as_py()
    assert disagreements(tables).num_rows == 0


def test_the_real_tables_test_what_is_hard() -> None:
    # Win rates with ties, ablations, pooled re-runs, runs that count twice, and undefined cells are all in the sample.
    rows = [row for place in SAMPLE_RELEASES for row in whole_tables(*sample(*place)).to_pylist()]

    assert sum(row["column"] == "Mean win rate" and row["value"] is not None for row in rows) > 100
    assert any("[max_train_instances: " in row["row_label"] for row in rows)
    assert any(row["perturbation_name"] == "robustness" and row["value"] is not None for row in rows)
    assert any(row["value"] is None and row["n_trials"] for row in rows)
    assert any((row["n_runs"] or 0) > 2 for row in rows)
    assert any(row["n_runs"] == 0 for row in rows)


def test_the_order_and_the_batches_of_statistics_change_nothing() -> None:
    release, stats = sample("lite", "v1.1.0")
    backwards = stats.take(pa.array(range(stats.num_rows - 1, -1, -1)))
    halves = pa.concat_tables([backwards.slice(5000), backwards.slice(0, 5000)])

    assert whole_tables(release, halves).equals(whole_tables(release, stats))


def test_statistics_of_other_benchmarks_are_none_of_the_tables() -> None:
    release, stats = sample("lite", "v1.1.0")
    both = pa.concat_tables([sample("mmlu", "v1.1.0")[1], stats])

    assert whole_tables(release, both).equals(whole_tables(release, stats))


def test_a_release_is_read_from_its_row() -> None:
    release, _ = sample("mmlu", "v1.0.0")
    row = {
        "benchmark": "mmlu",
        "release": "v1.0.0",
        "suites": ["v1.0.0"],
        "schema_json": release.schema_json,
        "cells": published_cells(release.cells),
    }
    read = Release.from_row(row)

    assert whole_tables(read, sample("mmlu", "v1.0.0")[1]).equals(whole_tables(*sample("mmlu", "v1.0.0")))
    assert (read.benchmark, read.name, read.suites) == ("mmlu", "v1.0.0", ("v1.0.0",))


def test_a_wrong_value_in_a_groups_file_is_named() -> None:
    release, stats = sample("lite", "v1.1.0")
    at = next(i for i, c in enumerate(release.cells) if c.column == "GSM8K - EM" and c.value is not None)
    wrong = release.cells[at]._replace(value=(release.cells[at].value or 0) + 1e-6)
    planted = replace(release, cells=(*release.cells[:at], wrong, *release.cells[at + 1 :]))
    [found] = disagreements(whole_tables(planted, stats)).to_pylist()

    assert (found["group"], found["row_label"], found["column"]) == (wrong.group, wrong.row_label, "GSM8K - EM")
    assert found["published_value"] == wrong.value != found["value"]


def test_a_wrong_sum_in_a_stats_json_is_named_in_every_cell_that_shows_it() -> None:
    release, stats = sample("lite", "v1.0.0")
    is_main = pc.and_(pc.equal(stats["metric_name"], "final_number_exact_match"), pc.equal(stats["split"], "test"))
    is_main = pc.and_(is_main, pc.equal(stats["suite"], "v1.0.0"))
    at = pc.index(is_main, pa.scalar(True)).as_py()
    sums = stats["reported_sum"].to_pylist()
    sums[at] += 0.25
    column = stats.schema.get_field_index("reported_sum")
    planted = stats.set_column(column, stats.schema.field(column), pa.array(sums, pa.float64()))
    found = disagreements(whole_tables(release, planted)).to_pylist()

    model = json.loads(stats["run_spec"][at].as_py())["adapter_spec"]["model"]
    wrong = [row for row in found if row["metric_name"] == "final_number_exact_match"]
    assert {(row["model_name"], row["run_group"]) for row in wrong} == {(model, "gsm")}
    assert {row["group"] for row in wrong} == {"core_scenarios", "gsm"}
    assert {row["column"] for row in found if row not in wrong} <= {"Mean win rate"}


def test_a_cell_that_only_one_side_has_is_a_row() -> None:
    release, stats = sample("mmlu", "v1.0.0")
    at = next(i for i, cell in enumerate(release.cells) if cell.value is not None)
    lost, extra = release.cells[at], release.cells[at]._replace(column_index=99)
    changed = replace(release, cells=(*release.cells[:at], *release.cells[at + 1 :], extra))
    ours, theirs = disagreements(whole_tables(changed, stats)).to_pylist()

    assert (ours["column_index"], ours["is_published"], ours["value"]) == (lost.column_index, False, lost.value)
    assert (theirs["column_index"], theirs["value"], theirs["published_value"]) == (99, None, lost.value)


def test_a_release_without_published_tables_has_ours_alone() -> None:
    release, stats = sample("mmlu", "v1.0.0")
    tables = whole_tables(replace(release, cells=()), stats)

    # Without HELM's tables the newest rules hold, which leave tables without columns out; MMLU has none of those.
    assert tables["value"].equals(whole_tables(release, stats)["value"])
    assert not pc.any(tables["is_published"]).as_py()
    assert disagreements(tables).num_rows == 0


def test_a_release_without_runs_has_the_published_values_alone() -> None:
    release, stats = sample("mmlu", "v1.0.0")
    tables = whole_tables(release, stats.slice(0, 0))

    assert tables.num_rows == len(_by_place(release.cells))
    assert tables["value"].null_count == tables.num_rows
    assert disagreements(tables).num_rows == tables.num_rows - tables["published_value"].null_count > 0


def test_a_release_without_schema_keeps_the_published_structure() -> None:
    release, stats = legacy()
    tables = whole_tables(release, stats)
    HELM_TABLES.validate(tables)

    assert tables.num_rows == len(_by_place(release.cells))
    assert disagreements(tables).num_rows == 0


def test_a_cell_of_which_a_statistic_is_lost_is_blank_with_a_reason_and_not_compared() -> None:
    release, stats = sample("mmlu", "v1.0.0")
    run = pc.min(stats["run"])
    lost = stats.filter(pc.or_(pc.not_equal(stats["run"], run), pc.equal(stats["metric_name"], "num_instances")))
    at = lost.schema.get_field_index("is_complete")
    tables = whole_tables(release, lost.set_column(at, lost.schema.field(at), pc.not_equal(lost["run"], run)))
    blank = [row for row in tables.to_pylist() if row["blank_reason"]]

    # The run's own column, and "All Subjects", which pools the run with others.
    of_metric = [row for row in blank if row["metric_name"] == "exact_match" and row["published_value"] is not None]
    assert len({row["column"] for row in of_metric}) > 1
    assert all(row["value"] is None and not row["is_recomputed"] for row in blank)
    assert disagreements(tables).num_rows == 0

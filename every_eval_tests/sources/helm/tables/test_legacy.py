from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from every_eval.sources.helm.published_cells import PublishedCell
from every_eval.sources.helm.tables import legacy_names
from every_eval.sources.helm.tables.cells import RecomputedCell
from every_eval.sources.helm.tables.disagreements import disagreements
from every_eval.sources.helm.tables.legacy import LegacyTables, recount
from every_eval.sources.helm.tables.pooling import Matcher
from every_eval.sources.helm.tables.table_runs import TableRun, read_runs
from every_eval_tests.sources.helm.tables.reported import legacy, reported_run, statistic, whole_tables


def test_every_real_cell_is_identified_and_recomputed_to_the_last_bit() -> None:
    rows = whole_tables(*legacy()).to_pylist()

    assert all(row["is_recomputed"] for row in rows)
    assert [row["value"] for row in rows] == [row["published_value"] for row in rows]
    assert sum(row["value"] is not None for row in rows) > 300
    assert sum(row["column"] == "Mean win rate" and row["value"] is not None for row in rows) > 10


def test_runs_of_the_older_suite_count_twice_as_helm_counted_them() -> None:
    # In the release of two suites, HELM 0.2.4 met the first suite's runs once more when it came to the second.
    rows = [row for row in whole_tables(*legacy()).to_pylist() if row["group"] == "imdb" and row["n_runs"]]
    counts = {(row["model_name"], row["n_runs"]) for row in rows}

    assert {n_runs for _, n_runs in counts} == {1, 2}
    assert len(counts) == len({model for model, _ in counts}) == 4


def test_runs_are_recounted_suite_by_suite() -> None:
    runs = [reported_run(name, suite=name) for name in ("1", "2", "3")]

    assert [run.name for run in recount(runs, ["1", "2", "3"])] == ["1", "1", "2", "1", "2", "3"]
    assert recount(runs[:1], ["1"]) == runs[:1]


def _unidentified(cells: Sequence[PublishedCell]) -> list[dict[str, Any]]:
    release, stats = legacy()
    tables = whole_tables(replace(release, cells=tuple(cells)), stats)
    assert disagreements(tables).num_rows == 0
    return [row for row in tables.to_pylist() if not row["is_recomputed"]]


def test_a_column_of_an_unknown_metric_carries_the_published_value_alone() -> None:
    def rename(cell: PublishedCell) -> PublishedCell:
        return cell._replace(column_title="Unheard of") if cell.metric == "EM" and cell.group == "mmlu" else cell

    rows = _unidentified([rename(cell) for cell in legacy()[0].cells])

    assert {(row["group"], row["value"], row["metric_name"]) for row in rows} == {("mmlu", None, None)}
    assert any(row["published_value"] is not None for row in rows)


def test_a_row_whose_runs_are_not_those_that_are_known_carries_the_published_values_alone() -> None:
    def forget(cell: PublishedCell) -> PublishedCell:
        names = cell.run_spec_names
        return cell._replace(run_spec_names=(*names, "imdb:model=lost")) if cell.group == "imdb" and names else cell

    rows = _unidentified([forget(cell) for cell in legacy()[0].cells])

    # The group's own table, and the row's columns of tables over several groups: neither is sure any longer.
    assert Counter(row["group"] for row in rows).keys() >= {"imdb", "sentiment_analysis"}
    assert all(row["value"] is None for row in rows)
    assert all(row["column"] != "Mean win rate" for row in rows)


def _published(rows: Sequence[tuple[str, Sequence[str] | None, float | None, str | None]], **rest: Any) -> Any:
    """Return a table with a label, a win rate and a column of IMDB's main metric for each of `rows`."""
    shared: dict[str, Any] = dict.fromkeys(PublishedCell._fields)
    shared |= {"group": "imdb", "table_index": 0, "table_name": "imdb_a:1", "table_title": "a: 1", **rest}
    for index, (label, runs, value, level) in enumerate(rows):
        row = shared | {"row_index": index, "row_label": label}
        names = None if runs is None else tuple(runs)
        yield PublishedCell(**row | {"column_index": 0, "column": "Model/adapter", "run_spec_names": names})
        yield PublishedCell(**row | {"column_index": 1, "column": "Mean win rate", "lower_is_better": False})
        column = {"column_index": 2, "column": "EM", "column_title": "Quasi-exact match", "lower_is_better": False}
        yield PublishedCell(
            **row | column | {"run_group": "IMDB", "metric": "EM", "value": value, "contamination_level": level}
        )


def _run(name: str, total: float, *groups: str, count: int = 1) -> TableRun:
    statistics = [statistic("quasi_exact_match", count, total, split="valid")]
    return reported_run(name, groups or ["imdb"], statistics, adapter={"model": f"m/{name}"})


def _cells(published: Sequence[PublishedCell], runs: Sequence[TableRun], column: int = 2) -> list[RecomputedCell]:
    return [cell for cell in LegacyTables(published, runs).cells() if cell.column_index == column]


def test_linked_runs_are_pooled_on_the_groups_main_split() -> None:
    cells = _cells([*_published([("A", ["a"], 0.25, None)])], [_run("a", 0.75, count=3)])

    assert [(cell.value, cell.model_name, cell.matcher) for cell in cells] == [
        (0.25, "m/a", Matcher("quasi_exact_match", "valid"))
    ]


def test_win_rates_are_those_of_the_published_column_by_the_old_rule() -> None:
    # B is strongly contaminated and not ranked; of A and C, which tie, the later wins.
    rows = [("A", ["a"], 0.5, None), ("B", ["b"], 0.9, "strong"), ("C", ["c"], 0.5, "weak")]

    assert [cell.value for cell in _cells([*_published(rows)], [], column=1)] == [0.0, None, 1.0]


def test_a_row_linked_to_no_run_is_identified_and_empty() -> None:
    [cell] = _cells([*_published([("A", [], None, None)])], [_run("a", 0.5)])

    assert (cell.value, cell.n_runs) == (None, 0)


def test_a_table_over_groups_takes_the_runs_that_the_groups_own_tables_link() -> None:
    own = _published([("A⚠", ["a"], 0.5, None), ("B", ["b"], 0.7, None)])
    over = _published([("A", None, 0.5, None)], group="core", table_name="accuracy")
    cells = _cells([*own, *over], [_run("a", 0.5), _run("b", 0.7)])

    assert [(cell.group, cell.value) for cell in cells] == [("imdb", 0.5), ("imdb", 0.7), ("core", 0.5)]


@pytest.mark.parametrize(
    ("label", "group", "table_name"),
    [
        ("A [max_train_instances: 0]", "core", "accuracy"),
        ("A", "ablation", "accuracy"),
        ("A", "imdb", "imdb:sub_split=mild"),
    ],
)
def test_rows_of_ablations_and_of_sub_splits_are_not_identified(label: str, group: str, table_name: str) -> None:
    own = _published([("A", ["a"], 0.5, None)])
    doubtful = _published([(label, None, 0.9, None)], group=group, table_name=table_name, table_index=1)
    runs = [_run("a", 0.5), _run("x", 0.9, "imdb", "ablation")]

    assert [cell.table_index for cell in _cells([*own, *doubtful], runs)] == [0]


def test_names_are_known_only_together() -> None:
    known = ("IMDB", "Quasi-exact match", "Robustness")

    assert legacy_names.matcher(*known) == Matcher("quasi_exact_match", "valid", "robustness")
    assert legacy_names.matcher("Unheard of", *known[1:]) is None
    assert legacy_names.matcher("IMDB", "Unheard of", None) is None
    assert legacy_names.matcher("IMDB", "Quasi-exact match", "Unheard of") is None
    assert legacy_names.run_group(None) is None


def test_every_column_of_the_real_tables_is_known() -> None:
    release, stats = legacy()
    shown = [cell for cell in release.cells if cell.run_group is not None]
    names = {run.spec.groups[0] for run in read_runs(stats, release.suites, set())}

    assert all(legacy_names.matcher(cell.run_group, cell.column_title, cell.perturbation) for cell in shown)
    assert names <= {legacy_names.run_group(cell.run_group) for cell in shown}

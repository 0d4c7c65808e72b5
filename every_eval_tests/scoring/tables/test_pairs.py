import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pytest

from every_eval.contracts.pairs import PAIRS
from every_eval.scoring.responses.item_scores_files import ItemScoresFiles
from every_eval.scoring.responses.response_store import ResponseStore, opened_store
from every_eval.scoring.tables import pairs as module
from every_eval.scoring.tables.pairs import pairs
from every_eval.sources.main_table import MainTable, Score, Standing
from every_eval.sources.statistic_key import PooledStatistic, StatisticKey
from every_eval.statistics.binary_pairs import bonett_price_interval, mcnemar_p
from every_eval.statistics.p_values import benjamini_hochberg, holm
from every_eval_tests.scoring.comparisons.boards import of_store
from every_eval_tests.scoring.real_scores import RealScores
from every_eval_tests.scoring.responses.item_score_rows import item_scores, state_file
from every_eval_tests.scoring.run_stats import reported, shown_release, statistic, stored, table

PLACE = {"source": "helm", "benchmark": "lite", "release": "v1.0.0"}
Rows = list[dict[str, Any]]
TESTS = ("p_value", "p_holm", "q_bh")


class Run(NamedTuple):
    """A run with its main statistic and the items behind it."""

    statistic: dict[str, Any]
    items: Sequence[Mapping[str, Any]] = ()

    @property
    def pooled(self) -> PooledStatistic:
        key = StatisticKey._make(self.statistic.get(name) for name in StatisticKey._fields)
        return PooledStatistic(key, 1, self.statistic["mean"])


def run(model: str, values: Mapping[str, float] | Sequence[float], **rest: Any) -> Run:
    """A run on gsm; the instances are called id0, id1, … if they have no names."""
    by_id = values if isinstance(values, Mapping) else {f"id{at}": value for at, value in enumerate(values)}
    row = statistic(model, by_id, **rest)
    shared = {name: row.get(name) for name in ("run", "metric_name", "split", "sub_split", "perturbation")}
    return Run(row, item_scores(model, by_id, **shared))


def whole(pieces: Iterable[pa.Table]) -> pa.Table:
    return pa.concat_tables([PAIRS.schema.empty_table(), *map(PAIRS.decode, pieces)])


@contextmanager
def responses(runs: Sequence[Run]) -> Iterator[ResponseStore]:
    with tempfile.TemporaryDirectory() as folder, stored(table(*(one.statistic for one in runs))) as stats:
        file = state_file(Path(folder) / "items", [row for one in runs for row in one.items])
        with opened_store(ItemScoresFiles([file]), stats) as store:
            yield store


def _rows(*runs: Run, main_table: MainTable | None = None, **lower: bool) -> Rows:
    stats = table(*(one.statistic for one in runs))
    with responses(runs) as store:
        compared = None if main_table is None else of_store(main_table, store)
        found = whole(pairs(PLACE, shown_release(stats, **lower), stats, store, compared))
    PAIRS.validate(found)
    listed: Rows = found.to_pylist()
    return listed


def _of_runs(*runs: Run, **lower: bool) -> Rows:
    return _rows(*runs, main_table=None, **lower)


def test_equal_answers_differ_by_exactly_nothing() -> None:
    answers = list(np.random.default_rng(0).random(30))
    [row] = _of_runs(run("m/a", answers), run("m/b", answers))

    assert (row["difference"], row["ci_low"], row["ci_high"], row["p_value"]) == (0.0, 0.0, 0.0, 1.0)
    assert (row["n"], row["n_columns"], row["ci_method"]) == (30, 1, "bootstrap")
    assert row["correlation"] == pytest.approx(1)


def test_right_and_wrong_answers_are_tested_exactly() -> None:
    a, b = [1] * 20 + [0] * 10, [1] * 8 + [0] * 20 + [1] * 2
    [row] = _of_runs(run("m/b", b), run("m/a", a))

    # a alone gets items 8 to 19 right, and b alone items 28 and 29.
    only = np.array([12]), np.array([2])
    assert (row["model_name_a"], row["model_name_b"]) == ("m/a", "m/b")
    assert (row["n_only_a"], row["n_only_b"], row["difference"]) == (12, 2, 10 / 30)
    assert row["p_value"] == mcnemar_p(*only)[0]
    assert [row["ci_low"], row["ci_high"]] == [end[0] for end in bonett_price_interval(*only, np.array([30]))]
    assert row["ci_method"] == "bonett_price"
    # 2.8 errors of Bonett and Price: p = 13 / 32 and q = 3 / 32.
    p, q = 13 / 32, 3 / 32
    assert row["minimum_detectable_difference"] == pytest.approx(2.8 * np.sqrt((p + q - (p - q) ** 2) / 32), rel=1e-3)


def test_the_difference_is_over_the_items_that_both_runs_have() -> None:
    [row] = _of_runs(run("m/a", {"x": 1, "y": 0, "z": 0}), run("m/b", {"y": 0, "z": 0.5, "other": 1}))

    assert (row["score_a"], row["score_b"]) == (1 / 3, 0.5)
    assert (row["difference"], row["n"]) == (-0.25, 2)


def test_runs_without_common_items_are_listed_and_not_compared() -> None:
    [row] = _of_runs(run("m/a", {"x": 1, "y": 0}), run("m/b", {"other": 1, "another": 1}))

    assert (row["n"], row["n_columns"], row["score_a"]) == (0, 0, 0.5)
    unknown = ("difference", "ci_low", "ci_high", "ci_method", *TESTS, "minimum_detectable_difference", "n_only_a")
    assert [row[name] for name in unknown] == [None] * len(unknown)


def test_p_values_are_adjusted_over_all_pairs_of_a_kind() -> None:
    rng = np.random.default_rng(4)
    shares = [(at, scenario, 0.3 + 0.15 * at) for at in range(4) for scenario in "xy"]
    rows = _of_runs(*(_column(f"m/{at}", name, (rng.random(60) < share).astype(float)) for at, name, share in shares))

    p_values = np.array([row["p_value"] for row in rows])
    assert len(p_values) == 12
    assert [row["p_holm"] for row in rows] == holm(p_values).tolist()
    assert [row["q_bh"] for row in rows] == benjamini_hochberg(p_values).tolist()


def test_every_two_runs_of_a_variant_are_a_pair_in_the_order_of_names() -> None:
    rows = _of_runs(
        run("m/c", [1, 0]),
        run("m/a", [1, 1]),
        run("m/b", [0, 0]),
        run("m/d", [0, 1], variant="x"),
    )

    assert [(row["model_name_a"], row["model_name_b"]) for row in rows] == [
        ("m/a", "m/b"),
        ("m/a", "m/c"),
        ("m/b", "m/c"),
    ]
    assert {(row["kind"], row["variant"], row["release"], row["lower_is_better"]) for row in rows} == {
        ("main_score", "gsm", "v1.0.0", False)
    }


def test_only_what_agrees_in_metric_split_and_sub_split_is_compared() -> None:
    parts: list[dict[str, Any]]
    parts = [{"sub_split": "x"}, {"sub_split": "y"}, {"split": "valid"}, {"metric_name": "em"}, {"split": None}]
    rows = _of_runs(*(run(model, [0, 1], **part) for part in parts for model in ("m/b", "m/a")), em=True)

    assert [(row["metric_name"], row["split"], row["sub_split"], row["lower_is_better"]) for row in rows] == [
        ("em", "test", None, True),
        ("f1", "test", "x", False),
        ("f1", "test", "y", False),
        ("f1", "valid", None, False),
        ("f1", None, None, False),
    ]
    assert {row["n"] for row in rows} == {2}


def test_only_main_scores_with_a_value_are_compared() -> None:
    others: list[dict[str, Any]] = [{"is_main_metric": False}, {"perturbation": "{}", "perturbation_name": "typos"}]

    assert _of_runs(*(run(model, [0, 1], **other) for other in others for model in ("m/a", "m/b"))) == []
    assert _of_runs(run("m/a", [0, 1]), Run(statistic("m/b", []))) == []


def test_scores_that_the_source_reported_are_listed_and_not_compared() -> None:
    rows = _of_runs(run("m/a", [0.25, 0.5]), Run(reported("m/c", 0.75)), Run(reported("m/d", 1.0)))

    assert [(row["score_a"], row["score_b"]) for row in rows] == [(0.375, 0.75), (0.375, 1.0), (0.75, 1.0)]
    assert [(row["n"], row["difference"], row["p_value"]) for row in rows] == [(0, None, None)] * 3


def test_two_runs_of_one_model_are_a_pair_too() -> None:
    [row] = _of_runs(run("m/a", [0, 1], run="r2"), run("m/a", [1, 1], run="r1"))

    assert (row["run_a"], row["run_b"], row["difference"]) == ("r1", "r2", 0.5)


def test_runs_that_are_not_scored_by_their_outputs_are_in_no_pair() -> None:
    cut = run("m/cut", [1], reported_mean=0.5, unscored_reason="Rows are missing.")
    rows = _of_runs(run("m/a", [1, 0]), run("m/b", [1, 1]), cut)

    assert [(row["model_name_a"], row["model_name_b"]) for row in rows] == [("m/a", "m/b")]


def _board(*models: tuple[str, Sequence[Run | None]], lower: bool = False, win_rates: bool = True) -> Rows:
    """Rows of the models of a main table, each with a run for each column, or none."""
    standings = [
        Standing(
            {"model_name": name, "model_deployment": name},
            [Score(one.pooled.mean, statistics=[one.pooled]) if one else Score(None) for one in runs],
        )
        for name, runs in models
    ]
    runs = [one for _, of_model in models for one in of_model if one]
    main_table = MainTable([lower] * len(models[0][1]), standings, win_rates)
    return [row for row in _rows(*runs, main_table=main_table) if row["kind"] != "main_score"]


def _answers(seed: int, share: float) -> list[float]:
    return [float(draw < share) for draw in np.random.default_rng(seed).random(200)]


def _column(model: str, scenario: str, values: Iterable[float]) -> Run:
    names = {f"{scenario}{at}": value for at, value in enumerate(values)}
    return run(model, names, run=f"{scenario}:model={model}", variant=scenario, dataset_name=scenario)


def test_mean_scores_and_win_rates_of_the_main_table_are_compared_in_pairs() -> None:
    a, b = ([_answers(seed + column, share) for column in (0, 10)] for seed, share in ((2, 0.9), (4, 0.5)))
    scores = {"c": [_answers(1, 0.1)], "a": a, "b": b}
    columns = {
        name: [_column(name, *one) for one in zip("xy", of_model, strict=False)] for name, of_model in scores.items()
    }
    rows = _board(("c", [*columns["c"], None]), ("a", columns["a"]), ("b", columns["b"]), ("d", [None, None]))

    by_kind = {kind: [row for row in rows if row["kind"] == kind] for kind in ("mean_score", "mean_win_rate")}
    for of_kind in by_kind.values():
        assert [(row["model_name_a"], row["model_name_b"]) for row in of_kind] == [("a", "b"), ("a", "c"), ("b", "c")]
        assert [(row["n_columns"], row["n"]) for row in of_kind] == [(2, 400), (1, 200), (1, 200)]
    mean = {name: [np.mean(column) for column in of_model] for name, of_model in scores.items()}
    differences = [row["difference"] for row in by_kind["mean_score"]]
    # c lacks the second column, so that only the first one counts in its pairs.
    expected = [np.mean(mean["a"]) - np.mean(mean["b"]), mean["a"][0] - mean["c"][0], mean["b"][0] - mean["c"][0]]
    assert differences == pytest.approx(expected)
    assert all(row["p_holm"] < 0.001 for row in by_kind["mean_score"])
    # Win rates: a has 1 and 1, b has 1/2 and 0, c has 0.
    assert [row["difference"] for row in by_kind["mean_win_rate"]] == [0.75, 1.0, 0.5]
    assert all(row[name] is None for row in by_kind["mean_win_rate"] for name in TESTS)
    # All comparisons are decided, so that the bounds are the difference itself; c has other columns than the others.
    [first, *others] = by_kind["mean_win_rate"]
    assert (first["ci_low"], first["ci_high"], first["ci_method"]) == (0.75, 0.75, "decisions")
    assert [row["ci_low"] for row in others] == [None, None]


def test_undecided_columns_leave_the_difference_of_win_rates_open() -> None:
    same = _answers(1, 0.5)
    rows = _board(("a", [_column("a", "x", same)]), ("b", [_column("b", "x", [1.0, *same[1:]])]))
    [row] = [row for row in rows if row["kind"] == "mean_win_rate"]
    assert (row["ci_low"], row["ci_high"]) == (-1.0, 1.0)


def test_where_win_rates_are_hidden_only_mean_scores_are_compared() -> None:
    models = [(name, [_column(name, "x", _answers(at, 0.5))]) for at, name in enumerate("ab")]
    rows = _board(*models, lower=True, win_rates=False)

    assert [(row["kind"], row["lower_is_better"]) for row in rows] == [("mean_score", True)]


@pytest.mark.parametrize("block", [1, 4])
def test_the_size_of_blocks_changes_no_pair(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    runs = [_column(f"m/{at}", name, np.random.default_rng(at).random(9)) for at in range(4) for name in "xyz"]
    at_once = _of_runs(*runs)
    monkeypatch.setattr(module, "BLOCK", block)

    assert _of_runs(*runs) == at_once
    assert len(at_once) == 18


def test_without_scores_there_are_no_pairs() -> None:
    assert _rows() == []
    assert _rows(main_table=MainTable([], [], has_win_rates=True)) == []


def test_real_pairs_agree_with_the_scores_that_they_compare(real_scores: RealScores) -> None:
    for benchmark in real_scores:
        rows = benchmark.pairs.to_pylist()
        PAIRS.validate(benchmark.pairs)
        mains = [row for row in benchmark.comprehensive.to_pylist() if row["is_main_metric"]]
        sizes: dict[tuple[str, ...], int] = {}
        for row in mains:
            key = tuple(row[name] for name in ("variant", "metric_name", "split", "sub_split"))
            sizes[key] = sizes.get(key, 0) + 1
        of_runs = [row for row in rows if row["kind"] == "main_score"]
        assert len(of_runs) == sum(n * (n - 1) // 2 for n in sizes.values())
        scores = {(row["run"], row["metric_name"], row["split"], row["sub_split"]): row for row in mains}
        for row in of_runs:
            key = (row["metric_name"], row["split"], row["sub_split"])
            a, b = scores[row["run_a"], *key], scores[row["run_b"], *key]
            # In the sample, all models answer the same questions. Values are rounded to 32 binary digits.
            assert row["n"] == a["total_samples"] == b["total_samples"]
            assert row["difference"] == pytest.approx(a["mean_score"] - b["mean_score"], abs=1e-8)

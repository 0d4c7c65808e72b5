from typing import Any

import pyarrow as pa

from every_eval.scoring.presentation.news import MAX_LISTED, NEWS_COLUMNS, news_markdown, select_news_rows
from every_eval_tests.scoring.real_scores import RealScores
from every_eval_tests.scoring.tables.test_cross_benchmark import board, row

SCHEMA = pa.schema(
    [(name, {"is_main_metric": pa.bool_(), "mean_score": pa.float64()}.get(name, pa.string())) for name in NEWS_COLUMNS]
)


def _score(run: str, mean: float | None, **rest: Any) -> dict[str, Any]:
    name = {"metric_name": "f1", "split": "test", "sub_split": None, "perturbation": None}
    return {"benchmark": "lite", "run": run, "is_main_metric": True, "mean_score": mean} | name | rest


def _stats(*rows: dict[str, Any]) -> pa.Table:
    return pa.Table.from_pylist(list(rows), schema=SCHEMA)


OLD = (board(row("lite", "a", 1), row("lite", "b", 2)), _stats(_score("gsm:model=a", 0.5), _score("gsm:model=b", 0.25)))


def test_at_first_everything_is_new() -> None:
    assert news_markdown(*OLD) == (
        "### lite\n\nThe release is lite-v1; before, it was none.\n\n"
        "New models: 2\n\n- a (host/a)\n- b (host/b)\n\n"
        "New runs: 2\n\n- gsm:model=a\n- gsm:model=b"
    )


def test_without_a_change_the_news_says_so() -> None:
    assert news_markdown(*OLD, *OLD) == "### lite\n\nNo model, run, score or rank changed."


def test_models_runs_scores_and_ranks_that_changed_are_named() -> None:
    new_board = board(
        row("lite", "b", 1, display_name="B|2", release="v2"), row("lite", "c", 2, release="v2"), row("mmlu", "c", 1)
    )
    new_stats = _stats(
        _score("gsm:model=b", 0.75),
        _score("gsm:model=c", 1.0, sub_split="x"),
        _score("mmlu:model=c", 0.1, benchmark="mmlu"),
    )

    assert news_markdown(new_board, new_stats, *OLD) == (
        "### lite\n\nThe release is v2; before, it was lite-v1.\n\n"
        "New models: 1\n\n- c (host/c)\n\n"
        "Removed models: 1\n\n- a (host/a)\n\n"
        "New runs: 1\n\n- gsm:model=c\n\n"
        "Removed runs: 1\n\n- gsm:model=a\n\n"
        "Changed scores: 1\n\n"
        "| run | metric_name | split | sub_split | before | now |\n| --- | --- | --- | --- | --- | --- |\n"
        "| gsm:model=b | f1 | test |  | 0.25 | 0.75 |\n\n"
        "Changed ranks: 1\n\n"
        "| model | before | now |\n| --- | --- | --- |\n| B\\|2 (host/b) | 2 | 1 |\n\n"
        "### mmlu\n\nThe release is mmlu-v1; before, it was none.\n\n"
        "New models: 1\n\n- c (host/c)\n\nNew runs: 1\n\n- mmlu:model=c"
    )


def test_a_score_changes_by_more_than_1e_9_or_from_or_to_null() -> None:
    def changed(before: float | None, now: float | None) -> bool:
        return "Changed scores: 1" in news_markdown(
            OLD[0], _stats(_score("r", now)), OLD[0], _stats(_score("r", before))
        )

    assert not changed(0.5, 0.5 * (1 + 5e-10))
    assert changed(0.5, 0.5 * (1 + 5e-9))
    assert changed(None, 0.5)
    assert changed(0.5, None)
    assert not changed(None, None)
    assert not changed(0.0, 0.0)


def test_only_main_scores_on_original_texts_are_compared() -> None:
    def others(value: float) -> pa.Table:
        return _stats(_score("r", value, is_main_metric=False), _score("r", value, perturbation="{}"))

    assert news_markdown(OLD[0], others(0.1), OLD[0], others(0.9)).endswith("No model, run, score or rank changed.")


def test_long_lists_are_counted_and_cut() -> None:
    many = _stats(*(_score(f"r{at:02}", 0.5) for at in range(MAX_LISTED + 5)))
    text = news_markdown(OLD[0], many, OLD[0], many.slice(0, 0))

    assert f"New runs: {MAX_LISTED + 5}, the first {MAX_LISTED} are listed" in text
    assert f"- r{MAX_LISTED - 1}" in text
    assert f"- r{MAX_LISTED}" not in text


def test_a_removed_benchmark_is_named() -> None:
    text = news_markdown(OLD[0].slice(0, 0), OLD[1].slice(0, 0), *OLD)

    assert text.startswith("### lite\n\nThe release is none; before, it was lite-v1.\n\nRemoved models: 2")


def test_news_of_real_scores_names_all_runs_first_and_no_change_later(real_scores: RealScores) -> None:
    boards = pa.concat_tables([benchmark.board for benchmark in real_scores])
    everything = pa.concat_tables([benchmark.comprehensive for benchmark in real_scores])
    stats = select_news_rows(everything)
    assert stats.num_rows < everything.num_rows / 50
    assert news_markdown(boards, stats) == news_markdown(boards, everything.select(NEWS_COLUMNS))

    assert news_markdown(boards, stats).count("New runs: ") == 3
    assert news_markdown(boards, stats, boards, stats).count("No model, run, score or rank changed.") == 3

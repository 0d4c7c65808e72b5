"""Models that several sources evaluated are matched by name, and their scores are kept apart."""

from itertools import permutations
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from every_eval.contracts.cross_source import CROSS_SOURCE
from every_eval.contracts.model_names import model_id
from every_eval.scoring.tables.cross_source import cross_source
from every_eval_tests.scoring.tables.test_cross_benchmark import board, row

OURS = {"source": "eval_harness", "release": "latest"}


def _rows(*boards: pa.Table) -> list[dict[str, Any]]:
    found = cross_source(boards, {})
    CROSS_SOURCE.validate(found)
    rows: list[dict[str, Any]] = found.to_pylist()
    return rows


def test_names_that_differ_only_in_case_are_one_model_and_the_row_says_so() -> None:
    helm = board(row("lite", "01-ai/yi-34b", 2, mean_score=0.3), row("lite", "a/b", 1))
    harness = board(row("main", "01-ai/Yi-34B", 1, mean_score=0.7, **OURS), row("main", "a/b", None, **OURS))

    alike, same = _rows(helm, harness)
    assert (same["model_id"], same["match_rule"], same["n_sources"]) == ("a/b", "same_name", 2)
    assert (alike["model_id"], alike["match_rule"]) == ("01-ai/yi-34b", "same_but_for_case")
    assert [(one["source"], one["model_name"], one["mean_score"]) for one in alike["standings"]] == [
        ("eval_harness", "01-ai/Yi-34B", 0.7),
        ("helm", "01-ai/yi-34b", 0.3),
    ]


@pytest.mark.parametrize("name", [None, "", "gpt-4", "/b", "a/", "a/b/c", "./a/b", "a/b@step1000", "a/b+c/lora"])
def test_an_incomplete_or_qualified_name_gives_no_model_id(name: str | None) -> None:
    assert model_id(name) is None


def test_a_model_that_helm_declares_to_load_from_a_repo_is_matched_with_that_repo() -> None:
    helm = board(row("lite", "openai/gpt2", 1))
    harness = board(row("main", "openai-community/gpt2", 1, **OURS))

    [found] = _rows(helm, harness)
    assert (found["model_id"], found["match_rule"]) == ("openai-community/gpt2", "declared_repo")


def test_similar_names_and_names_within_one_source_are_not_matched() -> None:
    helm = board(row("lite", "meta/llama-2-7b", 1), row("mmlu", "meta/llama-2-7b", 1), row("lite", "gpt-4", 2))
    harness = board(row("main", "meta-llama/Llama-2-7b-hf", 1, **OURS), row("main", "gpt-4", 2, **OURS))

    assert _rows(helm, harness) == []


def test_every_leaderboard_row_of_a_model_is_listed_with_its_own_rank() -> None:
    helm = board(row("lite", "a/b", 1), row("lite", "a/b", 2, model_deployment="other/a"), row("mmlu", "a/b", None))
    harness = board(row("main", "a/b", 1, **OURS))

    [found] = _rows(helm, harness)
    assert [(one["source"], one["benchmark"], one["rank"], one["n_ranked"]) for one in found["standings"]] == [
        ("eval_harness", "main", 1, 1),
        ("helm", "lite", 1, 2),
        ("helm", "lite", 2, 2),
        ("helm", "mmlu", None, 0),
    ]


def test_the_order_in_which_sources_come_changes_nothing() -> None:
    boards = [
        board(*(row("x", name, place, source=source) for place, name in enumerate(("B/b", "a/A"), 1)))
        for source in ("one", "two", "three")
    ]

    assert len({str(_rows(*some)) for some in permutations(boards)}) == 1


def test_standings_are_unnested_as_the_contract_says() -> None:
    found = cross_source([board(row("lite", "a/b", 1)), board(row("main", "A/b", 1, **OURS))], {})
    query = "SELECT model_id, unnest(standings, recursive := true) FROM found"

    rows = duckdb.sql(query)
    assert rows is not None
    assert len(rows.fetchall()) == found.num_rows * 2 == 2

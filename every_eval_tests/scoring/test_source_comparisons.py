"""Runs of a model in two sources are compared on the questions that both have, and their set-up stands beside that."""

from collections.abc import Mapping, Set
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.cross_source import CROSS_SOURCE
from every_eval.contracts.parquet import write_table
from every_eval.contracts.releases import RELEASES
from every_eval.contracts.state import STATE
from every_eval.hub.hub import Add, Snapshot
from every_eval.scoring.source_comparisons import SourceComparisons
from every_eval.scoring.tables.cross_source import cross_source
from every_eval.sources.eval_harness.source import EvalHarnessSource
from every_eval.sources.inspect.source import InspectSource
from every_eval.sources.latest_release import ReleaseFacts
from every_eval.sources.source import Source
from every_eval.statistics.binary_pairs import bonett_price_interval, mcnemar_p
from every_eval_tests.hub.hubs import commit_on_head, open_hub
from every_eval_tests.scoring.responses.item_score_rows import item_scores, state_file
from every_eval_tests.scoring.run_stats import statistic, table
from every_eval_tests.scoring.tables.test_cross_benchmark import board, row

SOURCES: Mapping[str, Source] = {"eval_harness": EvalHarnessSource(), "inspect": InspectSource()}
HARNESS = {"source": "eval_harness", "benchmark": "main", "metric_name": "acc,none", "split": None}
INSPECT = {"source": "inspect", "benchmark": "logs", "metric_name": "accuracy,choice", "split": None}
BOARDS = [board(row("main", "a/b", 1, source="eval_harness")), board(row("logs", "A/b", 1, source="inspect"))]
A = {f"q{at}": float(at < 12) for at in range(20)}
"""The first source asks 20 questions, and the model answers 12 of them."""
B = {f"q{at}": float(at < 4) for at in range(15)} | {"other": 1.0}
"""The second source asks 15 of these, and another one."""


def files(folder: Path, place: Mapping[str, Any], values: Mapping[str, float], **facts: Any) -> list[Add]:
    """State files of a benchmark with a run on some questions."""
    made = folder / str(place["source"])
    made.mkdir()
    name = f"state/{place['source']}_{place['benchmark']}/"
    stats = table(statistic("a/b", values, **{**place, **facts}))
    marks = [pa.repeat(pa.scalar("x_part_00001"), 1)] * 2
    state = pa.table([*marks, *stats.columns], schema=STATE.schema)
    facts_of_release = ReleaseFacts({str(place["metric_name"]): False}, [], {})
    release = {
        **{key: place[key] for key in ("source", "benchmark")},
        **{"release": "latest", "is_release": True, "is_newest": True, "suites": ["v1"], "pooled_runs": []},
        **{"runs": [{"suite": "v1", "run": "gsm:model=a_b"}], "cells": []},
        "schema_json": canonical_json(msgspec.to_builtins(facts_of_release)),
    }
    rows = pa.Table.from_pylist([release], schema=RELEASES.schema)
    return [
        Add(f"{name}00001-{'0' * 12}.parquet", write_table(STATE, made / "stats", state)),
        Add(f"{name}item_scores-00001-{'0' * 12}.parquet", state_file(made / "i", item_scores("a/b", values, **place))),
        Add(f"{name}releases-{'0' * 12}.parquet", write_table(RELEASES, made / "releases", rows)),
    ]


def published(folder: Path, of_b: Mapping[str, float] = B, **facts: Any) -> Snapshot:
    """The scores repo with the states of both sources."""
    setup = {"n_in_context_examples": 5, "adapter_method": "multiple_choice", "temperature": 0.0}
    added = files(folder, HARNESS, A, **setup)
    added += files(folder, INSPECT, of_b, **{"adapter_method": "multiple_choice", "n_in_context_examples": 0, **facts})
    return commit_on_head(open_hub(f"folder:{folder / 'hub'}"), *added)


def compare(scores: Snapshot, rescored: Set[str] = frozenset({"inspect_logs"})) -> pa.Table:
    comparisons = SourceComparisons(SOURCES, scores, {}, {}, rescored).by_model(BOARDS)
    found = cross_source(BOARDS, comparisons)
    CROSS_SOURCE.validate(found)
    return found


def comparison(found: pa.Table) -> dict[str, Any]:
    ((one,),) = found["comparisons"].to_pylist()
    return dict(one)


def test_runs_are_compared_on_the_common_questions_beside_their_set_up(tmp_path: Path) -> None:
    one = comparison(compare(published(tmp_path)))
    # Of the questions 0 to 14 the first run answers 0 to 11, and the second 0 to 3: 8 by the first alone.
    counts = np.array([8]), np.array([0])
    assert (one["source_a"], one["n_items_a"], one["score_a"]) == ("eval_harness", 20, 0.6)
    assert (one["source_b"], one["n_items_b"], one["score_b"]) == ("inspect", 16, 5 / 16)
    assert (one["n_common_items"], one["mean_a"], one["mean_b"]) == (15, 12 / 15, 4 / 15)
    assert one["difference"] == pytest.approx(8 / 15)
    assert one["p_value"] == one["p_holm"] == one["q_bh"] == mcnemar_p(*counts)[0]
    low, high = bonett_price_interval(*counts, np.array([15]))
    assert (one["ci_low"], one["ci_high"], one["ci_method"]) == (low[0], high[0], "bonett_price")
    assert one["setup_differs"] == ["metric", "n_in_context_examples", "filter"]
    assert one["setup_unknown"] == ["split", "temperature", "max_tokens", "num_outputs"]
    assert (one["filter_a"], one["filter_b"], one["common_name"]) == (None, "choice", "gsm")


def test_without_common_questions_the_scores_of_a_scenario_stand_side_by_side(tmp_path: Path) -> None:
    one = comparison(compare(published(tmp_path, {"x": 1.0, "y": 0.0})))
    assert (one["n_common_items"], one["score_b"], one["difference"], one["p_holm"]) == (0, 0.5, None, None)
    assert one["not_compared_because"] == "No question is in both runs."


def test_runs_of_other_scenarios_without_common_questions_are_not_listed(tmp_path: Path) -> None:
    found = compare(published(tmp_path, {"x": 1.0}, dataset_name="arc"))
    assert found["comparisons"].to_pylist() == [None]


def test_comparisons_of_benchmarks_that_did_not_change_are_kept(tmp_path: Path) -> None:
    scores = published(tmp_path)
    found = compare(scores)
    kept = found.to_pylist()
    kept[0]["comparisons"][0]["mean_a"] = 0.125  # It is read from here, and not made again.
    local = write_table(CROSS_SOURCE, tmp_path / "cross", pa.Table.from_pylist(kept, schema=CROSS_SOURCE.schema))
    head = commit_on_head(open_hub(f"folder:{tmp_path / 'hub'}"), Add("latest/cross_source.parquet", local))
    assert comparison(compare(head, frozenset()))["mean_a"] == 0.125
    assert compare(head).equals(found)

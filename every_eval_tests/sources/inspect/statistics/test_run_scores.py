import math
from typing import Any

import pytest

from every_eval.sources.inspect.statistics.derivable import NotDerivable
from every_eval.sources.inspect.statistics.run_scores import RunScores, ScoredSample


def sample(name: str | int, epoch: int, value: Any, **metadata: Any) -> ScoredSample:
    return ScoredSample(name, epoch, {"s": value}, metadata)


def values(scores: RunScores, key: str | None = None, reducer: str | None = "mean", n: int | None = None) -> list[Any]:
    return [score.value for score in scores.scored("s", key, reducer, n)]


def test_samples_come_in_the_order_of_the_dataset() -> None:
    given = [sample("b", 2, 1), sample("a", 1, 2), sample(3, 1, 3), sample("b", 1, 4)]
    order = [(each.id, each.epoch) for each in RunScores(given, ["b", 3, "a"]).samples]
    assert order == [("b", 1), (3, 1), ("a", 1), ("b", 2)]
    assert [(each.id, each.epoch) for each in RunScores(given).samples] == [("b", 1), ("a", 1), (3, 1), ("b", 2)]


def test_epochs_are_joined_by_the_text_of_the_identifier() -> None:
    scores = RunScores([sample(1, 1, "C", g="a"), sample("1", 2, "I", g="b"), ScoredSample(2, 1)])
    assert values(scores) == [0.5]
    assert [score.metadata for score in scores.scored("s", None, "mean")] == [{"g": "a"}]
    assert values(scores, reducer=None) == ["C", "I"]


def test_unscored_samples_are_left_out_as_a_whole_and_by_key() -> None:
    scores = RunScores(
        [sample(1, 1, math.nan), sample(2, 1, {"a": math.nan, "b": 1}), sample(3, 1, {"a": None, "b": 0})]
    )
    assert values(scores, "a") == [0.0]
    assert values(scores, "b", reducer=None) == [1, 0]
    with pytest.raises(NotDerivable, match="no key 'c'"):
        values(scores, "c")


def test_lists_have_scores_by_position() -> None:
    scores = RunScores([sample(1, 1, ["C", 0.5]), sample(1, 2, ["I", 1.5]), sample(2, 1, math.nan)])
    assert values(scores, "0") == [0.5]
    assert values(scores, "1") == [1.0]


def test_a_null_in_an_object_was_nan_where_inspect_counted_it_as_unscored() -> None:
    scores = RunScores([sample(1, 1, {"a": None}), sample(2, 1, {"a": 1})])
    assert values(scores, "a", n=2) == [0.0, 1.0]
    assert values(scores, "a", n=1) == [1.0]
    with pytest.raises(NotDerivable, match="counted 3 scores, and the samples of the log give 1"):
        values(scores, "a", n=3)

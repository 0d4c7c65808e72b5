"""The spread of a score between epochs, and between clusters that Inspect's own metrics name."""

from collections import defaultdict
from hashlib import sha256
from statistics import mean, variance
from typing import Any

import pytest

from every_eval.contracts.canonical import canonical_json
from every_eval_tests.sources.inspect.log_folder import CHOICE, ESSAY, LogFolder, Members, statistics, values


def test_epochs_are_trials(logs: LogFolder) -> None:
    rows = logs.read(ESSAY)
    by_epoch: dict[int, dict[str, float]] = defaultdict(dict)
    for (instance, epoch, metric), number in values(rows).items():
        if metric == "accuracy,model_graded_qa" and number is not None:
            by_epoch[epoch][instance] = number
    means = [mean(numbers.values()) for numbers in by_epoch.values()]
    instances = [mean(numbers[name] for numbers in by_epoch.values()) for name in by_epoch[0]]
    residuals = [
        by_epoch[epoch][name] - of_instance - means[epoch] + mean(means)
        for name, of_instance in zip(by_epoch[0], instances, strict=True)
        for epoch in by_epoch
    ]
    row = statistics(rows)["accuracy,model_graded_qa"]
    assert row["trial_variance"] == pytest.approx(variance(means))
    assert row["residual_mean_square"] == pytest.approx(sum(r * r for r in residuals) / (29 * 2))
    assert statistics(logs.read(CHOICE))["accuracy,choice"]["trial_variance"] is None


def by_topic(members: Members, key: str) -> None:
    """Let `stderr` of the log name the key of clusters, and give each sample one of ten topics."""
    for score in members["header.json"]["results"]["scores"]:
        score["metrics"]["stderr"]["params"] = {"cluster": key}
    for name, sample in members.items():
        if name.startswith("samples/"):
            sample["metadata"]["topic"] = int(sample["id"][-1])


def test_the_key_that_stderr_names_makes_clusters(logs: LogFolder) -> None:
    with logs.changed(CHOICE) as members:
        by_topic(members, "topic")
    rows = logs.read(CHOICE)
    row = statistics(rows)["accuracy,choice"]
    topics: dict[int, list[float]] = defaultdict(list)
    found: dict[int, Any] = {}
    for one in rows.item_scores.to_pylist():
        topics[int(one["instance_id"][-1])].append(one["value"])
        found[int(one["instance_id"][-1])] = one["cluster"]
    n = sum(map(len, topics.values()))
    squares = [(10 / n * sum(value - row["mean"] for value in of)) ** 2 for of in topics.values()]
    assert (row["n_clusters"], row["n_scored"]) == (10, n)
    assert row["cluster_m2"] == pytest.approx(sum(squares))
    # Σ u² / (G - 1) / G is the square of Inspect's own clustered error.
    assert row["cluster_m2"] / 9 / 10 == pytest.approx(row["standard_error"] ** 2)
    assert found == {topic: sha256(canonical_json(["topic", topic]).encode()).hexdigest()[:16] for topic in topics}


def test_a_key_that_no_sample_has_makes_no_clusters(logs: LogFolder) -> None:
    with logs.changed(CHOICE) as members:
        by_topic(members, "place")
    rows = logs.read(CHOICE)
    assert statistics(rows)["accuracy,choice"]["n_clusters"] is None
    assert {one["cluster"] for one in rows.item_scores.to_pylist()} == {None}

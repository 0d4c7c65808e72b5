import math
from functools import reduce
from operator import add
from statistics import NormalDist
from typing import Any

import pytest

from every_eval.sources.inspect.statistics.derivable import NotDerivable
from every_eval.sources.inspect.statistics.metrics import Score, metadata_keys, metric_of, population_variance

GRADES = [
    Score("C", {"g": "a", "c": 1}),
    Score("I", {"g": "a", "c": 1}),
    Score("C", {"g": 2, "c": 2}),
    Score("P", {"g": 2, "c": 3}),
]
"""Numbers 1, 0, 1 and 0.5: mean 0.625, sum of squared deviations 0.6875."""
VARIANCE = 0.6875 / 3


def scores(*values: Any) -> list[Score]:
    return [Score(value) for value in values]


def number(name: str, of: list[Score] = GRADES, **arguments: Any) -> Any:
    return metric_of(name, arguments)(of)


def test_means_and_spreads() -> None:
    assert number("mean") == number("accuracy") == 0.625
    assert number("var") == pytest.approx(VARIANCE, rel=1e-15)
    assert number("std") == pytest.approx(math.sqrt(VARIANCE), rel=1e-15)
    assert number("stderr") == pytest.approx(math.sqrt(VARIANCE / 4), rel=1e-15)
    assert population_variance(GRADES) == pytest.approx(0.6875 / 4, rel=1e-15)


def test_accuracy_adds_in_turn_and_mean_in_pairs() -> None:
    values = scores(*[0.1] * 1000)
    assert number("accuracy", values) == reduce(add, [0.1] * 1000) / 1000
    assert abs(number("mean", values) - 0.1) < abs(number("accuracy", values) - 0.1)


def test_errors_of_one_score_are_0_and_nothing_is_known_of_no_score() -> None:
    assert [number(name, scores("C")) for name in ("var", "std", "stderr")] == [0.0] * 3
    for name in ("accuracy", "mean", "var", "std", "stderr"):
        assert math.isnan(number(name, []))


def test_the_clustered_error_adds_deviations_within_clusters() -> None:
    # Deviations 0.375, -0.625, 0.375, -0.125; sums of the clusters -0.25, 0.375, -0.125, squares 0.0625 + 0.140625 +
    # 0.015625 = 0.21875; times 3 / 2, root, / 4
    assert number("stderr", cluster="c") == pytest.approx(math.sqrt(0.21875 * 1.5) / 4, rel=1e-15)
    assert number("stderr", [Score(1, {"c": 1}), Score(0, {"c": 1})], cluster="c") == 0.0


@pytest.mark.parametrize("cluster", [None, math.nan, [1]])
def test_a_sample_without_a_cluster_has_no_clustered_error(cluster: Any) -> None:
    with pytest.raises(NotDerivable, match="no metadata for the cluster 'c'"):
        number("stderr", [Score(1, {"c": cluster}), Score(0, {"c": 1})], cluster="c")


def test_intervals_by_t() -> None:
    error = math.sqrt(VARIANCE / 4)
    ends = number("ci")
    # 3.182446305284263: Student's t for 3 degrees of freedom at 0.975, from tables
    assert ends == {
        "lower": pytest.approx(0.625 - 3.182446305284263 * error, rel=1e-14),
        "upper": pytest.approx(0.625 + 3.182446305284263 * error, rel=1e-14),
    }
    clustered = number("ci", cluster="c", level=0.9)
    # 2.919985580353726: t for 3 clusters - 1 degrees of freedom at 0.95
    half = 2.919985580353726 * number("stderr", cluster="c")
    assert clustered["upper"] == pytest.approx(0.625 + half, rel=1e-14)
    assert number("ci", scores(0.5)) == {"lower": 0.5, "upper": 0.5}
    assert number("ci", []) == {"lower": 0.0, "upper": 0.0}


def test_wilsons_interval_solves_its_equation() -> None:
    z = NormalDist().inv_cdf(0.9)
    for end in number("ci_wilson", level=0.8).values():
        assert (0.625 - end) ** 2 == pytest.approx(z**2 * end * (1 - end) / 4, rel=1e-12)
    assert number("ci_wilson", scores(1, 1))["upper"] == 1.0


def test_wilsons_interval_of_clusters_takes_the_effective_size() -> None:
    pairs = [Score(value, {"c": cluster}) for cluster, value in enumerate((1, 1, 0, 0, 1)) for _ in range(2)]
    error = number("stderr", pairs, cluster="c")
    effective = 0.6 * 0.4 / error**2
    assert effective < 10
    # 2.7764451051977934: t for 4 degrees of freedom at 0.975
    for end in number("ci_wilson", pairs, cluster="c").values():
        assert (0.6 - end) ** 2 == pytest.approx(2.7764451051977934**2 * end * (1 - end) / effective, rel=1e-12)


def test_clusters_that_spread_less_than_chance_do_not_narrow_wilsons_interval() -> None:
    pairs = [Score(value, {"c": cluster}) for cluster, pair in enumerate(((1, 0), (1, 0), (1, 1))) for value in pair]
    p = 4 / 6
    # Sums of deviations -1/3, -1/3 and 2/3: error² = 6/9 * 3/2 / 6² = 1/36, so that p (1 - p) / error² is 8 of 6.
    assert number("stderr", pairs, cluster="c") == pytest.approx(1 / 6, rel=1e-14)
    t = 0.95 * math.sqrt(2 / (4 * 0.975 * 0.025))  # for 2 degrees of freedom at 0.975
    for end in number("ci_wilson", pairs, cluster="c").values():
        assert (p - end) ** 2 == pytest.approx(t**2 * end * (1 - end) / 6, rel=1e-12)


def test_wilsons_interval_needs_shares() -> None:
    with pytest.raises(NotDerivable, match="no proportion"):
        number("ci_wilson", scores(2, 0))


def test_groups_have_their_own_number_and_one_over_all() -> None:
    mean = {"type": "metric", "name": "mean", "params": {}}
    assert number("grouped", metric=mean, group_key="g") == {"a": 0.5, "2": 0.75, "all": 0.625}
    named = number("grouped", metric=mean, group_key="g", all="groups", all_label="o", name_template="g_{group_name}")
    assert named == {"g_a": 0.5, "g_2": 0.75, "o": 0.625}
    assert number("grouped", metric=mean, group_key="g", all=False) == {"a": 0.5, "2": 0.75}
    with pytest.raises(NotDerivable, match="no metadata for the group"):
        number("grouped", scores(1), metric=mean, group_key="g")
    with pytest.raises(NotDerivable, match="several numbers"):
        number("grouped", metric={"name": "ci"}, group_key="g")


def test_a_key_of_objects_is_aggregated() -> None:
    objects = scores({"a": "C"}, {"a": None}, {"a": math.nan}, {"b": 1})
    mean = {"name": "inspect_ai/mean"}
    assert number("aggregate", objects, key="a", agg=mean, on_missing="skip") == 1.0
    assert number("aggregate", objects, key="a", agg=mean, on_missing="zero") == pytest.approx(1 / 3, rel=1e-15)
    with pytest.raises(NotDerivable, match="no key 'a'"):
        number("aggregate", objects, key="a", agg=mean)


def test_frequencies_of_values_as_text() -> None:
    values = scores("C", True, "C", 1.0)
    assert number("frequency", values) == {"C": 0.5, "True": 0.25, "1.0": 0.25}
    assert number("frequency", values, categories=["I", "C"], normalize=False) == {"I": 0, "C": 2, "True": 1, "1.0": 1}


def test_the_metadata_that_metrics_need() -> None:
    assert metadata_keys({"cluster": "c"}) == {"c"}
    inner = {"name": "stderr", "params": {"cluster": "c"}}
    assert metadata_keys({"metric": inner, "group_key": "g"}) == {"c", "g"}
    assert metadata_keys({"cluster": None}) == frozenset()

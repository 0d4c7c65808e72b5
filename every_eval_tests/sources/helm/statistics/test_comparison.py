import pyarrow.compute as pc
import pytest

from every_eval.sources.helm.statistics.comparison import compare
from every_eval_tests.sources.helm.statistics.metric_rows import helm_metrics, helm_reported, join, summarise


def test_everything_that_helm_reported_agrees() -> None:
    derived = summarise(helm_metrics())
    stats = join(derived, helm_reported())
    assert compare(stats).num_rows == 0
    # 34 reported statistics: ece_10_bin and num_instances of 2 contexts cannot be derived, the other 30 are
    assert len(helm_reported()) == 34
    assert derived.num_rows == stats.num_rows - 4 == 30


def test_a_wrong_report_is_named_with_both_numbers() -> None:
    reported = helm_reported()
    (at,) = [i for i, each in enumerate(reported) if each["metric_name"] == "exact_match" and not each["perturbation"]]
    reported[at]["reported_mean"] += 1e-8
    (wrong,) = compare(join(summarise(helm_metrics()), reported)).to_pylist()
    assert (wrong["metric_name"], wrong["split"], wrong["field"]) == ("exact_match", "valid", "mean")
    assert (wrong["ours"], wrong["reported"]) == (0.3, pytest.approx(0.3 + 1e-8, rel=1e-15))


def test_a_wrong_single_value_shows_in_every_statistic_that_it_enters() -> None:
    metrics = helm_metrics()
    values = metrics["sum"].to_pylist()
    first = metrics.slice(0, 1).to_pylist()[0]
    assert (first["metric_name"], first["perturbation"], values[0]) == ("exact_match", None, 0.0)
    position = metrics.column_names.index("sum")
    planted = metrics.set_column(position, metrics.schema.field(position), [[1.0, *values[1:]]])
    wrong = compare(join(summarise(planted), helm_reported())).to_pylist()
    # the worst cases take the entry's minimum, in which nothing was planted
    assert {(each["metric_name"], each["computed_on"]) for each in wrong} == {
        ("exact_match", None),
        ("exact_match", "original"),
    }
    assert {each["field"] for each in wrong} == {"sum", "mean", "min", "max"}


def test_a_statistic_that_should_have_been_derived_and_was_not_disagrees() -> None:
    metrics = helm_metrics()
    rest = metrics.filter(pc.not_equal(metrics["metric_name"], "num_bytes"))
    wrong = compare(join(summarise(rest), helm_reported())).to_pylist()
    assert {each["metric_name"] for each in wrong} == {"num_bytes", "bits_per_byte", "logprob_per_byte"}
    assert {each["ours"] for each in wrong if each["field"] != "count"} == {None}


def test_a_missing_trial_disagrees_in_the_count() -> None:
    reported = helm_reported()
    reported[0]["reported_count"] += 1
    (wrong,) = compare(join(summarise(helm_metrics()), reported)).to_pylist()
    assert (wrong["field"], wrong["ours"], wrong["reported"]) == ("count", 1.0, 2.0)


def test_what_was_not_reported_or_not_finite_is_not_compared() -> None:
    reported = helm_reported()
    broken = reported[0] | {"reported_sum": None, "reported_mean": None, "reported_min": None, "reported_max": None}
    assert compare(join(summarise(helm_metrics()), [broken])).num_rows == 0


def test_sums_that_cancel_are_not_asked_for_digits_they_cannot_have() -> None:
    stats = join(summarise(helm_metrics()), helm_reported()).to_pylist()[:1]
    stats[0] |= {"min": -1.0, "max": 1.0, "mean": 5.6e-17, "reported_mean": 2.8e-17}
    derived = join(summarise(helm_metrics()), [])
    assert compare(derived.from_pylist(stats, schema=derived.schema)).num_rows == 0

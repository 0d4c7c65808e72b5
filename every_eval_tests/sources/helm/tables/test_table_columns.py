from typing import Any

import pytest

from every_eval.sources.helm.schema import MAX_NESTING
from every_eval.sources.helm.tables.pooling import Matcher
from every_eval.sources.helm.tables.table_columns import problems, shown_matchers, table_columns
from every_eval_tests.sources.helm.tables.reported import SAMPLE_RELEASES, sample, schema

MAIN = {"name": "${main_name}", "split": "${main_split}"}
METRICS = [
    {"name": "exact_match", "display_name": "Exact match", "short_display_name": "EM", "lower_is_better": False},
    {"name": "bits_per_byte", "short_display_name": "BPB", "lower_is_better": True},
    {"name": "num_instances", "display_name": "# eval"},
]
GSM = {
    "name": "gsm",
    "display_name": "GSM8K",
    "metric_groups": ["accuracy"],
    "environment": {"main_name": "exact_match", "main_split": "test"},
}
PILE = {
    "name": "the_pile",
    "display_name": "The Pile",
    "metric_groups": ["accuracy", "bias"],
    "environment": {"main_name": "bits_per_byte", "main_split": "valid"},
}


def _columns(
    metrics: list[dict[str, Any]], *groups: dict[str, Any], metric_group: str = "accuracy", **rest: Any
) -> Any:
    parts = schema(
        metrics=METRICS,
        perturbations=[{"name": "robustness", "display_name": "Robustness"}],
        metric_groups=[{"name": metric_group, "metrics": metrics}],
        run_groups=groups,
    )
    return table_columns(parts, [(group, metric_group) for group in parts.run_groups], **rest)


def test_variables_are_those_of_each_run_group() -> None:
    columns = _columns([MAIN], GSM, PILE)

    assert [column.matcher for column in columns] == [Matcher("exact_match", "test"), Matcher("bits_per_byte", "valid")]
    assert [column.lower_is_better for column in columns] == [False, True]


def test_labels_name_the_run_group_only_where_there_are_several() -> None:
    assert [column.label for column in _columns([MAIN], GSM)] == ["EM"]
    assert [column.label for column in _columns([MAIN], GSM, PILE)] == ["GSM8K - EM", "The Pile - BPB"]


def test_a_perturbation_is_in_the_label() -> None:
    [column] = _columns([MAIN | {"perturbation_name": "robustness"}], GSM)

    assert column.label == "EM (Robustness)"
    assert column.matcher == Matcher("exact_match", "test", "robustness")


def test_metrics_that_the_schema_does_not_define_have_no_column() -> None:
    columns = _columns([{"name": "unheard_of", "split": "test"}, {"name": "num_instances", "split": "test"}], GSM)

    assert [column.label for column in columns] == ["# eval"]


def test_a_run_group_has_columns_of_the_metric_groups_that_it_names_and_their_detailed_forms() -> None:
    assert [column.run_group for column in _columns([MAIN], GSM, PILE, metric_group="bias_detailed")] == ["the_pile"]


def test_a_matchers_own_sub_split_is_lost_and_the_tables_counts() -> None:
    matcher = MAIN | {"sub_split": "toxic"}

    assert _columns([matcher], GSM)[0].matcher.sub_split is None
    assert _columns([matcher], GSM, sub_split="mild")[0].matcher.sub_split == "mild"


def test_the_statistics_shown_are_those_of_measured_metric_groups() -> None:
    unset = {"name": "unset", "metric_groups": ["accuracy"]}
    groups = [
        {"name": "accuracy", "metrics": [MAIN]},
        {"name": "bias_detailed", "metrics": [{"name": "race", "split": "x"}]},
    ]
    parts = schema(metric_groups=groups, run_groups=[PILE, GSM | {"metric_groups": []}, unset])

    assert shown_matchers(parts) == {Matcher("bits_per_byte", "valid"), Matcher("race", "x"), Matcher("", "")}


BARE = {"name": "bare", "metric_groups": ["accuracy"]}


@pytest.mark.parametrize(
    ("metric", "group", "label", "problem"),
    [
        (
            MAIN,
            BARE,
            "${main_name}",
            "the metric group accuracy needs the variables main_name and main_split, which the run group bare does not "
            "set",
        ),
        (
            MAIN,
            BARE | {"environment": {"main_name": "exact_match"}},
            "EM",
            "the metric group accuracy needs the variable main_split, which the run group bare does not set",
        ),
        (
            MAIN | {"perturbation_name": "odd"},
            GSM,
            "EM (odd)",
            "the metric group accuracy names the perturbation odd, which is not defined",
        ),
    ],
)
def test_a_column_that_needs_what_the_schema_lacks_is_there_with_the_problem(
    metric: dict[str, Any], group: dict[str, Any], label: str, problem: str
) -> None:
    [column] = _columns([metric], group)

    assert (column.label, column.problem) == (label, problem)
    assert next(column.problem for column in _columns([metric], group, PILE)) == problem


def test_a_metric_group_that_is_not_defined_has_no_column() -> None:
    parts = schema(run_groups=[GSM])

    assert table_columns(parts, [(parts.run_groups[0], "accuracy")]) == ()


def test_everything_that_a_schema_leaves_undefined_is_named() -> None:
    parts = schema(
        metrics=METRICS,
        metric_groups=[{"name": "accuracy", "metrics": [MAIN]}],
        run_groups=[
            GSM | {"subgroups": ["gone"]},
            BARE,
            PILE,
            GSM | {"name": "typo", "environment": {"main_name": "exact_macth", "main_split": "test"}},
        ],
    )

    assert problems(parts) == (
        "schema.json: the run group gsm names the run group gone, which is not defined.",
        "schema.json: the run group the_pile names the metric group bias, which is not defined.",
        "schema.json: the metric group accuracy needs the variables main_name and main_split, which the run group bare "
        "does not set.",
        "schema.json: the run group typo sets main_name to exact_macth, a metric that is not defined.",
    )


@pytest.mark.parametrize(("benchmark", "name"), SAMPLE_RELEASES)
def test_a_schema_of_helm_itself_leaves_nothing_undefined(benchmark: str, name: str) -> None:
    real = sample(benchmark, name)[0].schema

    assert real is not None
    assert problems(real) == ()


def test_groups_that_are_nested_too_deeply_are_named() -> None:
    groups = [{"name": str(level), "subgroups": [str(level + 1)]} for level in range(MAX_NESTING + 3)]
    named = [f"the run group {level} has groups more than {MAX_NESTING} levels below it" for level in (0, 1)]

    found = problems(schema(run_groups=groups))
    assert [problem for problem in found if "levels below" in problem] == [
        f"schema.json: {name}, which its tables leave out." for name in named
    ]

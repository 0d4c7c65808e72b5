import json
from typing import Any

import pytest

from every_eval.errors import UpstreamMalformed
from every_eval.sources.helm.schema import MAX_NESTING, MainMetric, categories, decode_schema, expand, main_metrics
from every_eval.storage.archive import HELM_SAMPLE, ArchiveStorage


def _group(name: str, **rest: Any) -> dict[str, Any]:
    return {"name": name, **rest}


def _schema(*groups: dict[str, Any]) -> bytes:
    return json.dumps({"metrics": [], "perturbations": [], "metric_groups": [], "run_groups": groups}).encode()


@pytest.mark.parametrize("benchmark", ["lite", "mmlu", "classic"])
def test_every_real_group_is_read_with_what_the_file_says(benchmark: str) -> None:
    raw = ArchiveStorage(HELM_SAMPLE).read(f"{benchmark}/benchmark_output/releases/v1.1.0/schema.json")
    groups = json.loads(raw)["run_groups"]
    schema = decode_schema(raw)

    assert [group.name for group in schema.run_groups] == [group["name"] for group in groups]
    assert [list(group.subgroups) for group in schema.run_groups] == [group["subgroups"] for group in groups]
    assert [group.environment for group in schema.run_groups] == [group["environment"] for group in groups]
    assert [group.category for group in schema.run_groups] == [group["category"] for group in groups]


def test_models_keep_their_order_and_what_is_not_stated_is_null() -> None:
    raw = ArchiveStorage(HELM_SAMPLE).read("lite/benchmark_output/releases/v1.1.0/schema.json")
    models = json.loads(raw)["models"]
    schema = decode_schema(raw)

    assert list(schema.model_by_name) == [model["name"] for model in models]
    for model in models:
        assert schema.model_by_name[model["name"]].num_parameters == model.get("num_parameters")
        assert schema.model_by_name[model["name"]].creator_organization == model.get("creator_organization")


def test_main_metrics_come_in_the_order_of_groups_each_once() -> None:
    on_test = {"main_name": "f1_score", "main_split": "test"}
    schema = decode_schema(
        _schema(
            _group("a", environment=on_test),
            _group("b", environment=on_test),
            _group("c", environment={"main_name": "exact_match", "main_split": "valid"}),
        )
    )

    assert main_metrics(schema, ["c", "a", "b"]) == (MainMetric("exact_match", "valid"), MainMetric("f1_score", "test"))


def test_groups_that_name_no_main_metric_are_passed_over() -> None:
    schema = decode_schema(
        _schema(
            _group("bare"),
            _group("none", environment={"main_name": "none", "main_split": "none"}),
            _group("half", environment={"main_name": "f1_score"}),
        )
    )

    assert main_metrics(schema, ["bare", "none", "half", "unknown"]) == ()


def test_categories_are_those_of_known_groups() -> None:
    schema = decode_schema(_schema(_group("a", category="Core"), _group("b"), _group("c", category="Core")))

    assert categories(schema, ["b", "unknown", "c", "a"]) == ("Scenarios", "Core")


def test_a_short_label_falls_back_to_the_display_name_and_the_name() -> None:
    schema = decode_schema(
        _schema(
            _group("a", display_name="Long", short_display_name="Short"),
            _group("b", display_name="Long"),
            _group("c", short_display_name=""),
        )
    )

    assert [group.short_label for group in schema.run_groups] == ["Short", "Long", "c"]


@pytest.mark.parametrize(
    ("raw", "place"),
    [
        (b'{"metrics": [{}]}', "`$.metrics[0]`"),
        (b'{"metrics": [', "truncated"),
        (b'\xff{"metrics"', "schema.json"),
        (b"[]", "schema.json"),
    ],
)
def test_what_is_no_schema_is_refused_with_its_file_and_place(raw: bytes, place: str) -> None:
    with pytest.raises(UpstreamMalformed, match=r"v9/schema\.json") as refused:
        decode_schema(raw, "v9/schema.json")

    assert place in str(refused.value)


@pytest.mark.parametrize(
    ("stated", "number"),
    [(7e9, 7 * 10**9), (0, 0), (None, None), (-1, None), (2**63, None), (1e300, None), (10**400, None)],
)
def test_a_number_of_parameters_that_no_model_can_have_is_null(stated: float | None, number: int | None) -> None:
    raw = json.loads(_schema()) | {"models": [{"name": "m/a", "num_parameters": stated}]}

    assert decode_schema(json.dumps(raw).encode()).model_by_name["m/a"].n_parameters == number


def _expanded(*groups: dict[str, Any]) -> list[str]:
    schema = decode_schema(_schema(*groups))
    return [group.name for group in expand(schema, schema.run_groups[0])]


def test_groups_expand_depth_first_each_once() -> None:
    groups = (_group("top", subgroups=["a", "b"]), _group("a", subgroups=["c", "top"]), _group("b"), _group("c"))

    assert _expanded(*groups) == ["top", "a", "c", "b"]


def test_a_subgroup_that_is_no_run_group_is_left_out() -> None:
    assert _expanded(_group("top", subgroups=["gone", "a"]), _group("a")) == ["top", "a"]


def test_groups_in_diamonds_count_once_and_very_deep_ones_are_left_out() -> None:
    below = [[f"{level}a", f"{level}b"] for level in range(19)]
    diamonds = [_group(name, subgroups=below[level + 1]) for level in range(18) for name in below[level]]
    assert len(_expanded(*diamonds)) == len(diamonds) - 1

    chain = [_group(str(level), subgroups=[str(level + 1)]) for level in range(3000)]
    assert _expanded(*chain) == [str(level) for level in range(MAX_NESTING + 1)]

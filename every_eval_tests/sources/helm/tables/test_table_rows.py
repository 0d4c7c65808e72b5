from collections.abc import Sequence
from typing import Any

from every_eval.sources.helm.tables.table_rows import Methods, TableRow, distinguishing
from every_eval.sources.helm.tables.table_runs import TableRun
from every_eval_tests.sources.helm.tables.reported import reported_run, schema

BOTH = ("model_deployment", "model")


def _adapted(name: str = "r", **adapter: Any) -> TableRun:
    return reported_run(name, adapter=adapter)


def _rows(runs: Sequence[TableRun], keys: Sequence[str] = BOTH, models: Sequence[str] = ()) -> list[TableRow]:
    methods = Methods(keys)
    for run in runs:
        methods.add(run, [run])
    described = schema(models=[{"name": name, "display_name": name.upper()} for name in models])
    return methods.rows(described, {"host/a": "m/a"})


def test_rows_stand_by_their_deployment_unknown_ones_first() -> None:
    # Among the schema's models m/b comes before m/a; "host/…" are none of them, and stand first by their names.
    names = ["m/a", "host/z", "m/b", "host/y"]
    rows = _rows([_adapted(model_deployment=name, model="m/x") for name in names], models=["m/b", "m/a"])

    assert [row.deployment for row in rows] == ["host/y", "host/z", "m/b", "m/a"]


def test_two_deployments_of_a_model_are_two_rows_of_one_label() -> None:
    rows = _rows([_adapted(model_deployment=name, model="m/a") for name in ("h/1", "h/2")], models=["m/a"])

    assert [(row.label, row.model, row.deployment) for row in rows] == [("M/A", "m/a", "h/1"), ("M/A", "m/a", "h/2")]


def test_a_model_that_the_schema_does_not_describe_is_called_by_its_name() -> None:
    assert [row.label for row in _rows([_adapted(model="m/new")], models=["m/a"])] == ["m/new"]


def test_where_the_model_is_not_shown_its_deployments_runs_tell_it() -> None:
    rows = _rows([_adapted(model_deployment="host/a", model="m/a")], ["model_deployment"], models=["m/a"])

    assert [(row.label, row.model) for row in rows] == [("M/A", "m/a")]


def test_a_row_of_which_nothing_is_known_is_called_so() -> None:
    assert _rows([_adapted(temperature=0.0)])[0].label == "???"


def test_what_is_not_shown_does_not_tell_rows_apart() -> None:
    runs = [_adapted(str(n), model_deployment="h/1", model="m/a", max_tokens=n) for n in (5, 10)]

    assert [[run.name for run in row.runs] for row in _rows(runs)] == [["5", "10"]]


def test_an_ablation_has_the_adaptation_in_its_label_and_keeps_the_order_of_runs() -> None:
    runs = [_adapted(model_deployment="h/1", model="m/a", max_train_instances=n) for n in (5, 0)]

    assert [row.label for row in _rows(runs, [*BOTH, "max_train_instances"])] == [
        "m/a [max_train_instances: 5]",
        "m/a [max_train_instances: 0]",
    ]


def test_keys_in_a_label_follow_the_order_of_the_file() -> None:
    runs = [_adapted(model="m/a", input_prefix=p, output_prefix=o) for p, o in [("Q", "A"), ("Q", "B"), ("P", "A")]]

    assert [row.label for row in _rows(runs, ["output_prefix", "model", "input_prefix"])] == [
        "m/a [input_prefix: Q, output_prefix: A]",
        "m/a [input_prefix: Q, output_prefix: B]",
        "m/a [input_prefix: P]",
    ]


def test_priority_keys_are_tried_first_and_need_no_others() -> None:
    # Worked by hand: "model" alone singles out m/b; m/a needs its stop, too; "n" is common to all.
    methods: list[dict[str, Any]] = [
        {"stop": "#", "n": 3, "model": "m/a"},
        {"stop": ".", "n": 3, "model": "m/a"},
        {"stop": ".", "n": 3, "model": "m/b"},
    ]

    assert distinguishing(methods) == [{"model": "m/a", "stop": "#"}, {"model": "m/a", "stop": "."}, {"model": "m/b"}]


def test_a_single_method_needs_nothing_to_be_told_apart() -> None:
    assert distinguishing([{"model": "m/a", "n": 3}]) == [{}]


def test_instructions_of_a_scenario_do_not_tell_its_methods_apart() -> None:
    def label(class_name: str, on_scenario: bool) -> list[str]:
        methods = Methods(["model", "instructions"], on_scenario)
        for subject in ("college_biology", "astronomy"):
            scenario = {"class_name": class_name, "args": {"subject": subject}}
            about = subject.replace("_", " ")
            run = reported_run(subject, scenario=scenario, adapter={"model": "m/a", "instructions": f"On {about}."})
            methods.add(run, [run])
        return [row.label for row in methods.rows(schema(), {})]

    apart = ["m/a [instructions: On college biology.]", "m/a [instructions: On astronomy.]"]
    assert label("x.MMLUScenario", on_scenario=True) == label("x.RAFTScenario", on_scenario=True) == ["m/a"]
    assert label("x.MMLUScenario", on_scenario=False) == label("x.BoolQScenario", on_scenario=True) == apart

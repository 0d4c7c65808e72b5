"""The rows of a table: the runs behind each row, its label and its place."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from every_eval.sources.helm.schema import ReleaseSchema
from every_eval.sources.helm.tables.table_runs import Frozen, TableRun, freeze

Method = dict[str, Any]
"""The parts of an adaptation that tell rows apart: the keys that the group shows, in the file's order."""

PRIORITY = ("model_deployment", "model")
"""Keys that tell rows apart before other keys do, and that a label does not repeat."""


@dataclass(frozen=True)
class TableRow:
    """A row, and the runs that it pools in the order of their addition; a run can occur twice."""

    label: str
    model: str | None
    deployment: str | None
    runs: Sequence[TableRun]


class Methods:
    """Runs by method, in the order in which the methods first occurred."""

    def __init__(self, keys_shown: Sequence[str], on_scenario: bool = False) -> None:
        """`on_scenario`: whether the scenario's own words are taken out of instructions before they are compared."""
        self._keys_shown = frozenset(keys_shown)
        self._on_scenario = on_scenario
        self._runs: dict[Frozen, tuple[Method, list[TableRun]]] = {}

    def __bool__(self) -> bool:
        """Tell whether there is any method."""
        return bool(self._runs)

    def add(self, adapted: TableRun, runs: Iterable[TableRun]) -> None:
        """Add `runs`, which may be none, to the method by which `adapted` was adapted."""
        method = {key: value for key, value in adapted.spec.adapter_spec.items() if key in self._keys_shown}
        if self._on_scenario and "instructions" in method:
            method["instructions"] = _general_instructions(adapted, method["instructions"])
        self._runs.setdefault(freeze(method), (method, []))[1].extend(runs)

    def rows(self, schema: ReleaseSchema, model_of_deployment: Mapping[str, str]) -> list[TableRow]:
        """Return the rows in HELM's order: by the deployment's place in the schema (absent first), then by its name."""
        order = {name: index for index, name in enumerate(schema.model_by_name)}
        ordered = sorted(self._runs.values(), key=lambda entry: _place(order, _text(entry[0], "model_deployment")))
        details = distinguishing([method for method, _ in ordered])
        return [
            _row(schema, model_of_deployment, method, detail, runs)
            for (method, runs), detail in zip(ordered, details, strict=True)
        ]


def distinguishing(methods: Sequence[Method]) -> list[Method]:
    """Return the keys of each method that tell it apart from the others, without keys that have one value in all.

    Keys are taken until they single the method out: the priority ones first, then the others in the method's order.
    """
    varying = [{key: value for key, value in method.items() if not _common(methods, key)} for method in methods]
    return [_prefix(method, varying) for method in varying]


def _common(methods: Sequence[Method], key: str) -> bool:
    return all(key in method and method[key] == methods[0][key] for method in methods)


def _prefix(method: Method, others: Sequence[Method]) -> Method:
    keys = [*(key for key in PRIORITY if key in method), *(key for key in method if key not in PRIORITY)]
    for length in range(1, len(keys) + 1):
        taken = {key: method[key] for key in keys[:length]}
        if sum(all(other.get(key) == value for key, value in taken.items()) for other in others) == 1:
            return taken
    return method


def _row(
    schema: ReleaseSchema,
    model_of_deployment: Mapping[str, str],
    method: Method,
    detail: Method,
    runs: Sequence[TableRun],
) -> TableRow:
    deployment = _text(method, "model_deployment")
    name = _text(method, "model") or model_of_deployment.get(deployment, "")
    model = schema.model_by_name.get(name)
    shown = (model.display_name if model else name) or "???"
    added = ", ".join(f"{key}: {value}" for key, value in detail.items() if key not in PRIORITY)
    return TableRow(f"{shown} [{added}]" if added else shown, name or None, deployment or None, runs)


def _place(order: Mapping[str, int], deployment: str) -> tuple[int, str]:
    return order.get(deployment, -1), deployment


def _text(method: Method, key: str) -> str:
    return str(method.get(key, ""))


def _general_instructions(run: TableRun, instructions: str) -> str:
    scenario = run.spec.scenario_spec
    if scenario.class_name.endswith(".MMLUScenario"):
        return instructions.replace(str(scenario.args["subject"]).replace("_", " "), "___")
    return "<scenario specific>" if scenario.class_name.endswith(".RAFTScenario") else instructions

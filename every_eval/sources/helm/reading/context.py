"""What all rows of a run share: its identity, its scenario, its model and its main metrics."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

import msgspec

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.stats import ERRORS
from every_eval.sources.helm.reading.records import RunSpec, Scenario
from every_eval.sources.source import Run

PUBLIC_BUCKET = "https://storage.googleapis.com/crfm-helm-public"

_MODEL_ARGUMENT = re.compile(r"^model(_deployment)?=")


@dataclass(frozen=True)
class RunContext:
    """A run together with what its own specification says."""

    run: Run
    spec: RunSpec
    spec_json: str
    """run_spec.json without white space, its keys in their order."""
    scenario: Scenario | None

    @cached_property
    def main_metrics(self) -> tuple[tuple[str, str], ...]:
        """(metric name, split) of each run group that names a main metric, in the groups' order."""
        return tuple(msgspec.json.decode(self.run.facts.get("main_metrics", "[]"), type=list[tuple[str, str]]))

    def main_metric_name(self, names: set[str]) -> str | None:
        """The main metric of the run's most special group, among the metrics named.

        Where quasi_exact_match was not computed, HELM takes exact_match (`presentation/summarize.py`).
        """
        if not self.main_metrics:
            return None
        name = self.main_metrics[-1][0]
        return "exact_match" if name == "quasi_exact_match" and name not in names else name

    @cached_property
    def shared(self) -> Mapping[str, Any]:
        """Values of the columns that are the same in every row of the run."""
        adapter, run = self.spec.adapter_spec, self.run
        return {
            "source": run.source,
            "benchmark": run.benchmark,
            "suite": run.suite,
            "run": run.name,
            "dataset_name": self.scenario.name if self.scenario else None,
            "task": task(self.spec.scenario_spec.args),
            "variant": variant(run.name),
            "groups": self.spec.groups,
            "model_name": adapter.model,
            "model_family": model_family(adapter.model),
            "model_deployment": adapter.model_deployment,
            "adapter_method": adapter.method,
            "run_spec": self.spec_json,
            "source_url": f"{PUBLIC_BUCKET}/{quote(run.folder, safe='/:,=@')}",
            "source_version": run.suite,
            "category": run.facts.get("category"),
            "creator": run.facts.get("creator"),
            "hf_split": None,
            "hf_index": None,
            "license": None,
            "responses": None,
            **dict.fromkeys(column.name for column in ERRORS),
        }


def task(arguments: Mapping[str, Any]) -> str | None:
    """A scenario's arguments as name=value, comma-separated and in their order; null if there are none."""
    return ",".join(f"{name}={_plain(value)}" for name, value in arguments.items()) or None


def _plain(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, str) else canonical_json(value)


def variant(run_name: str) -> str:
    """A run's name without the model's arguments, such as `mmlu:subject=anatomy` for `mmlu:subject=anatomy,model=x`."""
    scenario, _, arguments = run_name.partition(":")
    kept = [argument for argument in arguments.split(",") if argument and not _MODEL_ARGUMENT.match(argument)]
    return f"{scenario}:{','.join(kept)}" if kept else scenario


def model_family(model: str | None) -> str | None:
    """A model's name without its creator; null for a name that states none."""
    _, slash, family = (model or "").partition("/")
    return family if slash else None

"""The values that all rows of a run share: the run's identity, its scenario, its model and its main metrics."""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import quote

import msgspec

from every_eval.contracts.canonical import canonical_json
from every_eval.contracts.samples import OUTCOME
from every_eval.contracts.stats import ERRORS
from every_eval.sources.helm.reading.records import AdapterSpec, RunSpec, Scenario
from every_eval.sources.source import Run

PUBLIC_BUCKET = "https://storage.googleapis.com/crfm-helm-public"

_MODEL_ARGUMENT = re.compile(r"^model(_deployment)?=")


@dataclass(frozen=True)
class RunContext:
    """A run, its specification and its scenario."""

    run: Run
    spec: RunSpec
    """run_spec.json, decoded."""
    spec_json: str
    """run_spec.json without white space, with its keys in their order."""
    scenario: Scenario | None
    """scenario.json, decoded; null if the file cannot be read."""

    @cached_property
    def main_metrics(self) -> tuple[tuple[str, str], ...]:
        """Name and split of the main metric of each of the run's groups, in the order of the groups."""
        return tuple(msgspec.json.decode(self.run.facts.get("main_metrics", "[]"), type=list[tuple[str, str]]))

    def main_metric_name(self, names: Collection[str]) -> str | None:
        """Return the main metric of the run's most special group, which is its last; `names` are the run's metrics."""
        return with_fallback(self.main_metrics[-1][0], names) if self.main_metrics else None

    def judges(self, names: Collection[str]) -> list[str] | None:
        """Return the judges of the run, sorted; null if there are none.

        Args:
            names: The judges as the annotations write them, such as gpt. The specification of the annotator may state
                the name of the model, which is then returned instead.
        """
        models: dict[str, str] = {}
        for annotator in self.spec.annotators or ():
            stated = annotator.args.get("annotator_models") if isinstance(annotator.args, dict) else None
            for name, model in stated.items() if isinstance(stated, dict) else ():
                if isinstance(model, dict) and isinstance(model.get("model_name"), str):
                    models[name] = model["model_name"]
        return sorted(models.get(name, name) for name in names) or None

    @cached_property
    def constants(self) -> Mapping[str, Any]:
        """Values of the columns that have the same value in every row of the run."""
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
            "withheld_arguments": None,
            "releases": list(run.releases),
            **_settings(adapter),
            **dict.fromkeys(column.name for column in (*ERRORS, *OUTCOME)),
        }


def _settings(adapter: AdapterSpec) -> dict[str, float | int | None]:
    """Return the columns of `RUN_SETTINGS`; a setting of another type than a number is null."""
    return {
        "temperature": _number(adapter.temperature),
        "max_tokens": _whole(adapter.max_tokens),
        "num_outputs": _whole(adapter.num_outputs),
        "n_in_context_examples": _whole(adapter.max_train_instances),
    }


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and math.isfinite(value) else None  # type: ignore[arg-type] # is_number says so


def _whole(value: object) -> int | None:
    is_whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63
    return value if is_whole else None  # type: ignore[return-value] # is_whole says so


def with_fallback(main_metric: str, names: Collection[str]) -> str:
    """Return exact_match in place of quasi_exact_match if the latter is not in `names`.

    It is HELM's only fallback (`presentation/summarize.py`).
    """
    return "exact_match" if main_metric == "quasi_exact_match" and main_metric not in names else main_metric


def task(arguments: Mapping[str, Any]) -> str | None:
    """Return the arguments of a scenario as one text, for example `subject=anatomy,level=2`; null if it has none."""
    return ",".join(f"{name}={_plain(value)}" for name, value in arguments.items()) or None


def _plain(value: Any) -> str:  # noqa: ANN401 - any JSON value
    return value if isinstance(value, str) else canonical_json(value)


def variant(run_name: str) -> str:
    """Return a run's name without the model's arguments: `mmlu:subject=anatomy` for `mmlu:subject=anatomy,model=x`."""
    scenario, _, arguments = run_name.partition(":")
    kept = [argument for argument in arguments.split(",") if argument and not _MODEL_ARGUMENT.match(argument)]
    return f"{scenario}:{','.join(kept)}" if kept else scenario


def model_family(model: str | None) -> str | None:
    """Return a model's name without its creator; null if the name states no creator."""
    _, slash, family = (model or "").partition("/")
    return family if slash else None

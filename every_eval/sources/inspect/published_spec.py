"""Make the column `run_spec`: everything that decides whether the results of two runs can be compared.

Settings are published by lists of their names, as `every_eval.sources.arguments` says; the names of all others are
listed. Addresses, paths, the environment and the texts of prompts are withheld.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from every_eval.contracts.canonical import canonical_json
from every_eval.sources.arguments import DESCRIBING, names_in, public_arguments, public_text, redacted
from every_eval.sources.inspect.evaluated_model import EvaluatedModel, role_models, split_model
from every_eval.sources.inspect.log_json import finite
from every_eval.sources.inspect.own_arguments import own_arguments
from every_eval.sources.inspect.public_texts import public_message
from every_eval.sources.inspect.records import Header

_CONFIG: Final = DESCRIBING | names_in(
    "approval continue_on_fail cost_limit epochs epochs_reducer fail_on_error limit log_images log_samples max_samples "
    "max_tasks message_limit no_fail_on_error retry_on_error sample_id sample_shuffle score_on_error time_limit "
    "token_limit turn_limit working_limit"
)
"""Settings of an evaluation."""
_GENERATION: Final = DESCRIBING | names_in(
    "best_of cache effort internal_tools max_connections max_tool_output modalities num_choices parallel_tool_calls "
    "reasoning_history reasoning_summary reasoning_tokens response_schema top_logprobs verbosity"
)
"""Settings of a generation, beside those of lm-eval."""
_SOLVER: Final = _GENERATION | names_in(
    "append attempts choices cluster cot group_key ignore_case ignore_punctuation k location max_attempts "
    "max_messages message_limit metric multiple_correct num_samples numeric partial_credit shuffle submit token_limit "
    "tool_calls tool_choice type"
)
"""Parameters of solvers, scorers and metrics that come with Inspect and hold no text of a prompt."""
_PROMPTS: Final = names_in(
    "assistant_prompt continue_message handoff_prompt instructions prompt prompt_template template"
)
"""Parameters of solvers and scorers with texts of prompts, which are published with all messages only."""


@dataclass(frozen=True)
class PublishedSpec:
    """The specification of a run as it is published."""

    json: str
    """The specification, as JSON."""
    withheld: tuple[str, ...]
    """Names of the fields and arguments whose values are withheld, sorted."""


def published_spec(header: Header, model: EvaluatedModel, messages: str) -> PublishedSpec:
    """Return what a log says of its evaluation, without what is private; with `all` messages, with prompts too."""
    return _Publisher(header, model, _SOLVER | (_PROMPTS if messages == "all" else frozenset())).spec()


class _Publisher:
    """Collects what is published, and the names of what is not."""

    def __init__(self, header: Header, model: EvaluatedModel, permitted: frozenset[str]) -> None:
        self._header = header
        self._eval = header.eval
        self._model = model
        self._permitted = permitted
        self._withheld = set(model.arguments.withheld)

    def spec(self) -> PublishedSpec:
        spec, header = self._eval, self._header
        for name in ("task_file", "model_base_url", "sandbox", "metadata", "tags"):
            if getattr(spec, name):
                self._withheld.add(name)
        shown = {
            "status": header.status,
            "error": public_message(header.error.get("message")) if isinstance(header.error, dict) else None,
            "invalidated": header.invalidated,
            "created": spec.created,
            "eval_id": spec.eval_id,
            "run_id": spec.run_id,
            "task_id": spec.task_id,
            "task": spec.task,
            "task_version": spec.task_version,
            "task_args": self._shown("task_args", spec.task_args),
            "solver": spec.solver if isinstance(spec.solver, str) else None,
            "solver_args": self._shown("solver_args", spec.solver_args),
            "dataset": self._dataset(),
            "model_args": dict(self._model.arguments.shown),
            "model_generate_config": self._shown("model_generate_config", spec.model_generate_config, _GENERATION),
            "model_roles": dict(role_models(spec)),
            "config": self._shown("config", spec.config, _CONFIG),
            "packages": spec.packages if isinstance(spec.packages, dict) else None,
            "commit": spec.revision.get("commit") if isinstance(spec.revision, dict) else None,
            "scorers": redacted(self._steps("scorers", spec.scorers, "name", "options")),
            "steps": self._steps("plan", header.plan.get("steps") if isinstance(header.plan, dict) else None),
            "results": redacted(self._results()),
            "model_usage": self._model_usage(),
        }
        return PublishedSpec(canonical_json(finite(shown)), tuple(sorted(self._withheld)))

    def _dataset(self) -> Mapping[str, Any] | None:
        dataset = self._eval.dataset
        if dataset is None:
            return None
        location = public_text(dataset.location) if isinstance(dataset.location, str) else None
        if location != dataset.location:
            self._withheld.add("dataset.location")
        name = public_text(dataset.name) if isinstance(dataset.name, str) else None
        return {"name": name, "location": location, "samples": dataset.samples, "shuffled": dataset.shuffled}

    def _results(self) -> Mapping[str, Any] | None:
        """Return the numbers that Inspect reports, also those of an evaluation that did not come to its end."""
        results = self._header.results
        if results is None:
            return None
        scores = [
            {
                "name": score.name,
                "scorer": score.scorer,
                "reducer": score.reducer,
                "scored_samples": score.scored_samples,
                "unscored_samples": score.unscored_samples,
                "metrics": {name: metric.value for name, metric in score.metrics.items()},
            }
            for score in results.scores
        ]
        headline = None if results.headline is None else msgspec.to_builtins(results.headline)
        counts = {"total_samples": results.total_samples, "completed_samples": results.completed_samples}
        return {**counts, "headline": headline, "scores": scores}

    def _model_usage(self) -> Mapping[str, Any]:
        usage = self._header.stats.get("model_usage") if isinstance(self._header.stats, dict) else None
        found = usage if isinstance(usage, dict) else {}
        return {split_model(model)[0] or "unstated": numbers for model, numbers in found.items()}

    def _shown(self, field: str, stated: Any, permitted: frozenset[str] | None = None) -> Mapping[str, Any]:  # noqa: ANN401
        """Return the arguments whose names are permitted; of arguments whose author chose the names, null for all."""
        found = own_arguments(stated) if permitted is None else public_arguments(finite(stated), permitted)
        self._withheld.update(f"{field}.{name}" for name in found.withheld)
        return dict(found.shown)

    def _steps(self, field: str, stated: Any, name: str = "solver", params: str = "params") -> list[Any] | None:  # noqa: ANN401
        if not isinstance(stated, list):
            return None
        steps = [item for item in stated if isinstance(item, dict)]
        return [
            {name: item.get(name), params: self._shown(f"{field}.{item.get(name)}", item.get(params), self._permitted)}
            for item in steps
        ]

"""Read the name and the deployment of the evaluated model.

Inspect writes a model as `{provider}/{name}`, as it was called: `together/meta-llama/Llama-3.1-8B-Instruct-Turbo`,
`vllm/mistralai/Mistral-7B-Instruct-v0.3`, `openai/gpt-4o-mini`, or with the service that hosts a provider's models,
`openai/azure/gpt-4o`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from every_eval.contracts.canonical import canonical_json
from every_eval.sources.arguments import Arguments, public_arguments, public_text
from every_eval.sources.inspect.log_json import finite
from every_eval.sources.inspect.records import EvalSpec
from every_eval.sources.model_ordinals import argument

NO_MODEL: Final = "none"
"""Provider of evaluations without a model."""

_SERVICES: Final = frozenset({"azure", "bedrock", "vertex"})
_HUB_NAME: Final = re.compile(r"[\w.-]+/[\w.-]+")
_REASONING: Final = ("effort", "reasoning_effort", "reasoning_tokens")
"""Settings of a generation by which one model is offered as several."""


@dataclass(frozen=True)
class EvaluatedModel:
    """The model of an evaluation."""

    name: str | None
    """Name on the Hub if the provider's name has the form of one, else `{provider}/{name}`; null without a model."""
    deployment: str
    """Provider, with the arguments of the model that may be published and the settings of its reasoning."""
    arguments: Arguments
    """Arguments of the model."""
    distinction: str
    """The model as it was called and its withheld arguments, as text to compare; never published."""

    @property
    def family(self) -> str | None:
        """Name of the model without its creator."""
        return self.name.partition("/")[2] or None if self.name else None


def model_of(spec: EvalSpec, ordinal: int = 1) -> EvaluatedModel:
    """Return the model of an evaluation.

    Args:
        spec: The evaluation.
        ordinal: Number, from 1, of the model among models that differ only in values that are not published.
    """
    name, provider = split_model(spec.model)
    arguments = public_arguments(finite(spec.model_args))
    generation = spec.model_generate_config if isinstance(spec.model_generate_config, dict) else {}
    stated = {**arguments.shown, **{key: generation.get(key) for key in _REASONING}}
    shown = {key: plain(value) for key, value in stated.items() if value is not None}
    texts = sorted((shown | argument(ordinal)).items())
    deployment = f"{provider}({','.join(f'{key}={text}' for key, text in texts)})" if texts else provider
    # Two checkpoints can have the same name in different folders, of which the name alone is published.
    return EvaluatedModel(name, deployment, arguments, f"{spec.model} {arguments.distinction}")


def split_model(model: str) -> tuple[str | None, str]:
    """Return the name of a model as it may be published, null if there is none, and its provider."""
    provider, _, rest = model.partition("/")
    service, slash, below = rest.partition("/")
    shown = provider
    if slash and service in _SERVICES:
        shown, rest = f"{provider}/{service}", below
    public = public_text(rest)
    if provider == NO_MODEL or not public:
        return None, public_text(shown) or "unstated"
    return public if _HUB_NAME.fullmatch(public) else f"{provider}/{public}", shown


def plain(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return a value as text: texts as they are, all else as JSON."""
    return value if isinstance(value, str) else canonical_json(finite(value))


def role_models(spec: EvalSpec) -> Mapping[str, str]:
    """Return the name of the model of each role, for example of the grader."""
    roles = spec.model_roles if isinstance(spec.model_roles, dict) else {}
    stated = {role: config.get("model") if isinstance(config, dict) else config for role, config in roles.items()}
    names = {role: split_model(model)[0] for role, model in stated.items() if isinstance(model, str)}
    return {role: name for role, name in names.items() if name is not None}

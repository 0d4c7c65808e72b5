"""Read the name and the deployment of the evaluated model from the arguments of the evaluation."""

import re
from dataclasses import dataclass
from typing import Any, Final

from every_eval.contracts.canonical import canonical_json
from every_eval.sources.eval_harness.results import Results

_NAMES: Final = ("pretrained", "model", "path", "engine")
_ADAPTERS: Final = ("peft", "delta")
_DEFAULT_REVISION: Final = "main"
_SECRETS: Final = frozenset({"api_key", "auth_token", "hf_token", "password", "secret", "token", "use_auth_token"})
_WITHHELD: Final = "(withheld)"
_HUB_NAME: Final = re.compile(r"[\w.-]+/([\w.-]+)")


@dataclass(frozen=True)
class EvaluatedModel:
    """The model of an evaluation."""

    name: str | None
    """Name as `{base}[@{revision}][+{adapter}]`; null if the arguments name no model."""
    family: str | None
    """Name of the base model without its creator; null if the name has no creator, for example if it is a path."""
    deployment: str
    """Deployment as `{backend}({arguments})`, with all settings that the file states."""


def model_of(results: Results) -> EvaluatedModel:
    """Return the model of an evaluation."""
    arguments = model_arguments(results)
    base = next((arguments[key] for key in _NAMES if arguments.get(key)), None)
    adapters = [arguments[key] for key in _ADAPTERS if arguments.get(key)]
    revision = arguments.get("revision")
    shown = {key: value for key, value in arguments.items() if key not in (*_NAMES, *_ADAPTERS, "revision")}
    name = None
    if base is not None:
        at = f"@{revision}" if revision not in (None, "", _DEFAULT_REVISION) else ""
        name = "+".join([base + at, *adapters])
    match = _HUB_NAME.fullmatch(base or "")
    stated = sorted((shown | _prompting(results)).items())
    backend = results.config.get("model") or results.model_source or "unstated"
    deployment = f"{backend}({','.join(f'{key}={value}' for key, value in stated)})" if stated else str(backend)
    return EvaluatedModel(name, match[1] if match else None, deployment)


def model_arguments(results: Results) -> dict[str, str]:
    """Return the model's arguments without secrets; lm-eval writes a mapping, or the text of the command line."""
    stated = results.config.get("model_args") or {}
    if isinstance(stated, str):
        pairs = (part.partition("=") for part in stated.split(",") if part)
        stated = {key.strip(): value for key, _, value in pairs}
    if not isinstance(stated, dict):
        return {}
    return {key: _WITHHELD if key in _SECRETS else plain(value) for key, value in stated.items()}


def _prompting(results: Results) -> dict[str, str]:
    """Return the settings that change the task's own prompts and generation settings."""
    stated = {
        "chat_template": (results.chat_template_sha or "")[:8],
        "system_instruction": (results.system_instruction_sha or "")[:8],
        "fewshot_as_multiturn": plain(results.fewshot_as_multiturn) if results.fewshot_as_multiturn else "",
        "gen_kwargs": plain(results.config.get("gen_kwargs") or ""),
    }
    return {key: value for key, value in stated.items() if value}


def plain(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return a value as Python writes it in the text form of arguments; lists and objects as JSON."""
    return canonical_json(value) if isinstance(value, dict | list) else str(value)

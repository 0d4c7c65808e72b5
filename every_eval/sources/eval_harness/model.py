"""Which model was evaluated, and how it was called, as the evaluation's own arguments state it."""

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
class Model:
    """A model as it was called."""

    name: str | None
    """`{base}[@{revision}][+{adapter}]`; null where the arguments name none."""
    family: str | None
    """The base's name without its creator; null where it states none, as a path does."""
    deployment: str
    """`{backend}({arguments})`: all that is stated of how the model was called."""


def model_of(results: Results) -> Model:
    """The model of an evaluation."""
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
    return Model(name, match[1] if match else None, deployment)


def model_arguments(results: Results) -> dict[str, str]:
    """The model's arguments, secrets withheld; lm-eval keeps them as a mapping or as the text that it was given."""
    stated = results.config.get("model_args") or {}
    if isinstance(stated, str):
        pairs = (part.partition("=") for part in stated.split(",") if part)
        stated = {key.strip(): value for key, _, value in pairs}
    if not isinstance(stated, dict):
        return {}
    return {key: _WITHHELD if key in _SECRETS else plain(value) for key, value in stated.items()}


def _prompting(results: Results) -> dict[str, str]:
    """What was put around the task's own prompts and generation settings."""
    stated = {
        "chat_template": (results.chat_template_sha or "")[:8],
        "system_instruction": (results.system_instruction_sha or "")[:8],
        "fewshot_as_multiturn": plain(results.fewshot_as_multiturn) if results.fewshot_as_multiturn else "",
        "gen_kwargs": plain(results.config.get("gen_kwargs") or ""),
    }
    return {key: value for key, value in stated.items() if value}


def plain(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """A value as Python writes it in the text form of arguments; lists and objects as JSON."""
    return canonical_json(value) if isinstance(value, dict | list) else str(value)

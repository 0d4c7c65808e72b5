"""Read the name and the deployment of the evaluated model from the arguments of the evaluation."""

import re
from dataclasses import dataclass
from typing import Any, Final

from every_eval.contracts.canonical import canonical_json
from every_eval.sources.arguments import Arguments, public_arguments, public_text
from every_eval.sources.eval_harness.results import Results
from every_eval.sources.model_ordinals import argument

_NAMES: Final = ("pretrained", "model", "path", "engine")
_ADAPTERS: Final = ("peft", "delta")
_DEFAULT_REVISION: Final = "main"
_HUB_NAME: Final = re.compile(r"[\w.-]+/([\w.-]+)")


@dataclass(frozen=True)
class EvaluatedModel:
    """The model of an evaluation."""

    name: str | None
    """Name as `{base}[@{revision}][+{adapter}]`; null if the arguments name no model."""
    family: str | None
    """Name of the base model without its creator; null if the name has no creator, for example if it is a path."""
    deployment: str
    """Deployment as `{backend}({arguments})`, with all settings that the file states and that may be published."""
    distinction: str = ""
    """The values that are not published and that tell models apart, as text to compare; empty if there are none."""


def model_of(results: Results, ordinal: int = 1) -> EvaluatedModel:
    """Return the model of an evaluation.

    Args:
        results: Results file of the evaluation.
        ordinal: Number, from 1, of the model among models that differ only in values that are not published.
    """
    arguments, generation = model_arguments(results), generation_arguments(results)
    texts = {key: plain(value) for key, value in arguments.shown.items() if value is not None}
    base = next((texts[key] for key in _NAMES if texts.get(key)), None)
    adapters = [texts[key] for key in _ADAPTERS if texts.get(key)]
    revision = texts.get("revision")
    shown = {key: value for key, value in texts.items() if key not in (*_NAMES, *_ADAPTERS, "revision")}
    name = None
    if base is not None:
        at = f"@{revision}" if revision not in (None, "", _DEFAULT_REVISION) else ""
        name = "+".join([base + at, *adapters])
    match = _HUB_NAME.fullmatch(base or "")
    stated = sorted((shown | _prompting(results, generation) | argument(ordinal)).items())
    backend = public_text(str(results.config.get("model") or results.model_source or "unstated")) or "unstated"
    deployment = f"{backend}({','.join(f'{key}={value}' for key, value in stated)})" if stated else backend
    distinction = "".join((arguments.distinction, generation.distinction))
    return EvaluatedModel(name, match[1] if match else None, deployment, distinction)


def model_arguments(results: Results) -> Arguments:
    """Return the model's arguments that may be published; lm-eval writes a mapping, or the text of the command line."""
    return public_arguments(results.config.get("model_args"))


def generation_arguments(results: Results) -> Arguments:
    """Return the generation settings of the command line that may be published."""
    return public_arguments(results.config.get("gen_kwargs"))


def _prompting(results: Results, generation: Arguments) -> dict[str, str]:
    """Return the settings that change the task's own prompts and generation settings."""
    stated = {
        "chat_template": (results.chat_template_sha or "")[:8],
        "system_instruction": (results.system_instruction_sha or "")[:8],
        "fewshot_as_multiturn": plain(results.fewshot_as_multiturn) if results.fewshot_as_multiturn else "",
        "gen_kwargs": _as_stated(results.config.get("gen_kwargs"), generation),
    }
    return {key: value for key, value in stated.items() if value}


def _as_stated(stated: Any, arguments: Arguments) -> str:  # noqa: ANN401 - any JSON value
    """Return arguments in the form in which they are stated: as JSON, or as the text of the command line."""
    if not isinstance(stated, str):
        return plain(dict(arguments.shown)) if arguments.shown else ""
    return ",".join(f"{key}={plain(value)}" for key, value in arguments.shown.items())


def plain(value: Any) -> str:  # noqa: ANN401 - any JSON value
    """Return a value as Python writes it in the text form of arguments; lists and objects as JSON."""
    return canonical_json(value) if isinstance(value, dict | list) else str(value)

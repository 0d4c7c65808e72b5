"""Read the settings of a run that change its scores: of the generation, and the number of in-context examples.

The settings of a generation stand in the options of the command line (`gen_kwargs`), else in the configuration of the
task (`generation_kwargs`). The largest number of tokens can also be an argument of the model.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any, Final

from every_eval.sources.arguments import split_text
from every_eval.sources.eval_harness.results import Results, as_float, is_count

GENERATION: Final = "generate_until"
"""Kind of request to which settings of a generation apply; the other kinds ask for log-likelihoods."""
_MOST_TOKENS: Final = ("max_gen_toks", "max_new_tokens", "max_tokens", "max_completion_tokens")
_N_OUTPUTS: Final = ("num_return_sequences", "n")


def run_settings(results: Results, task: str) -> Mapping[str, float | int | None]:
    """Return the settings of a task by column; null where the file does not state them."""
    config = results.configs.get(task, {})
    settings: dict[str, float | int | None] = {"temperature": None, "max_tokens": None, "num_outputs": None}
    if config.get("output_type") == GENERATION:
        stated = _pairs(config.get("generation_kwargs")) | _pairs(results.config.get("gen_kwargs"))
        of_model = _pairs(results.config.get("model_args"))
        temperature = as_float(stated.get("temperature"))
        settings = {
            "temperature": temperature if temperature is not None and math.isfinite(temperature) else None,
            "max_tokens": _first_count((*(stated.get(name) for name in _MOST_TOKENS), of_model.get(_MOST_TOKENS[0]))),
            "num_outputs": _n_outputs(config.get("repeats"), (stated.get(name) for name in _N_OUTPUTS)),
        }
    return {**settings, "n_in_context_examples": _count(results.n_shot_of(task))}


def _pairs(stated: Any) -> dict[str, Any]:  # noqa: ANN401 - any JSON value
    if isinstance(stated, str):
        return dict(split_text(stated))
    return dict(stated) if isinstance(stated, dict) else {}


def _n_outputs(repeats: Any, of_request: Iterable[Any]) -> int | None:  # noqa: ANN401 - any JSON value
    """Return the number of completions: repeated requests, each with a number of sequences of its own."""
    stated = (_count(repeats), _first_count(of_request))
    known = [number for number in stated if number is not None]
    return _count(math.prod(known)) if known else None


def _first_count(values: Iterable[Any]) -> int | None:
    return next((count for value in values if (count := _count(value)) is not None), None)


def _count(stated: Any) -> int | None:  # noqa: ANN401 - any JSON value
    """Return a whole number from 0, also one that is written as text or with a fraction of 0; null for other values."""
    number = as_float(stated) if isinstance(stated, str | float) else stated
    if isinstance(number, float):
        number = int(number) if number.is_integer() else None
    return number if is_count(number) else None

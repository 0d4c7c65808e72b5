"""Pair samples files without a time stamp, as lm-eval 0.4.0 to 0.4.2 write them, with their results files.

These versions name a samples file `{arguments}_{task}.jsonl`, with `__` for `/` in the model's arguments, and in some
versions for `=` too (`lm_eval/__main__.py`). Scripts of lm-eval name it `samples_{task}.jsonl`. A name is paired only
if it leaves no doubt: a later evaluation of the same model and task replaces the samples file, not the results file.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from every_eval.sources.arguments import public_name
from every_eval.sources.eval_harness.results import Results

_SUFFIX: Final = ".jsonl"
_SCRIPTS: Final = "samples"


def samples_of(results: Results, names: Iterable[str]) -> dict[str, str]:
    """Return by task the samples file among files of the folder whose names have no time stamp."""
    tasks = {*results.results, *results.configs}
    candidates: dict[str, list[str]] = {}
    for name in sorted(names):
        if (task := _task_of(name, tasks)) is not None:
            candidates.setdefault(task, []).append(name)
    chosen = {task: _choose(of_task, task, results) for task, of_task in candidates.items()}
    return {task: found[0] for task, found in chosen.items() if len(found) == 1}


def unambiguous(claims: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Return the claims of results files to samples files, by task, without names that two results files claim."""
    claimed = [name for of_file in claims.values() for name in of_file.values()]
    return {
        file: {task: name for task, name in of_file.items() if claimed.count(name) == 1}
        for file, of_file in claims.items()
    }


def _task_of(name: str, tasks: Iterable[str]) -> str | None:
    """Return the task that a name ends in: the longest, because the name of one task may end in that of another."""
    fitting = [task for task in tasks if name.endswith(f"_{task}{_SUFFIX}")]
    return max(fitting, key=len, default=None)


def _choose(names: Sequence[str], task: str, results: Results) -> list[str]:
    """Return the names that state exactly the model's arguments or, without such a name, those that contain them all.

    A model without arguments is named exactly, because every name contains no arguments.
    """
    stated = results.config.get("model_args") or ""
    arguments = {name: _plain(name.removesuffix(f"_{task}{_SUFFIX}")) for name in names}
    whole = _public(stated) if isinstance(stated, str) else None
    exact = [name for name in names if arguments[name] in (whole, _SCRIPTS)]
    parts = {_public(part) for part in _parts(stated)}
    containing = [name for name in names if parts and parts <= set(arguments[name].split(","))]
    return exact or containing


def _parts(stated: Any) -> list[str]:  # noqa: ANN401 - any JSON value
    if isinstance(stated, dict):
        return [f"{key}={value}" for key, value in stated.items()]
    return [part for part in stated.split(",") if part] if isinstance(stated, str) else []


def _public(stated: str) -> str:
    """Return stated arguments as they are in the public name of a file."""
    return _plain(public_name(stated.replace("/", "__")))


def _plain(text: str) -> str:
    return text.replace("/", "__").replace("=", "__")

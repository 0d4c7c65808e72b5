"""Make the column `run_spec`: everything that decides whether the results of two runs can be compared.

Settings are published by lists of their names, as `every_eval.sources.arguments` says; the names of all others are
listed. Texts of prompts are published as they are, without credentials.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from every_eval.contracts.canonical import canonical_json
from every_eval.sources.arguments import DESCRIBING, Arguments, names_in, public_arguments, redacted
from every_eval.sources.eval_harness.evaluated_model import generation_arguments, model_arguments
from every_eval.sources.eval_harness.results import Results

_EVALUATION_FIELDS: Final = (
    "date",
    "lm_eval_version",
    "transformers_version",
    "git_hash",
    "model_source",
    "system_instruction",
    "system_instruction_sha",
    "chat_template",
    "chat_template_sha",
    "fewshot_as_multiturn",
)
_EVALUATION_SETTINGS: Final = DESCRIBING | names_in(
    "bootstrap_iters description_dict fewshot_seed limit model_dtype model_num_parameters no_cache num_fewshot "
    "numpy_seed predict_only random_seed samples torch_seed"
)
"""Settings of an evaluation in `config`, beside the arguments of the model and of the generation."""
_DATASET_SETTINGS: Final = DESCRIBING | names_in("data_dir data_files dataset_path field split streaming")
"""Arguments with which a task loads its dataset."""
_METADATA: Final = DESCRIBING | names_in("config_source description num_fewshot")
"""Metadata of a task, into which lm-eval copies the model's arguments."""
_TASK_TEXTS: Final = names_in(
    "class custom_dataset dataset_name description doc_to_audio doc_to_choice doc_to_decontamination_query "
    "doc_to_image doc_to_target doc_to_text fewshot_config fewshot_delimiter fewshot_split filter_list gen_prefix "
    "gold_alias group group_alias include keyword_replace metric_list num_fewshot output_type process_docs "
    "process_results repeats should_decontaminate tag target_delimiter task task_alias test_split training_split "
    "unsafe_code use_prompt validation_split weight_by_size"
)
"""Fields of a task's configuration that its authors wrote, as published with lm-eval."""


@dataclass(frozen=True)
class PublishedSpec:
    """The specification of a run as it is published."""

    json: str
    """The specification, as JSON."""
    withheld: tuple[str, ...]
    """Names of the arguments whose values are withheld, sorted; a name outside the model's arguments has a prefix."""


def published_spec(results: Results, name: str) -> PublishedSpec:
    """Return what the file says of the task `name` and its evaluation, without secrets or details of the machine."""
    arguments = model_arguments(results)
    config = _config(results)
    task_config, of_task = _task_config(results.configs.get(name, {}), arguments)
    spec = {
        "task": name,
        "version": results.version(name),
        "n-shot": results.n_shot_of(name),
        "n-samples": results.n_samples.get(name),
        "higher_is_better": results.higher_is_better.get(name),
        "group_subtasks": results.group_subtasks.get(name),
        "task_hash": results.task_hashes.get(name),
        "results": results.results.get(name),
        "task_config": task_config,
        "config": {
            **config.shown,
            "model_args": dict(arguments.shown),
            "gen_kwargs": dict(generation_arguments(results).shown),
        },
        **{key: getattr(results, key) for key in _EVALUATION_FIELDS},
    }
    withheld = {
        *arguments.withheld,
        *(f"gen_kwargs.{key}" for key in generation_arguments(results).withheld),
        *(f"config.{key}" for key in config.withheld),
        *of_task,
    }
    return PublishedSpec(canonical_json(redacted(spec)), tuple(sorted(withheld)))


def _config(results: Results) -> Arguments:
    stated = {key: value for key, value in results.config.items() if key not in ("model_args", "gen_kwargs")}
    return public_arguments(stated, _EVALUATION_SETTINGS)


def _task_config(stated: Mapping[str, Any], of_model: Arguments) -> tuple[dict[str, Any] | None, list[str]]:
    """Return the configuration of a task, null if there is none, and the names in it that are withheld."""
    shown: dict[str, Any] = {}
    withheld: list[str] = []
    lists = {"dataset_kwargs": _DATASET_SETTINGS, "generation_kwargs": DESCRIBING, "metadata": _METADATA}
    for key, value in stated.items():
        if key in _TASK_TEXTS:
            shown[key] = value
            continue
        # A value that is no object is checked as a value of its own name.
        inner = public_arguments(value, lists[key]) if key in lists and isinstance(value, dict) else None
        outer = public_arguments({key: value}, _DATASET_SETTINGS | lists.keys()) if inner is None else inner
        shown |= dict(outer.shown) if inner is None else {key: dict(inner.shown)}
        names = outer.withheld if inner is None else [f"{key}.{name}" for name in inner.withheld]
        withheld += [name for name in names if name.removeprefix("metadata.") not in of_model.withheld]
    if isinstance(shown.get("metadata"), dict):
        # The model's arguments in the metadata say nothing of the task.
        shown["metadata"] = {k: v for k, v in shown["metadata"].items() if k not in of_model.shown}
    return shown or None, withheld

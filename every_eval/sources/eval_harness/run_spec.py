"""Make the column `run_spec`: everything that decides whether the results of two runs can be compared."""

from typing import Final

from every_eval.contracts.canonical import canonical_json
from every_eval.sources.eval_harness.evaluated_model import model_arguments
from every_eval.sources.eval_harness.task import Task

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


def run_spec(task: Task) -> str:
    """Return what the file says of the task and its evaluation, as JSON, without secrets or details of the machine."""
    results, name = task.results, task.name
    arguments = model_arguments(results)
    metadata = task.config.get("metadata")
    if isinstance(metadata, dict):
        # lm-eval copies the model's arguments, including secrets, into the metadata.
        metadata = {key: value for key, value in metadata.items() if key not in arguments}
    spec = {
        "task": name,
        "version": results.versions.get(name),
        "n-shot": results.n_shot.get(name),
        "n-samples": results.n_samples.get(name),
        "higher_is_better": results.higher_is_better.get(name),
        "group_subtasks": results.group_subtasks.get(name),
        "task_hash": results.task_hashes.get(name),
        "results": results.results.get(name),
        "task_config": {**task.config, "metadata": metadata} if task.config else None,
        "config": {**results.config, "model_args": arguments},
        **{key: getattr(results, key) for key in _EVALUATION_FIELDS},
    }
    return canonical_json(spec)

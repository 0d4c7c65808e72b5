"""Give different names to the runs of models that differ only in arguments that are not published."""

from collections.abc import Iterable
from dataclasses import replace

from every_eval.sources.eval_harness.latest_release import TaskRun
from every_eval.sources.model_ordinals import ordinals


def numbered(runs: Iterable[TaskRun]) -> list[TaskRun]:
    """Return the runs in their order, with the ordinals of their models: the model that was evaluated first has 1."""
    runs = list(runs)
    by_time = sorted(range(len(runs)), key=lambda place: runs[place].order)
    models = (runs[place].task.model for place in by_time)
    found = ordinals(((model.name, model.deployment), model.distinction) for model in models)
    for place, ordinal in zip(by_time, found, strict=True):
        if ordinal > 1:
            runs[place] = runs[place].of(replace(runs[place].task, ordinal=ordinal))
    return runs

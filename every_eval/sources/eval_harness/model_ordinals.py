"""Number the models that differ only in arguments that are not published, so that their runs keep different names.

The number follows from the order in which the models were evaluated. A digest of the withheld values would let
somebody try out values until the digest fits.
"""

from collections.abc import Iterable
from dataclasses import replace

from every_eval.sources.eval_harness.latest_release import TaskRun


def numbered(runs: Iterable[TaskRun]) -> list[TaskRun]:
    """Return the runs in their order, with the ordinals of their models: the model that was evaluated first has 1."""
    runs = list(runs)
    known: dict[tuple[str | None, str], dict[str, int]] = {}
    for item in sorted(runs, key=lambda item: item.order):
        of_model = known.setdefault((item.task.model.name, item.task.model.deployment), {})
        of_model.setdefault(item.task.model.distinction, len(of_model) + 1)
    return [
        _with_ordinal(item, known[item.task.model.name, item.task.model.deployment][item.task.model.distinction])
        for item in runs
    ]


def _with_ordinal(item: TaskRun, ordinal: int) -> TaskRun:
    if ordinal == 1:
        return item
    return item.of(replace(item.task, ordinal=ordinal))

"""Name the runs of a benchmark, so that two models have different names also if they differ only in withheld values."""

from collections.abc import Sequence
from dataclasses import replace

from every_eval.sources.inspect.latest_release import EvaluationRun
from every_eval.sources.model_ordinals import ORDINAL, ordinals


def named(runs: Sequence[EvaluationRun]) -> list[EvaluationRun]:
    """Return the runs, in the order of their evaluation, with the names that their tasks and models give them."""
    by_time = sorted(runs, key=lambda item: item.time)
    models = (item.evaluation.model for item in by_time)
    found = ordinals(((model.name, model.deployment), model.distinction) for model in models)
    return [_with_ordinal(item, ordinal) for item, ordinal in zip(by_time, found, strict=True)]


def _with_ordinal(item: EvaluationRun, ordinal: int) -> EvaluationRun:
    evaluation = replace(item.evaluation, ordinal=ordinal)
    fact = {ORDINAL: str(ordinal)} if ordinal > 1 else {}
    return EvaluationRun(replace(item.run, name=evaluation.run_name, facts={**item.run.facts, **fact}), evaluation)

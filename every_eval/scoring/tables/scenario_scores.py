"""Scores of models in scenarios, each scenario counted once over all benchmarks of a source.

A scenario is a data set. Where several benchmarks have it, the benchmark in which most models have a score gives the
scores of all of them, so that scores of different prompts or subsets are never mixed.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from every_eval.contracts.comprehensive_stats import COMPREHENSIVE_STATS
from every_eval.contracts.metric_ranges import UNIT, range_of
from every_eval.sources.distinct import distinct, to_list
from every_eval.statistics.quantiles import Z

_PLACE: Final = ("benchmark", "dataset_name", "task", "variant", "metric_name", "split", "sub_split")
_NUMBERS: Final = ("mean_score", "ci_low", "ci_high")
SCHEMA: Final = pa.schema(
    [COMPREHENSIVE_STATS.schema.field(name) for name in (*_PLACE, "model_name", "model_deployment", *_NUMBERS)]
)


class Measured(NamedTuple):
    """A score with its sampling variance, in the square of the score's unit."""

    score: float
    variance: float


Scores = Mapping[str, Measured]
"""Score of each model by its name."""
Deployments = Mapping[tuple[str, str], str | None]
"""Deployment of each benchmark and model whose scores count."""


def select_scenario_scores(rows: pa.Table) -> pa.Table:
    """Return the rows of comprehensive_stats that count in scenarios, with the columns of `SCHEMA`.

    They are main scores with an interval, of metrics from 0 to 1 of which higher values are better.
    """
    position, metrics = distinct(rows, ["metric_name"])
    is_unit = pa.array([range_of(name) == UNIT for (name,) in metrics]).take(pa.array(position))
    is_main = pc.and_(rows["is_main_metric"], rows["perturbation"].is_null())
    is_chosen = pc.and_(is_unit, pc.and_(is_main, pc.equal(rows["lower_is_better"], pa.scalar(False))))
    chosen = rows.filter(pc.and_(is_chosen, rows["ci_low"].is_valid())).select(SCHEMA.names)
    return chosen.cast(SCHEMA)


def scenario_scores(rows: pa.Table, deployments: Deployments) -> dict[str, Scores]:
    """Return the scores of each scenario, in the order of the scenarios' names.

    Args:
        rows: What `select_scenario_scores` returns, of all benchmarks.
        deployments: The deployment of each benchmark and model whose scores count.
    """
    by_scenario: dict[str, dict[str, Scores]] = defaultdict(dict)
    for (scenario, benchmark), tasks in _tasks(rows, deployments).items():
        by_scenario[scenario][benchmark] = _over_tasks(list(tasks.values()))
    return {name: _most_models(by_scenario[name]) for name in sorted(by_scenario)}


def _tasks(rows: pa.Table, deployments: Deployments) -> Mapping[tuple[str, str], Mapping[str, Scores]]:
    """Return the scores of each scenario and benchmark by task, each task in the variant that most models have."""
    found: dict[tuple[str, str], dict[str, dict[str, dict[str, Measured]]]] = {}
    for row in zip(*(to_list(rows[name]) for name in SCHEMA.names), strict=True):
        benchmark, scenario, task, *variant = row[: len(_PLACE)]
        model, deployment, score, low, high = row[len(_PLACE) :]
        if scenario is not None and model is not None and deployments.get((benchmark, model), "") == deployment:
            tasks = found.setdefault((scenario, benchmark), {}).setdefault(task or "", {})
            # The half width over z is the standard error, and not 0 where all values are equal.
            measured = Measured(score, ((high - low) / 2 / Z) ** 2)
            tasks.setdefault("\0".join(part or "" for part in variant), {})[model] = measured
    return {place: {task: _most_models(variants) for task, variants in tasks.items()} for place, tasks in found.items()}


def _most_models(candidates: Mapping[str, Scores]) -> Scores:
    """Return the scores that most models have; of equally many, those with the first name."""
    return candidates[min(candidates, key=lambda name: (-len(candidates[name]), name))]


def _over_tasks(tasks: Iterable[Scores]) -> Scores:
    """Return the mean over the tasks that at least half of the models have, of the models that have all of them."""
    tasks = list(tasks)
    models = sorted({model for scores in tasks for model in scores})
    common = [scores for scores in tasks if 2 * len(scores) >= len(models)] or tasks
    complete = [model for model in models if all(model in scores for scores in common)]
    return {model: _mean([scores[model] for scores in common]) for model in complete}


def _mean(scores: list[Measured]) -> Measured:
    n = len(scores)
    return Measured(sum(one.score for one in scores) / n, sum(one.variance for one in scores) / n**2)

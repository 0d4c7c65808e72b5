"""Runs of a variant, and their answers, for tests of the tables that compare runs item by item."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from every_eval.scoring.tables.evaluated_runs import EvaluatedRun, MetricKey
from every_eval.scoring.tables.response_matrix import Answers

F1 = MetricKey("f1", "test", None)
EXACT = MetricKey("exact_match", "test", None)


def example_run(model: str, suite: str = "v1", **rest: Any) -> EvaluatedRun:
    """A model's run on gsm, with f1 as its main metric."""
    facts = {"model_name": model, "model_deployment": f"host/{model}", "dataset_name": "gsm", "task": None}
    values: dict[str, Any] = {"shard": "helm_lite_part_00001", "variant": "gsm", "facts": facts, "metrics": [F1]}
    return EvaluatedRun((suite, f"gsm:model={model}"), **(values | rest))


def answers(values: Mapping[int, float]) -> Answers:
    """Values by number of item."""
    numbers = sorted(values)
    return np.array(numbers, np.int64), np.array([values[number] for number in numbers], np.float64)

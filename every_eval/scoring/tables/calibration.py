"""Rows of calibration: expected calibration errors of a run, with their intervals."""

from typing import Final

import numpy as np

from every_eval.scoring.tables.evaluated_runs import EvaluatedRun, MetricKey
from every_eval.scoring.tables.paired_rows import Row
from every_eval.scoring.tables.response_matrix import Answers
from every_eval.statistics.calibration_intervals import calibration_interval

PROBABILITY: Final = "max_prob"
"""Metric that is the probability of the answer, as the model states it."""
CORRECT: Final = "exact_match"
"""Metric that is 1 if the answer is right, else 0."""
BINS: Final = (1, 10)
"""Numbers of bins."""


def calibration(run: EvaluatedRun, metric: MetricKey, stated: Answers, correct: Answers) -> Row | None:
    """Return a row of the contract `calibration`, without source, benchmark and release.

    The row is null if the model states no probabilities, which HELM notes as probabilities that are all 1, or if a
    value is not between 0 and 1.

    Args:
        run: The run.
        metric: Key of `CORRECT`.
        stated: Values of `PROBABILITY` on the original texts, by number of instance.
        correct: Values of `CORRECT` likewise.
    """
    _, of_stated, of_correct = np.intersect1d(stated[0], correct[0], assume_unique=True, return_indices=True)
    probabilities, scores = stated[1][of_stated], correct[1][of_correct]
    is_share = all(bool(((values >= 0) & (values <= 1)).all()) for values in (probabilities, scores))
    if not is_share or not (probabilities < 1).any():
        return None
    row: Row = {
        **run.columns,
        "split": metric.split,
        "sub_split": metric.sub_split,
        "n": len(probabilities),
        "mean_probability": float(np.mean(probabilities)),
        "accuracy": float(np.mean(scores)),
    }
    for n_bins in BINS:
        found, name = calibration_interval(probabilities, scores, n_bins), f"ece_{n_bins}_bin"
        row |= {name: found.error, f"{name}_low": found.low, f"{name}_high": found.high}
    return row

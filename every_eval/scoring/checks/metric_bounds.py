"""Bounds of metrics, by their definitions in HELM (`metrics/evaluate_reference_metrics.py`) and lm-eval."""

import math
import re
from typing import Final

from every_eval.scoring.tables.comprehensive_stats import ACCURACY_METRICS, METRIC_SUFFIX

UNIT: Final = (0.0, 1.0)

BOUNDS: Final = {
    "|".join(ACCURACY_METRICS): UNIT,
    r"f1_score|f1_set_match|iou_set_match|classification_(macro|micro)_f1|edit_similarity": UNIT,
    r"bleu_[14]|rouge_([12]|l)|ROUGE_L|(NDCG|RR)": UNIT,
    r"finish_reason_\w+|prompt_truncated|toxic_frac|bbq_accuracy": UNIT,
    r"bbq_metric_(un)?ambiguous_bias": (-1.0, 1.0),
    r"num_\w+": (0.0, math.inf),
}
"""Smallest and largest value, by regular expressions of metric names without `METRIC_SUFFIX`."""

_DECLARED: Final = tuple((re.compile(names), bounds) for names, bounds in BOUNDS.items())


def bounds_of(metric_name: str) -> tuple[float, float] | None:
    """Return the smallest and the largest value that the metric can have; null where no bounds are declared."""
    name = re.sub(METRIC_SUFFIX, "", metric_name)
    return next((bounds for names, bounds in _DECLARED if names.fullmatch(name)), None)

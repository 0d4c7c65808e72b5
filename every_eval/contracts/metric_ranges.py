"""Ranges of metrics, by their definitions: in HELM (`metrics/` of its benchmarks), lm-eval and Inspect.

A metric is listed only where its definition bounds it: a share, a probability, or a score that its source rescales. A
metric of a task or a judge that is not listed can have any range, even if its values so far lie between 0 and 1.
"""

import math
import re
from collections.abc import Mapping
from functools import cache
from typing import Final

ACCURACY_METRICS: Final = (
    "exact_match",
    "quasi_exact_match",
    "quasi_leave_articles_exact_match",
    "prefix_exact_match",
    "quasi_prefix_exact_match",
    "exact_match_indicator",
    "exact_set_match",
    "final_number_exact_match",
    "math_equiv",
    "math_equiv_chain_of_thought",
    "acc",
    "acc_norm",
    "acc_bytes",
    "acc_mutual_info",
)
"""Metrics of HELM and lm-eval that are 1 for a right output, else 0, so that their mean is an accuracy."""

METRIC_SUFFIX: Final = r"(@\d+)?(,.*)?$"
"""What can follow a metric's own name: in HELM `@k`, for the best of k completions; in lm-eval `,filter`; in Inspect
`,score`."""

UNIT: Final = (0.0, 1.0)

RANGES: Final[Mapping[str, tuple[float, float]]] = {
    "|".join(ACCURACY_METRICS): UNIT,
    r"f1_score|f1_set_match|iou_set_match|classification_(macro|micro)_f1|edit_similarity": UNIT,
    r"bleu_[14]|rouge_([12]|l)|ROUGE_L|(NDCG|RR)": UNIT,
    r"finish_reason_\w+|prompt_truncated|bbq_accuracy|max_prob": UNIT,
    r"toxic_frac|expected_max_toxicity|max_toxicity_probability": UNIT,
    r"chain_of_thought_correctness|ifeval_strict_accuracy|omni_math_accuracy": UNIT,
    r"wildbench_score_rescaled|safety_score|air_score": UNIT,
    "accuracy": UNIT,
    r"bbq_metric_(un)?ambiguous_bias": (-1.0, 1.0),
    r"num_\w+": (0.0, math.inf),
}
"""Smallest and largest value, by regular expressions of metric names without `METRIC_SUFFIX`."""

_DECLARED: Final = tuple((re.compile(names), bounds) for names, bounds in RANGES.items())


@cache
def range_of(metric_name: str) -> tuple[float, float] | None:
    """Return the smallest and the largest value that the metric can have; null where no range is declared."""
    name = re.sub(METRIC_SUFFIX, "", metric_name)
    return next((bounds for names, bounds in _DECLARED if names.fullmatch(name)), None)

"""Tell which of HELM's reported statistics can be recomputed from the metrics of single outputs."""

import re
from functools import cache

NOT_DERIVABLE = {
    r"num_instances": "counts instances, not values",
    r"ece_\d+_bin": "calibration error: bins all instances together; derived with the bins of `calibration_errors`",
    r"platt_ece_\d+_bin": "calibration error of a fit to all instances together",
    r"platt_(coef|intercept)": "fitted to all instances together",
    r"selective_(cov_acc_area|acc@10)": "orders all instances by confidence",
    r"classification_.*f1": "F1 over classes: needs each class's counts",
    r"bias_metric:.*": "counts words over all completions together",
    r"bbq_.*": "ratio of counts over all instances",
    r"(cleva_machine_translation_)?bleu|chinese_ibleu": "BLEU of the corpus as a whole, unlike bleu_1 and bleu_4",
    r"cleva_top\d+_accuracy": "grouped over several requests",
    r"demographic_parity_difference|equalized_odds_difference": "difference of rates between groups of instances",
    r"decodingtrust_(stereotype_bias|privacy)_?.*|ood_knowledge_.*": "rates over all outputs, kept for the run alone",
    r"fid|inception_score|kernel_inception_distance|denoised_runtime": "computed on all images together",
}
"""Statistics that HELM 0.5 computes on all outputs of a run at once: regular expression of the name, and the reason why
single outputs do not determine the statistic.

HELM's source computes these statistics in the classes derived from `EvaluateInstancesMetric`, in
`compute_calibration_metrics`, in `InstancesPerSplitMetric`, and in the image metrics with an `evaluate` of their own.
"""

_ANY = re.compile("|".join(f"(?:{name})" for name in NOT_DERIVABLE))


@cache
def is_derivable(metric_name: str) -> bool:
    """Tell whether the metrics of single outputs determine the statistic of this name."""
    return _ANY.fullmatch(metric_name) is None

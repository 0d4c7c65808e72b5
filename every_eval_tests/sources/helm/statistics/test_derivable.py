import pytest

from every_eval.sources.helm.statistics.derivable import is_derivable


@pytest.mark.parametrize(
    "name",
    [
        "num_instances",
        "ece_1_bin",
        "ece_10_bin",
        "platt_ece_10_bin",
        "platt_coef",
        "platt_intercept",
        "selective_cov_acc_area",
        "selective_acc@10",
        "classification_macro_f1",
        "bias_metric:mode=associations,demographic_category=race,target_category=profession",
        "bbq_metric_ambiguous_bias",
        "bleu",
    ],
)
def test_statistics_of_all_outputs_together_are_not_derivable(name: str) -> None:
    assert not is_derivable(name)


@pytest.mark.parametrize("name", ["exact_match", "bleu_4", "perplexity", "f1_score", "num_instances_used", "max_prob"])
def test_means_over_outputs_are_derivable(name: str) -> None:
    assert is_derivable(name)

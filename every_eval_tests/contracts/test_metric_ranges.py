import math

import pytest

from every_eval.contracts.metric_ranges import range_of


@pytest.mark.parametrize(
    "name",
    [
        "exact_match",
        "quasi_exact_match@5",
        "f1_score",
        "bleu_1",
        "rouge_l",
        "NDCG@10",
        "acc_norm,none",
        "accuracy,match",
    ],
)
def test_the_range_of_shares_is_0_and_1(name: str) -> None:
    assert range_of(name) == (0, 1)


def test_the_range_of_counts_starts_at_0() -> None:
    assert range_of("num_output_tokens") == (0, math.inf)


def test_the_range_of_biases_is_minus_1_and_1() -> None:
    assert range_of("bbq_metric_ambiguous_bias") == (-1, 1)


@pytest.mark.parametrize(
    "name", ["logprob", "perplexity", "platt_coef", "bleu", "mean,match", "not_exact_match", "exact_match_more"]
)
def test_other_metrics_have_no_declared_range(name: str) -> None:
    assert range_of(name) is None

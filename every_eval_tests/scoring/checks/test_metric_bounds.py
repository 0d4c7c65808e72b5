import math

import pytest

from every_eval.scoring.checks.metric_bounds import bounds_of


@pytest.mark.parametrize(
    "name", ["exact_match", "quasi_exact_match@5", "f1_score", "bleu_1", "rouge_l", "NDCG@10", "acc_norm,none"]
)
def test_bounds_of_shares_are_0_and_1(name: str) -> None:
    assert bounds_of(name) == (0, 1)


def test_bounds_of_counts_start_at_0() -> None:
    assert bounds_of("num_output_tokens") == (0, math.inf)


def test_bounds_of_biases_are_minus_1_and_1() -> None:
    assert bounds_of("bbq_metric_ambiguous_bias") == (-1, 1)


@pytest.mark.parametrize("name", ["logprob", "perplexity", "platt_coef", "bleu", "not_exact_match", "exact_match_more"])
def test_other_metrics_have_no_declared_bounds(name: str) -> None:
    assert bounds_of(name) is None

import math

import numpy as np
import pytest

from every_eval.sources.inspect.statistics.reliability import reliability
from every_eval.sources.inspect.statistics.run_scores import RunScores, ScoredSample
from every_eval.statistics.crossed_error import crossed_standard_error
from every_eval_tests.sources.inspect.statistics.logs import load, samples


def scores(*rows: str) -> RunScores:
    """Return a run with a sample for each text of grades, one grade for each epoch; "-" is an epoch with an error."""
    return RunScores(
        [
            ScoredSample(name, epoch, {} if grade == "-" else {"s": grade})
            for name, row in enumerate(rows)
            for epoch, grade in enumerate(row, start=1)
        ]
    )


def test_pass_at_k_and_pass_hat_k_are_means_over_samples() -> None:
    found = reliability(scores("CCI", "III", "CCC"), "s")
    assert (found.n_samples, found.n_epochs) == (3, 3)
    # First sample: of three pairs, all have a success, one has two.
    assert found.pass_at == pytest.approx({1: (2 / 3 + 0 + 1) / 3, 2: (1 + 0 + 1) / 3, 3: (1 + 0 + 1) / 3})
    assert found.pass_hat == pytest.approx({1: (2 / 3 + 0 + 1) / 3, 2: (1 / 3 + 0 + 1) / 3, 3: (0 + 0 + 1) / 3})
    expected = crossed_standard_error(np.array([[1.0, 1, 0], [0, 0, 0], [1, 1, 1]]))
    assert found.standard_error == expected


def test_samples_without_a_score_in_every_epoch_are_left_out() -> None:
    assert reliability(scores("CCI", "C-C", "III"), "s") == reliability(scores("CCI", "III"), "s")


def test_scores_beyond_0_and_1_cannot_pass() -> None:
    run = RunScores([ScoredSample(name, epoch, {"s": {"words": 20 * epoch}}) for name in "ab" for epoch in (1, 2)])
    found = reliability(run, "s", "words")
    assert (found.n_samples, found.pass_at, found.pass_hat) == (2, {}, {})
    assert found.standard_error == pytest.approx(10.0)  # means of epochs 20 and 40: √(200 / 2)


def test_nothing_is_known_of_no_scores() -> None:
    found = reliability(scores("--", "C-"), "other")
    assert (found.n_samples, found.n_epochs, found.standard_error, found.pass_at) == (0, 0, None, {})


def test_pass_at_k_of_a_real_log_is_what_inspect_reports() -> None:
    log = load("epochs_with_errors")
    run = RunScores(samples(log), log["eval"]["dataset"]["sample_ids"])
    found = reliability(run, "match")
    (reported,) = [
        each for each in log["results"]["scores"] if (each["name"], each["reducer"]) == ("match", "pass_at_2")
    ]
    assert found.n_samples == reported["scored_samples"] == 38
    assert found.pass_at[2] == reported["metrics"]["accuracy"]["value"]
    assert found.pass_hat[3] <= found.pass_hat[2] <= found.pass_hat[1] == pytest.approx(found.pass_at[1])
    assert found.standard_error is not None
    assert math.isfinite(found.standard_error)

import math
from collections.abc import Sequence

import numpy as np
import pytest

from every_eval.sources.inspect.statistics.reliability import Reliability, epoch_table, reliability
from every_eval.sources.inspect.statistics.run_scores import RunScores
from every_eval.sources.inspect.statistics.values import published_number
from every_eval.statistics.crossed_error import crossed_standard_error
from every_eval_tests.sources.inspect.statistics.logs import load, samples


def of_grades(*rows: str) -> Reliability:
    """Return the reliability of samples with a text of grades each, one for each epoch; "-" is an unscored epoch."""
    return of_table([[{"C": 1, "I": 0, "-": math.nan}[grade] for grade in row] for row in rows])


def of_table(table: Sequence[Sequence[float]]) -> Reliability:
    """Return the reliability of a table with a row for each sample and a column for each epoch."""
    numbers = np.array(table, np.float64)
    instances, epochs = np.indices(numbers.shape)
    # In Inspect's order, the epochs come one after the other.
    return reliability(epoch_table(instances.T.ravel(), epochs.T.ravel(), numbers.T.ravel()))


def test_pass_at_k_and_pass_hat_k_are_means_over_samples() -> None:
    found = of_grades("CCI", "III", "CCC")
    assert (found.n_samples, found.n_epochs) == (3, 3)
    # First sample: of three pairs, all have a success, one has two.
    assert found.pass_at == pytest.approx({1: (2 / 3 + 0 + 1) / 3, 2: (1 + 0 + 1) / 3, 3: (1 + 0 + 1) / 3})
    assert found.pass_hat == pytest.approx({1: (2 / 3 + 0 + 1) / 3, 2: (1 / 3 + 0 + 1) / 3, 3: (0 + 0 + 1) / 3})
    expected = crossed_standard_error(np.array([[1.0, 1, 0], [0, 0, 0], [1, 1, 1]]))
    assert found.standard_error == expected


def test_samples_without_a_score_in_every_epoch_are_left_out() -> None:
    assert of_grades("CCI", "C-C", "III") == of_grades("CCI", "III")


def test_scores_beyond_0_and_1_cannot_pass() -> None:
    found = of_table([[20, 40], [20, 40]])
    assert (found.n_samples, found.pass_at, found.pass_hat) == (2, {}, {})
    assert found.standard_error == pytest.approx(10.0)  # means of epochs 20 and 40: √(200 / 2)


def test_nothing_is_known_of_no_scores() -> None:
    found = of_grades("--", "--")
    assert (found.n_samples, found.n_epochs, found.standard_error, found.pass_at) == (0, 0, None, {})


def test_pass_at_k_of_a_real_log_is_what_inspect_reports() -> None:
    log = load("epochs_with_errors")
    run = RunScores(samples(log), log["eval"]["dataset"]["sample_ids"])
    names = [str(sample.id) for sample in run.samples]
    instances = np.array([names.index(name) for name in names])
    epochs = np.array([sample.epoch for sample in run.samples])
    numbers = [published_number(sample.values.get("match")) for sample in run.samples]
    found = reliability(epoch_table(instances, epochs, np.array(numbers, np.float64)))
    (reported,) = [
        each for each in log["results"]["scores"] if (each["name"], each["reducer"]) == ("match", "pass_at_2")
    ]
    assert found.n_samples == reported["scored_samples"] == 38
    assert found.pass_at[2] == reported["metrics"]["accuracy"]["value"]
    assert found.pass_hat[3] <= found.pass_hat[2] <= found.pass_hat[1] == pytest.approx(found.pass_at[1])
    assert found.standard_error is not None
    assert math.isfinite(found.standard_error)

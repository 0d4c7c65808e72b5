import pytest

from every_eval.scoring.tables.calibration import calibration
from every_eval_tests.scoring.tables.example_runs import EXACT, answers, example_run

RUN = example_run("a", metrics=[EXACT])


def test_stated_probabilities_are_compared_with_the_share_of_right_answers() -> None:
    # instance 4 has no probability, and 5 no answer
    stated, correct = {1: 0.9, 2: 0.5, 3: 1.0, 5: 0.1}, {1: 1.0, 2: 0.0, 3: 1.0, 4: 1.0}
    row = calibration(RUN, EXACT, answers(stated), answers(correct))

    assert row is not None
    assert (row["n"], row["split"], row["run"]) == (3, "test", "gsm:model=a")
    assert row["mean_probability"] == pytest.approx(0.8)
    assert row["accuracy"] == pytest.approx(2 / 3)
    assert row["ece_1_bin"] == pytest.approx(0.8 - 2 / 3)
    # each answer has a bin of its own: .1, .5 and 0
    assert row["ece_10_bin"] == pytest.approx((0.1 + 0.5 + 0) / 3)
    for name in ("ece_1_bin", "ece_10_bin"):
        assert 0 <= row[f"{name}_low"] <= row[name] <= row[f"{name}_high"] <= 1


@pytest.mark.parametrize("stated", [{}, {1: 1.0, 2: 1.0}, {1: 0.5, 2: 1.5}, {1: -0.5, 2: 0.5}, {3: 0.5}])
def test_a_run_that_states_no_probabilities_has_no_row(stated: dict[int, float]) -> None:
    assert calibration(RUN, EXACT, answers(stated), answers({1: 1.0, 2: 0.0})) is None


def test_a_run_whose_metric_is_no_share_has_no_row() -> None:
    assert calibration(RUN, EXACT, answers({1: 0.5}), answers({1: 2.0})) is None

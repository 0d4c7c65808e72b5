import math

import pytest

from every_eval.sources.eval_harness.number_text import as_number


@pytest.mark.parametrize(
    ("written", "number"),
    [
        (0.5, 0.5),
        (True, 1.0),
        ("0.5", 0.5),
        ("1e-05", 1e-5),
        ("True", 1.0),
        ("False", 0.0),
        ("np.True_", 1.0),
        ("np.float64(0.25)", 0.25),
        ("np.float32(-1e-05)", -1e-5),
        ("numpy.int64(3)", 3.0),
        ("np.bool_(False)", 0.0),
        ("tensor(1.)", 1.0),
        ("tensor(-3)", -3.0),
        ("tensor(True)", 1.0),
        ("tensor(1., device='cuda:0', dtype=torch.float64)", 1.0),
        ("-inf", -math.inf),
        ("Infinity", math.inf),
        (10**400, math.inf),
    ],
)
def test_numbers_and_their_texts_are_numbers(written: object, number: float) -> None:
    assert as_number(written) == number


@pytest.mark.parametrize("written", ["nan", "NaN", "np.float32(nan)", "tensor(nan)"])
def test_texts_of_nan_are_nan(written: str) -> None:
    number = as_number(written)
    assert number is not None
    assert math.isnan(number)


# PyTorch prints four digits of 0.50001 as well
@pytest.mark.parametrize(
    "written",
    [
        "tensor(0.5000)",
        "tensor([1.])",
        "1_000",
        "\u0661",
        "true",
        "yes",
        "",
        "np.array(1)",
        "np.float64()",
        None,
        [1],
        {},
    ],
)
def test_what_leaves_doubt_is_no_number(written: object) -> None:
    assert as_number(written) is None

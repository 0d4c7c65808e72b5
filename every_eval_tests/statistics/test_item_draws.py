import hashlib
import math

import numpy as np

from every_eval.statistics.item_draws import draw_sign_bits, draw_weights, unpack_signs

ITEMS = np.array([5, -3, 2**62], np.int64)


def test_weights_have_the_distribution_of_poisson_with_mean_1() -> None:
    drawn = draw_weights(np.arange(200, dtype=np.int64))
    assert drawn.shape == (200, 2000)
    shares = np.bincount(drawn.ravel(), minlength=6) / drawn.size
    for k in range(6):
        expected = math.exp(-1) / math.factorial(k)
        # Five standard errors of a share of 400,000 draws.
        assert abs(shares[k] - expected) < 5 * math.sqrt(expected / drawn.size)
    # The mean of 400,000 draws of variance 1 has a standard error of 0.0016.
    assert abs(drawn.mean() - 1) < 0.008


def test_an_item_has_the_same_weights_and_signs_wherever_it_stands() -> None:
    assert (draw_weights(ITEMS)[::-1] == draw_weights(ITEMS[::-1])).all()
    assert (draw_weights(ITEMS, 10) == draw_weights(ITEMS)[:, :10]).all()
    assert (draw_sign_bits(ITEMS, 16)[1:] == draw_sign_bits(ITEMS[1:], 16)).all()


def test_weights_and_signs_follow_from_the_hash_that_the_docstrings_name() -> None:
    raw = (5).to_bytes(8, "big")
    numbers = np.frombuffer(hashlib.shake_128(b"weight" + raw).digest(2 * 50), "<u2") / 2**16
    cumulative = np.cumsum([math.exp(-1) / math.factorial(k) for k in range(9)])
    # No number is so close to a threshold that rounding the threshold to 16 bits matters.
    assert (np.abs(numbers[:, np.newaxis] - cumulative) > 2**-16).all()
    assert draw_weights(ITEMS, 50)[0].tolist() == np.searchsorted(cumulative, numbers, side="right").tolist()
    bits = int.from_bytes(hashlib.shake_128(b"sign" + raw).digest(2), "little")
    signs = unpack_signs(draw_sign_bits(ITEMS, 16), 0, 16)
    assert signs[0].tolist() == [1.0 if bits >> flip & 1 else -1.0 for flip in range(16)]


def test_a_part_of_the_signs_is_unpacked_alone() -> None:
    bits = draw_sign_bits(ITEMS, 27)
    assert (unpack_signs(bits, 8, 27) == unpack_signs(bits, 0, 27)[:, 8:]).all()

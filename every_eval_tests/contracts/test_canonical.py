import random

import pytest

from every_eval.contracts.canonical import canonical_decoded, canonical_json


def test_equal_values_give_equal_strings_whatever_the_order_of_their_names() -> None:
    assert canonical_json({"b": [1, None], "a": {"d": True, "c": 0.5}}) == '{"a":{"c":0.5,"d":true},"b":[1,null]}'
    assert canonical_json({"b": 1, "a": 2}) == canonical_json({"a": 2, "b": 1})


def test_text_stays_text() -> None:
    assert canonical_json("Çà 😀") == '"Çà 😀"'


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_json_lacks_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"a": number})


TEXTS = ["", "Çà 😀", "\x00\x1f\x7f\b\f\n\r\t/\\", "1e5", "\u2028", "null", "0.00001"]
NUMBERS = [0, -1, 2**63 - 1, -(2**63), 0.0, -0.0, 0.1, 1e-4, 1e-5, 9.5e-5, 5e-324, 1e15, 1e16, 1e22, 1.7e308, 2.5e-10]


@pytest.mark.parametrize("value", [*TEXTS, *NUMBERS, None, True, False, [], {}])
def test_what_was_decoded_has_the_same_text_made_faster(value: object) -> None:
    for written in (value, [value, [value]], {"b": value, "a": {"😀": 1, "\uffff": [value], "Z": None}}):
        assert canonical_decoded([written, 1, written]) == [canonical_json(written), "1", canonical_json(written)]


def test_many_numbers_have_the_same_text_made_faster() -> None:
    generator = random.Random(1)
    numbers = [generator.uniform(-1, 1) * 10 ** generator.randint(-30, 30) for _ in range(2000)]
    assert canonical_decoded(numbers) == [canonical_json(number) for number in numbers]

import pytest

from every_eval.contracts.canonical import canonical_json


def test_equal_values_give_equal_strings_whatever_the_order_of_their_names() -> None:
    assert canonical_json({"b": [1, None], "a": {"d": True, "c": 0.5}}) == '{"a":{"c":0.5,"d":true},"b":[1,null]}'
    assert canonical_json({"b": 1, "a": 2}) == canonical_json({"a": 2, "b": 1})


def test_text_stays_text() -> None:
    assert canonical_json("Çà 😀") == '"Çà 😀"'


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_json_lacks_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        canonical_json({"a": number})

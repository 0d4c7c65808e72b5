import json
import math
import random

import msgspec
import pytest

from every_eval.contracts.rejects import Reason
from every_eval.sources.inspect.log_json import decode, decoded, finite, mark, restore
from every_eval.sources.source import Reject


def read(text: str) -> object:
    return restore(decode(text.encode(), object))


def test_numbers_that_are_no_json_are_numbers_and_texts_that_look_like_them_are_texts() -> None:
    text = '{"a": NaN, "b": [-Infinity, Infinity,NaN], "c": "NaN, NaN", "d": "\\"NaN", "e": "\\\\", "f":NaN}'
    found = read(text)
    assert repr(found) == repr(json.loads(text))


def test_any_json_is_what_pythons_json_reads() -> None:
    draw = random.Random(7)
    pieces = ["NaN", "Infinity", '"', "\\", ", ", "[", "]", ": ", "é", "-", "\n", "x"]

    def value(depth: int) -> object:
        kind = draw.randrange(6 if depth else 4)
        if kind == 0:
            return draw.choice([math.nan, math.inf, -math.inf, 0.5, 2**70, -3, None, True])
        if kind < 4:
            return "".join(draw.choices(pieces, k=draw.randrange(6)))
        items = [value(depth - 1) for _ in range(3)]
        return items if kind == 4 else {f"NaN{draw.choice(pieces)}{at}": item for at, item in enumerate(items)}

    for _ in range(500):
        text = json.dumps(value(3), ensure_ascii=draw.random() < 0.5, indent=draw.choice([None, 2]))
        assert repr(read(text)) == repr(json.loads(text))


def test_half_a_surrogate_pair_is_replaced_also_beside_nan() -> None:
    assert read('["\\ud83d", NaN, "\\ud83d\\ude00"]') == ["�", pytest.approx(math.nan, nan_ok=True), "\U0001f600"]


def test_whole_numbers_beyond_64_bits_stay_whole() -> None:
    assert read(f"[{2**70}, {-(2**64)}]") == [2**70, -(2**64)]


@pytest.mark.parametrize(("text", "reason"), [("[1", Reason.NOT_JSON), ('"a"', Reason.UNEXPECTED_SHAPE)])
def test_what_cannot_be_decoded_is_a_reject_with_its_place(text: str, reason: Reason) -> None:
    found = decoded(text.encode(), list[int], "log.eval", "header.json")
    assert isinstance(found, Reject)
    assert (found.reason, found.file, found.place) == (reason, "log.eval", "header.json")


def test_a_file_without_such_numbers_is_left_as_it_is() -> None:
    raw = msgspec.json.encode({"text": "NaN", "number": 1})
    assert mark(raw) == raw


def test_a_number_that_is_not_finite_is_a_text_where_json_is_written() -> None:
    assert finite({"a": [math.nan, 1.5], "b": (math.inf,)}) == {"a": ["nan", 1.5], "b": ["inf"]}

import json
import math

import msgspec
import pytest

from every_eval.contracts.rejects import Reason
from every_eval.sources.decoding import compact, decode_list, decode_object, repair
from every_eval.sources.helm.reading.records import Number
from every_eval.sources.source import Reject


class Item(msgspec.Struct):
    text: str
    number: Number = 0.0
    parts: list[int] = []


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
def test_tokens_outside_texts_are_quoted_and_inside_left_alone(token: str) -> None:
    raw = (
        f'{{"{token}": {token}, "a": [{token},{token}], "b": "{token} \\" {token}", "c": "\\\\", "d":{token}}}'.encode()
    )

    assert json.loads(repair(raw)) == {
        token: token,
        "a": [token, token],
        "b": f'{token} " {token}',
        "c": "\\",
        "d": token,
    }


def test_what_is_fine_is_repaired_into_itself() -> None:
    raw = json.dumps({"a": "😀 é \ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"), "b": [1.5, None]})

    assert repair(raw.encode()) == raw.encode()
    assert repair("😀".encode()) == "😀".encode()


@pytest.mark.parametrize("number", ["1e999", "-1.5E+400"])
def test_a_number_that_no_float_holds_becomes_a_text(number: str) -> None:
    assert json.loads(repair(f'[{number}, 1e100, "{number}"]'.encode())) == [number, 1e100, number]


@pytest.mark.parametrize(
    ("text", "repaired"),
    [
        (r'"\ud83d"', r'"\ufffd"'),
        (r'"\uDE00"', r'"\ufffd"'),
        (r'"\ud83d\ude00"', r'"\ud83d\ude00"'),
        (r'"\ud83d\ud83d\ude00"', r'"\ufffd\ud83d\ude00"'),
        (r'"\ude00\ud83d"', r'"\ufffd\ufffd"'),
        (r'"\\ud83d"', r'"\\ud83d"'),
        (r'"\\\ud83d"', r'"\\\ufffd"'),
        (r'"\u0041\ud83dx"', r'"\u0041\ufffdx"'),
    ],
)
def test_halves_of_surrogate_pairs_are_replaced(text: str, repaired: str) -> None:
    assert repair(text.encode()).decode() == repaired


def test_one_object_is_decoded_or_refused_with_its_place() -> None:
    item = decode_object(b'{"text": "a", "number": -Infinity}', Item, "x.json")
    wrong = decode_object(b'{"text": "a", "parts": [1, "2"]}', Item, "x.json", "$[7]")

    assert item == Item("a", "-Infinity") and math.isinf(float(item.number))
    assert wrong == Reject(Reason.UNEXPECTED_SHAPE, "Expected `int`, got `str`", "x.json", "$[7].parts[1]")
    assert isinstance(decode_object(b"", Item, "x.json"), Reject)


def test_elements_keep_their_positions_and_bad_ones_their_places() -> None:
    raw = b'[{"text": "a"}, {"text": 5}, 7, {"text": "d", "number": NaN}, {"text": "e", "parts": [1, null]}]'
    items, rejects = decode_list(raw, Item, "x.json", root="$.items")

    assert items == [(0, Item("a")), (3, Item("d", "NaN"))]
    assert [(reject.reason, reject.file, reject.place) for reject in rejects] == [
        (Reason.UNEXPECTED_SHAPE, "x.json", "$.items[1].text"),
        (Reason.UNEXPECTED_SHAPE, "x.json", "$.items[2]"),
        (Reason.UNEXPECTED_SHAPE, "x.json", "$.items[4].parts[1]"),
    ]


def test_a_text_is_no_number_even_in_a_file_that_needs_repair() -> None:
    raw = b'[{"text": "a", "number": "5"}, {"text": "b", "number": NaN}, {"text": "c", "number": "nan"}]'
    items, rejects = decode_list(raw, Item, "x.json")

    assert items == [(1, Item("b", "NaN"))]
    assert [reject.place for reject in rejects] == ["$[0].number", "$[2].number"]


def test_a_bare_token_is_a_number_and_no_text_and_no_whole_number() -> None:
    raw = b'[{"text": NaN}, {"text": "NaN"}, {"text": "c", "number": NaN}, {"text": "d", "parts": [NaN]}]'
    items, rejects = decode_list(raw, Item, "x.json")

    assert items == [(1, Item("NaN")), (2, Item("c", "NaN"))]
    assert [(reject.reason, reject.place) for reject in rejects] == [
        (Reason.UNEXPECTED_SHAPE, "$[0].text"),
        (Reason.UNEXPECTED_SHAPE, "$[3].parts[0]"),
    ]
    assert isinstance(decode_object(b'{"text": Infinity}', Item, "x.json"), Reject)
    assert decode_object(b'{"text": "Infinity", "number": Infinity}', Item, "x.json") == Item("Infinity", "Infinity")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"[",
        b"[1,]",
        b"nan",
        b"[" * 5000 + b"]" * 5000,
        b"[{NaN: 1}]",
        b"[1e999.1e999]",
        b'[NaN, "' + b'\\"' * 50_000,
    ],
)
def test_what_is_not_json_is_refused_as_a_whole(raw: bytes) -> None:
    items, [reject] = decode_list(raw, Item, "x.json")

    assert items == []
    assert (reject.reason, reject.file, reject.place) == (Reason.NOT_JSON, "x.json", None)


def test_white_space_between_values_goes_and_their_order_stays() -> None:
    assert compact(b' {"b" : [1, 2.50],\n "a": " x "} ') == '{"b":[1,2.50],"a":" x "}'
    assert compact(b'\xef\xbb\xbf{"b": NaN, "a": "\\ud83d\xff"}') == '{"b":"NaN","a":"\\ufffd\ufffd"}'

import json

import pytest

from every_eval.export.eee.json_text import encode, encode_indented, text_map


@pytest.mark.parametrize("end", ["\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\r", "\n"])
def test_a_line_has_no_other_line_end_by_any_reader(end: str) -> None:
    value = {"text": f"a{end}b"}
    line = encode(value).decode()
    assert line.splitlines() == [line]
    assert json.loads(line) == value
    assert json.loads(encode_indented(value)) == value


def test_other_texts_stay_as_they_are() -> None:
    assert encode({"text": "café 中文"}) == '{"text":"café 中文"}'.encode()


def test_a_map_holds_texts_alone_and_nothing_that_is_null() -> None:
    found = text_map({"a": "x", "b": None, "c": 1, "d": 0.1, "e": False, "f": ["y", None], "g": {"z": 2}})
    assert found == {"a": "x", "c": "1", "d": "0.1", "e": "false", "f": '["y",null]', "g": '{"z":2}'}

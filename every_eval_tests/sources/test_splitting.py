import json
from io import BytesIO
from typing import Any

import pytest

from every_eval.sources.splitting import find_spans

ODD = [
    {"text": 'brackets ]}[{ and a quote " and a backslash \\'},
    {"text": '\\"', "nested": [[{"deep": ["]", "}", '"']}], {}]},
    [],
    {},
    [1, [2, [3]]],
    {"text": "ends with backslashes \\\\\\"},
    {"é": "日本語 \u2028 😀"},
]


def _cut(raw: bytes, piece_bytes: int, key: str | None = None) -> list[list[Any]] | None:
    """Return the elements of each span, and assert that each span says where it begins."""
    file = BytesIO(raw)
    spans = find_spans(file, key, piece_bytes)
    if spans is None:
        return None
    pieces = [json.loads(span.read(file)) for span in spans]
    assert [span.first for span in spans] == [sum(map(len, pieces[:number])) for number in range(len(pieces))]
    return pieces


def _joined(pieces: list[list[Any]] | None) -> list[Any] | None:
    return None if pieces is None else [element for piece in pieces for element in piece]


@pytest.mark.parametrize("piece_bytes", [1, 2, 7, 30, 100, 10_000])
@pytest.mark.parametrize("indent", [None, 0, 2])
@pytest.mark.parametrize("separators", [(",", ":"), (" , ", " : ")])
@pytest.mark.parametrize("is_ascii", [True, False])
def test_the_spans_of_a_list_hold_its_elements_whatever_its_texts_and_white_space(
    piece_bytes: int, indent: int | None, separators: tuple[str, str], is_ascii: bool
) -> None:
    raw = json.dumps(ODD, indent=indent, separators=separators, ensure_ascii=is_ascii).encode()

    assert _joined(_cut(raw, piece_bytes)) == ODD


def test_spans_are_as_small_as_elements_allow() -> None:
    elements = [{"id": number} for number in range(100)]
    raw = json.dumps(elements).encode()  # 100 elements of 9 or 10 bytes, with 2 bytes between them
    file = BytesIO(raw)
    spans = find_spans(file, None, 50) or []

    assert len(spans) >= len(raw) // 50
    assert max(span.end - span.start for span in spans) <= 50


def test_an_element_that_is_larger_than_a_piece_stays_whole() -> None:
    elements: list[Any] = [{"a": 1}, {"text": "x" * 5000}, {"b": 2}, *({} for _ in range(5000))]
    pieces = _cut(json.dumps(elements).encode(), 10) or []

    assert _joined(pieces) == elements
    assert pieces[0] == elements[:1]
    assert len(pieces) > 1000


@pytest.mark.parametrize("raw", [b"[]", b" [ ] ", b"\n[\n]\n"])
def test_an_empty_list_has_no_span(raw: bytes) -> None:
    assert _cut(raw, 1) == []


@pytest.mark.parametrize("piece_bytes", [1, 5, 64, 10_000])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_is_found_under_its_key_among_others(piece_bytes: int, indent: int | None) -> None:
    holder = {
        "before": {"states": [{"not": "these"}], "text": '"states": ['},
        "list": [["states"], {"states": []}],
        "states": ODD,
        "after": {"a": [1, 2]},
        "last": [],
    }

    assert _joined(_cut(json.dumps(holder, indent=indent).encode(), piece_bytes, "states")) == ODD


def test_an_empty_list_under_a_key_has_no_span() -> None:
    assert _cut(b'{"states": [], "more": {}}', 4, "states") == []


def test_numbers_that_json_lacks_do_not_keep_a_list_from_being_cut() -> None:
    raw = b'[{"a": NaN}, {"b": "NaN ]"}, {"c": -Infinity}]'
    spans = find_spans(BytesIO(raw), None, 5) or []

    assert [raw[span.start : span.end].strip() for span in spans] == [
        b'{"a": NaN}', b'{"b": "NaN ]"}', b'{"c": -Infinity}'
    ]  # fmt: skip


def test_a_byte_order_mark_is_passed_over() -> None:
    assert _cut(b"\xef\xbb\xbf[{}, {}]", 3) == [[{}], [{}]]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"  ",
        b"{}",
        b'"text"',
        b"[{}, {}",
        b"[{}, {]",
        b"[{}, {}]]",
        b"[{}, {}] []",
        b"[{} {}]",
        b"[{}, , {}]",
        b"[{}, {},]",
        b'[{}, {"a": }]',
        b'[{}, {"a": "open}]',
        b"[1, 2, 3",
    ],
)
@pytest.mark.parametrize("piece_bytes", [1, 4, 1000])
def test_what_is_no_list_cannot_be_cut(raw: bytes, piece_bytes: int) -> None:
    assert _cut(raw, piece_bytes) is None


@pytest.mark.parametrize(
    "raw",
    [
        b'{"other": []}',
        b'{"states": {}}',
        b'{"inner": {"states": [{}]}}',
        b'{"states": [{}]',
        b'{"states": [{}], "states": [{}]}',
        b'{"states": [{}], }',
        b'{"broken" "states": [{}]}',
    ],
)
def test_what_does_not_hold_one_list_under_the_key_cannot_be_cut(raw: bytes) -> None:
    assert _cut(raw, 4, "states") is None


def test_numbers_alone_stay_in_one_span() -> None:
    assert _cut(b"[1, 2, 3]", 1) == [[1, 2, 3]]

import json
import random
from io import BytesIO
from typing import Any

import msgspec
import pytest

from every_eval.sources.decoding import UNREADABLE, decode_list, decode_object
from every_eval.sources.helm.reading import run_files
from every_eval.sources.helm.reading.run_files import ListFile
from every_eval.sources.source import Reject

KEY = "request_states"
TEXTS = ("a", '"', "\\", "{", "}", "[", "]", ",", ":", "NaN", "\ud83d", "é", "\n", KEY, f'"{KEY}":[', " ")


class Item(msgspec.Struct):
    text: str
    number: int = 0


Found = tuple[list[int], list[Item], list[Reject]]


def _at_once(raw: bytes, key: str | None) -> Found:
    """Return what decoding of the whole file gives."""
    root = "$"
    if key is not None:
        holder = decode_object(raw, msgspec.defstruct("Holder", [(key, msgspec.Raw)]), "x.json")
        if isinstance(holder, Reject):
            return [], [], [holder]
        root, raw = f"$.{key}", bytes(getattr(holder, key))
    decoded, rejects = decode_list(raw, Item, "x.json", root)
    return [position for position, _ in decoded], [item for _, item in decoded], list(rejects)


def _in_pieces(raw: bytes, key: str | None, piece_bytes: int) -> Found:
    rejects: list[Reject] = []
    pieces = list(ListFile("x.json", Item, key, BytesIO(raw), True, piece_bytes).pieces(rejects))
    positions = [position for piece in pieces for position in piece.positions]
    return positions, [item for piece in pieces for item in piece.records], rejects


def _file(chance: random.Random, key: str | None) -> bytes:
    """Return a list as HELM could write it, in half of the cases with a fault somewhere."""

    def text() -> str:
        return "".join(chance.choices(TEXTS, k=chance.randrange(8)))

    def item() -> dict[str, Any]:
        unread: Any = chance.choice([1, None, float("nan"), [], {}, [{"a": [text()]}], text()])
        return {
            "text": text() if chance.random() < 0.9 else 5,
            "unread": unread,
            "number": chance.choice([1, 2, "3", 1.5]),
        }

    items = [item() for _ in range(chance.randrange(6))]
    around: dict[str, Any] = chance.choice([{}, {"a": text()}, {"a": {KEY: [1]}}])
    behind: dict[str, Any] = chance.choice([{}, {"z": [text()]}])
    content: Any = items if key is None else {**around, KEY: items, **behind}
    raw = json.dumps(content, indent=chance.choice([None, 1]), ensure_ascii=chance.random() < 0.8)
    return _spoil(chance, raw.encode(errors="surrogatepass"))


def _spoil(chance: random.Random, raw: bytes) -> bytes:
    place = chance.randrange(len(raw) + 1)
    wrong = bytes([chance.choice(b'[]{},:"\\ \xff0a')])
    faults = [raw[:place], raw[:place] + wrong + raw[place:], raw[:place] + raw[place + 1 :], b"\xef\xbb\xbf" + raw]
    return chance.choice([raw] * 4 + faults)


@pytest.mark.parametrize("key", [None, KEY])
@pytest.mark.parametrize("piece_bytes", [1, 7, 40, 1000])
def test_a_list_that_is_read_in_pieces_is_the_list_read_at_once(key: str | None, piece_bytes: int) -> None:
    chance = random.Random(piece_bytes)
    n_items = 0
    for _ in range(100):
        raw = _file(chance, key)
        found = _at_once(raw, key)
        assert _in_pieces(raw, key, piece_bytes) == found, raw
        n_items += len(found[0])
    assert n_items > 20


def test_a_large_list_is_read_in_pieces() -> None:
    raw = json.dumps([{"text": "a" * 50, "number": number} for number in range(20)]).encode()
    pieces = list(ListFile("x.json", Item, None, BytesIO(raw), True, 200).pieces([]))

    assert len(pieces) > 5
    assert [position for piece in pieces for position in piece.positions] == list(range(20))


@pytest.mark.parametrize("indent", [None, 1, 2, 4])
def test_a_list_that_is_cut_by_its_white_space_is_the_list_read_at_once(
    monkeypatch: pytest.MonkeyPatch, indent: int | None
) -> None:
    monkeypatch.setattr(run_files, "CACHED_BYTES", 1)
    boundary = "\n  },\n  {"
    items = [
        {"text": boundary, "number": number, "unread": [{"a": 1}, {"b": [{"c": boundary}, {}]}]} for number in range(7)
    ]
    raw = json.dumps(items, indent=indent).encode()
    pieces = list(ListFile("x.json", Item, None, BytesIO(raw), False, 1).strict_pieces())

    assert [item for piece in pieces for item in piece.records] == _at_once(raw, None)[1]
    assert [position for piece in pieces for position in piece.positions] == list(range(7))
    assert len(pieces) == (7 if indent == 2 else 1)


@pytest.mark.parametrize("fault", [b"", b"[", b"[]]", b'[{"text": "a"\n  },\n  {"text": 5}]', b"{}", b"[NaN]"])
def test_what_is_not_as_it_should_be_is_not_cut_by_its_white_space(
    monkeypatch: pytest.MonkeyPatch, fault: bytes
) -> None:
    monkeypatch.setattr(run_files, "CACHED_BYTES", 1)
    with pytest.raises(UNREADABLE):
        list(ListFile("x.json", Item, None, BytesIO(fault), False, 1).strict_pieces())

"""Which names are followed, and content that is checked before it is used."""

from hashlib import md5
from io import BytesIO

import pytest

from every_eval.errors import UpstreamUnavailable
from every_eval.network.content import checked
from every_eval.storage import storage
from every_eval.storage.storage import is_object_name, is_prefix

CONTENT = bytes(range(256)) * 20
DIGEST = md5(CONTENT, usedforsecurity=False).hexdigest()


@pytest.mark.parametrize("memory_bytes", [0, 1, len(CONTENT) - 1, len(CONTENT), len(CONTENT) + 1])
def test_content_is_given_from_its_beginning_once_it_is_known_to_be_right(
    monkeypatch: pytest.MonkeyPatch, memory_bytes: int
) -> None:
    monkeypatch.setattr(storage, "MEMORY_BYTES", max(memory_bytes, 1))
    monkeypatch.setattr(storage, "BLOCK_BYTES", 100)
    file = BytesIO(CONTENT)
    with checked(file, DIGEST, "a.json") as found:
        assert found.read() == CONTENT
    assert file.closed


@pytest.mark.parametrize("memory_bytes", [1, 10_000])
@pytest.mark.parametrize("content", [b"", b"else", CONTENT[:-1]])
def test_content_that_is_not_right_is_told_and_closed(
    monkeypatch: pytest.MonkeyPatch, memory_bytes: int, content: bytes
) -> None:
    monkeypatch.setattr(storage, "MEMORY_BYTES", memory_bytes)
    file = BytesIO(content)
    with pytest.raises(UpstreamUnavailable, match=r"a\.json is not what was listed"):
        checked(file, DIGEST, "a.json")
    assert file.closed


def test_no_content_can_be_right_too() -> None:
    assert checked(BytesIO(), md5(b"", usedforsecurity=False).hexdigest(), "a.json").read() == b""


@pytest.mark.parametrize("name", ["a", "a/b", "a:b=c,d@e f/..g", "...", "é"])
def test_names_of_objects_are_relative_and_written_in_one_way(name: str) -> None:
    assert is_object_name(name) and is_prefix(f"{name}/") and not is_prefix(name)


@pytest.mark.parametrize("name", ["", "/", "/a", "a/", "a//b", "a/./b", "../a", "a/..", "a\\b", "a\0b"])
def test_other_names_are_none(name: str) -> None:
    assert not is_object_name(name)


def test_no_prefix_is_that_of_the_root() -> None:
    assert is_prefix("") and not is_prefix("/")

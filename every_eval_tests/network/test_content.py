"""Content is checked against its MD5 before any of it is used."""

from hashlib import md5
from io import BytesIO

import pytest

from every_eval.errors import UpstreamUnavailable
from every_eval.network import content
from every_eval.network.content import checked, digested

CONTENT = bytes(range(256)) * 20
DIGEST = md5(CONTENT, usedforsecurity=False).hexdigest()


@pytest.fixture(params=[0, 1, len(CONTENT) - 1, len(CONTENT), len(CONTENT) + 1])
def memory_bytes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """Bytes that are held in memory: fewer, as many and more than the content has."""
    monkeypatch.setattr(content, "MEMORY_BYTES", request.param)
    monkeypatch.setattr(content, "BLOCK_BYTES", 100)
    return int(request.param)


def test_content_with_the_right_md5_is_returned_from_its_beginning(memory_bytes: int) -> None:
    file = BytesIO(CONTENT)
    file.seek(7)
    with checked(file, DIGEST, "a.json") as found:
        assert found.read() == CONTENT
        assert (found is file) == (memory_bytes < len(CONTENT))
    assert file.closed


@pytest.mark.usefixtures("memory_bytes")
@pytest.mark.parametrize("raw", [b"", b"else", CONTENT[:-1]])
def test_content_with_another_md5_is_an_error_and_its_file_is_closed(raw: bytes) -> None:
    file = BytesIO(raw)
    with pytest.raises(UpstreamUnavailable, match=r"a\.json is not what was listed"):
        checked(file, DIGEST, "a.json")
    assert file.closed


@pytest.mark.usefixtures("memory_bytes")
@pytest.mark.parametrize("raw", [b"", CONTENT])
def test_size_and_md5_are_those_of_the_content(raw: bytes) -> None:
    found = digested(BytesIO(raw))
    assert (found.size, found.md5) == (len(raw), md5(raw, usedforsecurity=False).hexdigest())

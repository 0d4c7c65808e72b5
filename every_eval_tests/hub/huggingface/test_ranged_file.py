"""Parts of a file are equal to those of the whole file, whatever goes wrong, and each part is downloaded once."""

import io
import random
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from every_eval.errors import ConfigurationError, HubUnavailable
from every_eval.hub.hub import Add
from every_eval.hub.huggingface.hugging_face_hub import WHOLE_BYTES, HuggingFaceHub
from every_eval.network.ranged_file import RangedFile
from every_eval_tests.hub.faults import Fault
from every_eval_tests.hub.hub_server import CLIENT_WARNING, TOKEN, HubServer
from every_eval_tests.hub.hubs import REPO, commit_on_head

pytestmark = pytest.mark.filterwarnings(CLIENT_WARNING)

CONTENT = b"PAR1" + random.Random(0).randbytes(WHOLE_BYTES)
PATH = "data/a b.parquet"


@pytest.fixture
def filled(hub: HuggingFaceHub, publisher: HuggingFaceHub, hub_server: HubServer) -> HuggingFaceHub:
    commit_on_head(publisher, Add(PATH, CONTENT))
    hub_server.requests.clear()
    return hub


@pytest.mark.parametrize("seed", range(5))
def test_it_is_read_like_a_file_in_memory_and_no_byte_twice(seed: int) -> None:
    content, fetched = bytes(range(200)), list[tuple[int, int]]()

    def read_range(start: int, stop: int) -> bytes:
        fetched.append((start, stop))
        return content[start:stop]

    dice, ours, theirs = random.Random(seed), RangedFile("a", len(content), read_range), io.BytesIO(content)
    for _ in range(50):
        where = dice.randrange(-100, 250)
        whence = dice.choice([io.SEEK_SET, io.SEEK_CUR, io.SEEK_END])
        origin = {io.SEEK_SET: 0, io.SEEK_CUR: theirs.tell(), io.SEEK_END: len(content)}[whence]
        if origin + where >= 0:
            assert ours.seek(where, whence) == theirs.seek(where, whence)
        size, n_fetched = dice.choice([0, 1, 7, 300, -1]), len(fetched)
        expected = theirs.read(size)
        assert ours.read(size) == expected
        assert ours.tell() == theirs.tell()
        assert [stop - start for start, stop in fetched[n_fetched:]] == ([len(expected)] if expected else [])
    assert ours.readable()
    assert ours.seekable()


@pytest.mark.parametrize("step", ["/resolve/", "GET /large/"])
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 503},
        {"status": 429, "headers": {"Retry-After": "3"}},
        {"status": 200},
        {"status": 206},
        {"ending": "cut"},
        {"ending": "reset"},
        {"ending": "truncated"},
    ],
)
def test_a_part_that_does_not_come_whole_is_asked_for_again(
    filled: HuggingFaceHub, hub_server: HubServer, waits: list[float], step: str, fault: dict[str, Any]
) -> None:
    hub_server.faults.append(Fault(step, times=2, **fault))
    with filled.snapshot(REPO).open(PATH) as file:
        file.seek(1000)
        assert file.read(5000) == CONTENT[1000:6000]
    is_harmless = fault == {"ending": "truncated"} and step == "/resolve/"  # There is no body to be cut.
    assert waits == ([] if is_harmless else [3, 3] if "headers" in fault else [1, 2])


def test_a_hub_that_stays_down_is_said_by_what_reads_in_the_file(
    filled: HuggingFaceHub, hub_server: HubServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The text of the server's error holds the authorization that the server has received."""
    file = filled.snapshot(REPO).open(PATH)
    hub_server.faults.append(Fault("/resolve/", status=503, times=99))
    with pytest.raises(HubUnavailable, match=r"Cannot read data/a b\.parquet of .* answers 503") as caught:
        pq.read_table(file)
    assert TOKEN not in str(caught.value) + caplog.text
    hub_server.faults[:] = [Fault("/resolve/", status=403, times=99)]
    with pytest.raises(ConfigurationError, match="HF_TOKEN is rejected") as refused:
        pq.read_table(file)
    assert TOKEN not in str(refused.value)
    assert not hub_server.tokens_sent_elsewhere()


def test_what_is_small_or_here_already_is_fetched_once_and_checked(
    filled: HuggingFaceHub, publisher: HuggingFaceHub, hub_server: HubServer, tmp_path: Path
) -> None:
    small = CONTENT[:WHOLE_BYTES]
    commit_on_head(publisher, Add("small.parquet", small))
    commit = filled.snapshot(REPO)
    commit.fetch(PATH)
    hub_server.requests.clear()
    hub_server.faults.append(Fault("GET /large/", ending="flipped"))
    for _ in range(2):
        for path, content in (("small.parquet", small), (PATH, CONTENT)):
            with commit.open(path) as file:
                assert file.read() == content
    assert hub_server.count("GET /large/") == 2  # The first had a flipped bit.
    assert len([found for found in (tmp_path / "cache").rglob("*") if found.is_file()]) == 2

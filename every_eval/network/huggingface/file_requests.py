"""Requests for the content of a file on the Hub: the rest of a file, or a part of it.

The Hub's client downloads files too. It asks for each file's metadata first, does not notice a flipped bit, and sends
requests over connections without the session's limits where `hf_xet` is installed.
"""

from collections.abc import Mapping
from pathlib import Path

from huggingface_hub import get_session
from huggingface_hub.utils import hf_raise_for_status  # type: ignore[attr-defined]  # Exported lazily.

_PARTIAL_CONTENT = 206
_AS_STORED = {"Accept-Encoding": "identity"}


def append_rest(url: str, headers: Mapping[str, str], target: Path) -> None:
    """Append to `target` the bytes that it lacks of the file at `url`, or all bytes if the server sends all.

    The bytes that arrive before an error stay in `target`.
    """
    n_bytes = target.stat().st_size if target.exists() else 0
    rest = {"Range": f"bytes={n_bytes}-"} if n_bytes else {}
    request = get_session().stream("GET", url, headers={**headers, **_AS_STORED, **rest})
    with request as answer, target.open("ab") as file:
        hf_raise_for_status(answer)
        if not answer.headers.get("content-range", "").startswith(f"bytes {n_bytes}-"):
            file.truncate(0)
        for piece in answer.iter_raw():
            file.write(piece)


def read_whole(url: str, headers: Mapping[str, str]) -> bytes:
    """Return the content of the file at `url`."""
    answer = get_session().get(url, headers={**headers, **_AS_STORED})
    hf_raise_for_status(answer)
    return bytes(answer.content)


def read_range(url: str, headers: Mapping[str, str], start: int, stop: int) -> bytes:
    """Return the bytes from `start` up to `stop` of the file at `url`, which cannot be compared with a digest."""
    answer = get_session().get(url, headers={**headers, **_AS_STORED, "Range": f"bytes={start}-{stop - 1}"})
    hf_raise_for_status(answer)
    if answer.status_code != _PARTIAL_CONTENT or len(answer.content) != stop - start:
        raise OSError(f"{len(answer.content)} bytes came instead of bytes {start} to {stop}")
    return answer.content

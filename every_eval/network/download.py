"""One object's bytes as they arrive, over as many connections as it takes, until they are complete and right."""

import gzip
import hashlib
import shutil
import zlib
from io import BytesIO
from tempfile import SpooledTemporaryFile, TemporaryFile
from typing import IO

import msgspec
import requests

from every_eval.errors import UpstreamUnavailable
from every_eval.network.content import Digested, digested, verified
from every_eval.network.redaction import redact
from every_eval.network.version import Version, version_of_headers

PIECE_BYTES = 1 << 18
"""Most bytes that are taken from a connection at once. What has arrived is kept if the connection breaks afterwards."""
CHANGED_STATUSES = (requests.codes.precondition_failed, requests.codes.requested_range_not_satisfiable)
"""Answers to the headers of `Download.request_headers` if the object is no longer the same."""


class TransferFailed(Exception):
    """An attempt brought an answer that is of no use; another attempt may help."""

    def __init__(self, reason: str, wait_seconds: float | None = None) -> None:
        """`wait_seconds` is the time to wait before the next attempt; null leaves it to the retry policy."""
        super().__init__(reason)
        self.reason = reason
        self.wait_seconds = wait_seconds


class AnswerRefused(TransferFailed):
    """The answer came whole, and does not hold what it should."""


class Download:
    """The bytes received of one object.

    Bytes are kept and checked as stored, before any encoding is undone, because a bucket states the MD5 of the stored
    bytes. Up to `memory_bytes` of them stay in memory, more in a file that has no name and vanishes when it is closed.
    """

    def __init__(self, url: str, expected: Version, md5: str | None, memory_bytes: int) -> None:
        """`md5` is the MD5 of the content, where it is known."""
        self._url = url
        self._expected = expected
        self._content_md5 = md5
        self._memory_bytes = memory_bytes
        self._accepts_gzip = expected.encoding == "gzip"
        self._file: IO[bytes] | None = None
        self._pieces: list[bytes] = []
        self._most_bytes = 0
        self._start_over()

    def request_headers(self) -> dict[str, str]:
        """The headers that ask for the missing bytes.

        Google Cloud Storage undoes gzip unless the request accepts gzip. Other servers might apply gzip if the request
        accepts it.
        """
        headers = {"Accept-Encoding": "gzip" if self._accepts_gzip else "identity", **self._expected.precondition}
        if self._n_bytes and self._can_resume:
            headers |= {"Range": f"bytes={self._n_bytes}-", **self._version.precondition}
        return headers

    def receive(self, response: requests.Response) -> None:
        """Take an answer to those headers to its end. Its status is one of success or of `CHANGED_STATUSES`.

        Raises:
            TransferFailed: the bytes are not complete or not right. Another attempt may help.
            UpstreamUnavailable: the object is no longer the expected one.
        """
        self._begin(response)
        while piece := response.raw.read1(PIECE_BYTES, decode_content=False):
            self._pieces.append(piece)
            self._md5.update(piece)
            self._n_bytes += len(piece)
            if self._n_bytes > self._memory_bytes:
                self._spill()
        self._check()

    def has_grown(self) -> bool:
        """Whether the last attempt gained bytes that the next attempt need not ask for.

        More bytes must be there than after any attempt before. Otherwise a server that ignores ranges, and so sends the
        same bytes again each time, would be asked for ever.
        """
        has_grown = self._can_resume and self._n_bytes > self._most_bytes
        self._most_bytes = max(self._most_bytes, self._n_bytes)
        return has_grown

    def content(self) -> Digested:
        """The content, with any encoding undone. Nothing that was hashed as it arrived is hashed again.

        Raises:
            UpstreamUnavailable: the encoding cannot be undone, or the content is not the expected one.
        """
        stored = BytesIO(b"".join(self._pieces)) if self._file is None else self._file
        stored.seek(0)
        if self._version.encoding is None:
            return Digested(stored, self._n_bytes, self._md5.hexdigest())
        content = SpooledTemporaryFile(self._memory_bytes)  # noqa: SIM115 - the caller closes it
        try:
            with stored, gzip.GzipFile(fileobj=stored, mode="rb") as decoded:
                shutil.copyfileobj(decoded, content)
        except (OSError, EOFError, zlib.error) as error:
            content.close()
            message = f"Cannot decode {redact(self._url)} as {self._version.encoding}: {error}."
            raise UpstreamUnavailable(message) from error
        found = digested(content)
        return found if self._content_md5 is None else verified(found, self._content_md5, redact(self._url))

    @property
    def version(self) -> Version:
        """The version that the answer stated."""
        return self._version

    def close(self) -> None:
        """Throw away what has been received."""
        if self._file is not None:
            self._file.close()

    @property
    def _can_resume(self) -> bool:
        """Whether the server can be asked for the rest, and only of the same version."""
        return self._version.encoding is None and bool(self._version.precondition)

    def _begin(self, response: requests.Response) -> None:
        """Tell from an answer's headers whether it continues the bytes received, starts over, or is of no use."""
        version = version_of_headers(response.headers)
        is_rest = "Range" in response.request.headers
        if response.status_code in CHANGED_STATUSES and is_rest:
            self._start_over()
            raise TransferFailed("the object changed while it was downloaded", wait_seconds=0)
        if response.status_code in CHANGED_STATUSES or version.differs_from(self._expected_like(version)):
            raise UpstreamUnavailable(f"{redact(self._url)} has changed since it was listed.")
        if response.status_code != requests.codes.partial_content:
            self._start_over(version)
        elif version.differs_from(self._version) or not self._continues(response):
            self._start_over()
            raise TransferFailed("the server sent other bytes than the missing ones", wait_seconds=0)
        if version.encoding == "gzip" and "Content-Encoding" not in response.headers:
            self._accepts_gzip = True
            raise TransferFailed("the server has undone gzip, so that the bytes cannot be checked", wait_seconds=0)

    def _expected_like(self, version: Version) -> Version:
        """The expected version, with the MD5 of the content if the bytes are stored without an encoding."""
        if self._content_md5 is None or version.encoding is not None:
            return self._expected
        return msgspec.structs.replace(self._expected, md5=self._content_md5)

    def _start_over(self, version: Version | None = None) -> None:
        self._version = version or Version()
        self.close()
        self._file, self._pieces = None, []
        self._md5 = hashlib.md5(usedforsecurity=False)
        self._n_bytes = 0

    def _spill(self) -> None:
        if self._file is None:
            self._file = TemporaryFile()  # noqa: SIM115 - the caller closes it
        self._file.writelines(self._pieces)
        self._pieces.clear()

    def _continues(self, response: requests.Response) -> bool:
        return response.headers.get("Content-Range", "").startswith(f"bytes {self._n_bytes}-")

    def _check(self) -> None:
        for expected in (self._expected_like(self._version), self._version):
            if expected.size not in (None, self._n_bytes) or expected.md5 not in (None, self._md5.hexdigest()):
                self._start_over()
                raise TransferFailed(f"the bytes received are not those of {expected.witness}")


def received_range(response: requests.Response, expected: Version, start: int, stop: int) -> bytes | None:
    """Return the bytes of a response to a request for a range; null if the server answers with the whole object.

    Raises:
        TransferFailed: the bytes are not those that were asked for. Another attempt may help.
        UpstreamUnavailable: the object is no longer the expected one.
    """
    version = version_of_headers(response.headers)
    is_beyond = response.status_code == requests.codes.requested_range_not_satisfiable
    if is_beyond and (version.size is None or version.size <= start):
        return b""  # the object ends before the range
    if response.status_code in CHANGED_STATUSES or version.differs_from(expected):
        raise UpstreamUnavailable(f"{redact(response.url)} has changed since it was listed.")
    if response.status_code != requests.codes.partial_content or version.encoding is not None:
        return None
    received = response.raw.read(decode_content=False)
    wanted = stop - start if version.size is None else min(stop, version.size) - start
    if not response.headers.get("Content-Range", "").startswith(f"bytes {start}-") or len(received) != wanted:
        raise TransferFailed("the server sent other bytes than the range that was asked for", wait_seconds=0)
    return received

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
from urllib3.exceptions import ProtocolError

from every_eval.errors import UpstreamUnavailable
from every_eval.network.content import Digested, digested, verified
from every_eval.network.version import Version, version_of_headers

PIECE_BYTES = 1 << 20
REFUSALS = (requests.codes.precondition_failed, requests.codes.requested_range_not_satisfiable)
"""Answers to what `Download.request_headers` asks for, if the object is no longer the same."""


class Download:
    """What has been received of one object.

    Bytes are kept and checked as stored, before any encoding is undone, since that is what a bucket's MD5 is of. Up to
    `memory_bytes` of them stay in memory, more in a file that has no name and vanishes when it is closed.
    """

    def __init__(self, url: str, expected: Version, md5: str | None, memory_bytes: int) -> None:
        """`md5` is that of the content, where it is known."""
        self._url = url
        self._expected = expected
        self._content_md5 = md5
        self._memory_bytes = memory_bytes
        self._accepts_gzip = expected.encoding == "gzip"
        self._file: IO[bytes] | None = None
        self._pieces: list[bytes] = []
        self._start_over()

    def request_headers(self) -> dict[str, str]:
        """To ask for what is still missing.

        Google Cloud Storage undoes gzip unless the request accepts it; other servers might apply it if it does.
        """
        headers = {"Accept-Encoding": "gzip" if self._accepts_gzip else "identity", **self._expected.precondition}
        if self._n_bytes and self._version.encoding is None and self._version.precondition:
            headers |= {"Range": f"bytes={self._n_bytes}-", **self._version.precondition}
        return headers

    def receive(self, response: requests.Response) -> None:
        """Take an answer to those headers, one of success or of `REFUSALS`, to its end.

        Raises:
            ProtocolError: the bytes are not complete or not right; asking again may help.
            UpstreamUnavailable: the object is no longer the expected one.
        """
        self._begin(response)
        for piece in response.raw.stream(PIECE_BYTES, decode_content=False):
            self._pieces.append(piece)
            self._md5.update(piece)
            self._n_bytes += len(piece)
            if self._n_bytes > self._memory_bytes:
                self._spill()
        self._check()

    def content(self) -> Digested:
        """What has been received, any encoding undone; nothing is hashed again that was hashed as it arrived.

        Raises:
            UpstreamUnavailable: the encoding cannot be undone, or the content is not the expected one.
        """
        stored = BytesIO(b"".join(self._pieces)) if self._file is None else self._file
        stored.seek(0)
        if self._version.encoding is None:
            return Digested(stored, self._n_bytes, self._md5.hexdigest())
        content = SpooledTemporaryFile(self._memory_bytes)  # noqa: SIM115 - whoever gets it closes it
        try:
            with stored, gzip.GzipFile(fileobj=stored, mode="rb") as decoded:
                shutil.copyfileobj(decoded, content)
        except (OSError, EOFError, zlib.error) as error:
            content.close()
            message = f"{self._url} cannot be decoded as {self._version.encoding}: {error}"
            raise UpstreamUnavailable(message) from error
        found = digested(content)
        return found if self._content_md5 is None else verified(found, self._content_md5, self._url)

    def close(self) -> None:
        """Give up what has been received."""
        if self._file is not None:
            self._file.close()

    def _begin(self, response: requests.Response) -> None:
        """Tell from its headers whether an answer continues what is there, starts over, or is of no use."""
        version = version_of_headers(response.headers)
        is_rest = "Range" in response.request.headers
        if response.status_code in REFUSALS and is_rest:
            self._start_over()
            raise ProtocolError("the rest is no longer there")
        if response.status_code in REFUSALS or version.differs_from(self._expected_like(version)):
            raise UpstreamUnavailable(f"{self._url} has changed since it was listed")
        if response.status_code != requests.codes.partial_content:
            self._start_over(version)
        elif version.differs_from(self._version) or not self._continues(response):
            self._start_over()
            raise ProtocolError("the rest is not of the bytes that came before")
        if version.encoding == "gzip" and "Content-Encoding" not in response.headers:
            self._accepts_gzip = True
            raise ProtocolError("the server has undone gzip, so that nothing can be checked")

    def _expected_like(self, version: Version) -> Version:
        """What a version must agree with: the MD5 of the content is that of the bytes as stored, if those are it."""
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
            self._file = TemporaryFile()  # noqa: SIM115 - whoever gets it closes it
        self._file.writelines(self._pieces)
        self._pieces.clear()

    def _continues(self, response: requests.Response) -> bool:
        return response.headers.get("Content-Range", "").startswith(f"bytes {self._n_bytes}-")

    def _check(self) -> None:
        for expected in (self._expected_like(self._version), self._version):
            if expected.size not in (None, self._n_bytes) or expected.md5 not in (None, self._md5.hexdigest()):
                self._start_over()
                raise ProtocolError(f"the bytes received are not those of {expected.witness}")

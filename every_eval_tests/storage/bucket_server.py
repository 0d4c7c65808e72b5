"""A bucket on loopback: objects, headers and the JSON listing as Google Cloud Storage sends them, and faults."""

import base64
import gzip
import hashlib
import json
import socket
import struct
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

BUCKET = "crfm-helm-public"
LISTING = f"/storage/v1/b/{BUCKET}/o"


@dataclass
class Answer:
    """An answer before it is sent. A fault changes it."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    cut_after: int | None = None
    """Bytes of the body after which the connection ends; null for all."""
    is_reset: bool = False
    """Whether the connection ends with a reset, as if a router had lost it."""
    is_stalled: bool = False
    """Whether the connection stays open and silent instead, until the client closes it."""
    piece_bytes: int | None = None
    """Bytes of the body that are sent at a time; null for all."""


Fault = Callable[[Answer], None]


def busy(status: int, retry_after: str | None = None) -> Fault:
    """Answer with an error status instead."""

    def fault(answer: Answer) -> None:
        answer.status, answer.body = status, b"busy"
        answer.headers = {} if retry_after is None else {"Retry-After": retry_after}

    return fault


def cut(after: int) -> Fault:
    """Close the connection after so many bytes of the body."""

    def fault(answer: Answer) -> None:
        answer.cut_after = after

    return fault


def reset(after: int) -> Fault:
    """Reset the connection after so many bytes of the body."""

    def fault(answer: Answer) -> None:
        answer.cut_after, answer.is_reset = after, True

    return fault


def stalled(after: int) -> Fault:
    """Send so many bytes of the body and then nothing, until the client closes the connection."""

    def fault(answer: Answer) -> None:
        answer.cut_after, answer.is_stalled = after, True

    return fault


def dripping(piece_bytes: int) -> Fault:
    """Send the body a few bytes at a time."""

    def fault(answer: Answer) -> None:
        answer.piece_bytes = piece_bytes

    return fault


def truncated(length: int) -> Fault:
    """Send fewer bytes, and state that they are all."""

    def fault(answer: Answer) -> None:
        answer.body = answer.body[:length]

    return fault


def flipped(answer: Answer) -> None:
    """Send a wrong first byte."""
    answer.body = bytes(byte ^ 1 for byte in answer.body[:1]) + answer.body[1:]


@dataclass(frozen=True)
class Request:
    """One request that the server received."""

    method: str
    name: str
    """Name of the object, or `LISTING`."""
    query: dict[str, str]
    headers: Mapping[str, str]
    client: tuple[str, int]
    """Address and port of the client: each connection has its own."""
    at_seconds: float
    """Time of the request on a monotonic clock."""


@dataclass
class BucketServer:
    """A server of objects in memory, until its `with` block ends."""

    objects: dict[str, bytes]
    """Content of each object by name."""
    encoded: frozenset[str] = frozenset()
    """Names of the objects that are stored as gzip."""
    is_plain: bool = False
    """Whether the server is a plain web server: no listing, and only the standard headers."""
    has_listing: bool = True
    ranges: bool = True
    """Whether the server answers requests for a range of bytes."""
    page_objects: int = 1000
    """Most objects in a page of the listing."""
    delay_seconds: float = 0
    """Wait before each answer."""
    requests: list[Request] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    """Number of answers with each status."""
    generations: dict[str, int] = field(default_factory=dict)
    """Generation of each object that has been overwritten, by name."""

    def __post_init__(self) -> None:
        self._faults: list[tuple[str, Fault]] = []
        self._lock = threading.Lock()
        self._http = _Server(("127.0.0.1", 0), _handler_of(self))

    def __enter__(self) -> Self:
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.shutdown()
        self._http.server_close()

    @property
    def root_url(self) -> str:
        """Address of the bucket."""
        return f"http://127.0.0.1:{self._http.server_address[1]}/{BUCKET}"

    @property
    def listing_url(self) -> str:
        """Address of the listing."""
        return f"http://127.0.0.1:{self._http.server_address[1]}{LISTING}"

    def spoil(self, pattern: str, fault: Fault, times: int = 1) -> None:
        """Apply a fault to the next answers for names (or `LISTING`) that match a pattern."""
        self._faults += [(pattern, fault)] * times

    def heal(self) -> None:
        """Remove all faults."""
        self._faults.clear()

    def put(self, name: str, content: bytes) -> None:
        """Overwrite an object."""
        self.objects[name] = content
        self.generations[name] = self.generation(name) + 1

    def generation(self, name: str) -> int:
        """Return the current generation of an object."""
        return self.generations.get(name, 1_700_000_000_000_000)

    def stored(self, name: str) -> bytes:
        """Return the stored bytes of an object."""
        content = self.objects[name]
        return gzip.compress(content, mtime=0) if name in self.encoded else content

    def answer(self, request: Request) -> Answer:
        """Return the answer to a request, with a fault applied if one is waiting."""
        time.sleep(self.delay_seconds)
        answer = self._listing(request.query) if request.name == LISTING else self._object(request)
        with self._lock:
            self.requests.append(request)
            for pair in self._faults:
                if fnmatchcase(request.name, pair[0]):
                    self._faults.remove(pair)
                    pair[1](answer)
                    break
            self.statuses[answer.status] += 1
        return answer

    def _object(self, request: Request) -> Answer:
        name = request.name
        if name not in self.objects:
            return Answer(404, {})
        body = self.stored(name)
        headers = {"ETag": f'"{_md5(body).hex()}"', "Accept-Ranges": "bytes" if self.ranges else "none"}
        if not self.is_plain:
            headers |= self._headers(name, body)
        if name in self.encoded and "gzip" in request.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
        elif name in self.encoded:
            return Answer(200, headers, self.objects[name])
        if status := self._refusal(request.headers, headers):
            return Answer(status, headers if status == 304 else {})
        start, _, last = request.headers.get("Range", "").removeprefix("bytes=").partition("-")
        if not start or not self.ranges:
            return Answer(200, headers, body)
        if int(start) >= len(body):
            return Answer(416, {"Content-Range": f"bytes */{len(body)}"})
        stop = min(int(last) + 1, len(body)) if last else len(body)
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{len(body)}"
        return Answer(206, headers, body[int(start) : stop])

    def _refusal(self, asked: Mapping[str, str], headers: Mapping[str, str]) -> int | None:
        """Return the status of an answer to a request whose conditions do not hold."""
        if self._is_known(asked, headers):
            return 304
        return None if self._precondition_holds(asked, headers) else 412

    def _precondition_holds(self, asked: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        etag, generation = asked.get("If-Match"), asked.get("X-Goog-If-Generation-Match")
        is_other = generation is not None and not self.is_plain and generation != headers["x-goog-generation"]
        return etag in (None, headers["ETag"]) and not is_other

    def _is_known(self, asked: Mapping[str, str], headers: Mapping[str, str]) -> bool:
        generation = asked.get("X-Goog-If-Generation-Not-Match")
        is_same = generation is not None and generation == headers.get("x-goog-generation")
        return is_same or asked.get("If-None-Match") == headers["ETag"]

    def _headers(self, name: str, body: bytes) -> dict[str, str]:
        return {
            "x-goog-hash": f"crc32c=AAAAAA==, md5={base64.b64encode(_md5(body)).decode()}",
            "x-goog-generation": str(self.generation(name)),
            "x-goog-stored-content-length": str(len(body)),
            "x-goog-stored-content-encoding": "gzip" if name in self.encoded else "identity",
        }

    def _listing(self, query: Mapping[str, str]) -> Answer:
        if self.is_plain or not self.has_listing:
            return Answer(404, {})
        prefix, delimiter = query.get("prefix", ""), query.get("delimiter")
        names = [name for name in sorted(self.objects) if name.startswith(prefix)]
        if delimiter:
            tails = {name: name.removeprefix(prefix) for name in names}
            names = sorted({prefix + t.split(delimiter)[0] + delimiter for t in tails.values() if delimiter in t})
        names = [name for name in names if name > query.get("pageToken", "")]
        n_shown = min(self.page_objects, int(query.get("maxResults", "1000")))
        shown = names[:n_shown]
        page: dict[str, object] = {"prefixes": shown} if delimiter else {"items": [self._item(name) for name in shown]}
        if len(names) > n_shown:
            page["nextPageToken"] = shown[-1]
        return Answer(200, {"Content-Type": "application/json"}, json.dumps(page).encode())

    def _item(self, name: str) -> dict[str, str]:
        body = self.stored(name)
        item = {"name": name, "size": str(len(body)), "md5Hash": base64.b64encode(_md5(body)).decode()}
        item["generation"] = str(self.generation(name))
        return item | ({"contentEncoding": "gzip"} if name in self.encoded else {})


_RESET = struct.pack("ii", 1, 0)
"""Value of SO_LINGER with which closing a socket resets the connection."""


class _Server(ThreadingHTTPServer):
    request_queue_size = 128

    def shutdown_request(self, request: Any) -> None:
        """End a connection, with a reset if the fault asks for one."""
        if request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(_RESET)) == _RESET:
            self.close_request(request)
        else:
            super().shutdown_request(request)

    def handle_error(self, request: object, client_address: object) -> None:
        """Log nothing: clients may close the connection."""


@lru_cache(maxsize=10_000)
def _md5(body: bytes) -> bytes:
    return hashlib.md5(body, usedforsecurity=False).digest()


def _handler_of(server: BucketServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1

        def do_GET(self) -> None:
            split = urlsplit(self.path)
            name = split.path if split.path == LISTING else unquote(split.path).removeprefix(f"/{BUCKET}/")
            query = {key: values[0] for key, values in parse_qs(split.query).items()}
            headers = {key.title(): value for key, value in self.headers.items()}
            address, port = self.client_address
            self._send(server.answer(Request(self.command, name, query, headers, (address, port), time.monotonic())))

        do_HEAD = do_GET  # noqa: N815 - the name is the base's

        def _send(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for header, value in {"Content-Length": str(len(answer.body)), **answer.headers}.items():
                self.send_header(header, value)
            self.end_headers()
            body = answer.body[: answer.cut_after] if self.command == "GET" else b""
            n_bytes = answer.piece_bytes or len(body) or 1
            for start in range(0, len(body), n_bytes):
                self.wfile.write(body[start : start + n_bytes])
                self.wfile.flush()
            self.wfile.flush()
            if answer.is_stalled:
                self.rfile.read(1)
            if answer.is_reset:
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self.close_connection = self.close_connection or answer.cut_after is not None

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base's
            """Log nothing."""

    return Handler

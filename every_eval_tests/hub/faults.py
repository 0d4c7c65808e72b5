"""Faults between the Hub and its client, planned by the requests that they hit."""

import json
import os
import re
import socket
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar, Literal, Protocol

Ending = Literal["whole", "cut", "reset", "truncated", "flipped"]


@dataclass
class Answer:
    """An answer of the Hub."""

    status: int
    headers: dict[str, str]
    body: bytes

    @classmethod
    def of(cls, content: object) -> "Answer":
        """Return a good answer in JSON."""
        return cls(200, {"Content-Type": "application/json"}, json.dumps(content).encode())

    @classmethod
    def error(cls, status: int, code: str | None, text: str, headers: dict[str, str] | None = None) -> "Answer":
        """Return an error in the Hub's own words, with the error's code in a header."""
        coded = {"X-Error-Code": code} if code else {}
        body = json.dumps({"error": text}).encode()
        return cls(
            status, {"X-Error-Message": text, "Content-Type": "application/json", **coded, **(headers or {})}, body
        )


@dataclass
class Fault:
    """A fault of requests whose `METHOD path` matches the pattern `on`."""

    on: str
    status: int | None = None
    """Status that replaces the real answer."""
    headers: dict[str, str] = field(default_factory=dict)
    is_accepted: bool = False
    """Whether the Hub carries out the request before the fault."""
    ending: Ending = "whole"
    """What happens to the answer: the connection is cut (FIN) or reset (RST), or the body is cut in half or changed."""
    change: Callable[["Answer"], "Answer"] | None = None
    """Changes the answer, for example by leaving out some entries of a listing."""
    before: Callable[[], object] | None = None
    """Called before the answer, for example to commit as a rival."""
    times: int = 1
    """Number of matching requests with the fault."""
    skip: int = 0
    """Number of matching requests without the fault, before the first one with the fault."""


class Served(Protocol):
    """What the handler needs from the server."""

    faults: list[Fault]
    requests: list[tuple[str, str, str | None]]
    received: int
    sent: int
    lock: Any

    def answer(self, method: str, url: str, authorization: str | None, body: bytes) -> Answer:
        """Return what the Hub answers without a fault."""
        ...


class FaultyHandler(BaseHTTPRequestHandler):
    """Answers for the Hub at the server's port, with the faults that are planned."""

    hubs: ClassVar[dict[int, Served]] = {}
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16

    def do_GET(self) -> None:
        hub = self.hubs[self.server.server_address[1]]  # type: ignore[index]
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        request = f"{self.command} {self.path}"
        authorization = self.headers.get("Authorization")
        with hub.lock:
            hub.requests.append((request, self.headers["Host"], authorization))
            hub.received += len(body)
            fault = _next(hub.faults, request)
        if fault is not None and fault.before is not None:
            fault.before()
        is_whole = fault is None or fault.is_accepted or (fault.status is None and fault.ending not in ("cut", "reset"))
        answer = hub.answer(self.command, self.path, authorization, body) if is_whole else Answer(503, {}, b"")
        if fault is not None and fault.status is not None:
            body = json.dumps({"error": f"planned, for {authorization}"}).encode()
            answer = Answer(fault.status, {"Content-Type": "application/json", **fault.headers}, body)
        if fault is not None and fault.change is not None:
            answer = fault.change(answer)
        self._send(hub, answer, fault.ending if fault is not None else "whole")

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815

    def _send(self, hub: Served, answer: Answer, ending: Ending) -> None:
        if ending in ("cut", "reset"):
            self._end(ending)
            return
        body = answer.body
        if ending == "flipped" and body:
            body = bytes([body[0] ^ 1]) + body[1:]
        status, headers = answer.status, dict(answer.headers)
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        if asked and status == 200:
            first, last = int(asked[1]), min(int(asked[2] or len(body) - 1), len(body) - 1)
            headers["Content-Range"] = f"bytes {first}-{last}/{len(body)}"
            status, body = 206, body[first : last + 1]
        self.send_response_only(status)
        # As on the real Hub, pages of other hosts may read any answer; a preflight (OPTIONS) is not answered.
        shared = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "Content-Range, ETag"}
        length = {"Content-Length": str(len(body))}
        for name, value in {"Date": self.date_time_string(), **shared, **headers, **length}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            body = b""
        elif ending == "truncated":
            body = body[: len(body) // 2]
        with hub.lock:  # Counted before any client can have read the body.
            hub.sent += len(body)
        self.wfile.write(body)
        if ending == "truncated":
            self._end("cut")

    def _end(self, ending: Ending) -> None:
        self.close_connection = True
        if ending == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            os.close(self.connection.detach())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Write no log: the server keeps the requests."""


def _next(faults: list[Fault], request: str) -> Fault | None:
    """Return the first fault planned for `request`, and count it down."""
    for fault in faults:
        if fault.times and re.search(fault.on, request):
            if fault.skip:
                fault.skip -= 1
                return None
            fault.times -= 1
            return fault
    return None

"""Causes: why a server could not be reached, in plain words, out of the nested exceptions of an HTTP library.

It works for every library that chains its exceptions (`raise … from …`) down to those of the standard library:
requests and urllib3, and the library under the Hub's client.
"""

import http.client
import socket
import ssl
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from every_eval.network.redaction import redact


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a server could not be reached, or why an answer could not be read."""

    text: str
    """A phrase for people, for example `connection refused`."""
    is_final: bool = False
    """Whether another attempt would fail in the same way: somebody must correct the address or the machine."""
    is_refusal: bool = False
    """Whether no server listens at the address, or no name server answers: another attempt hardly helps."""


def cause_of(error: BaseException) -> Cause:
    """The cause of an HTTP library's error: the first exception of the standard library behind it, in words."""
    chain = list(_chain(error))
    for each in chain:
        if (cause := _known(each)) is not None:
            return cause
    return Cause(redact(str(chain[-1])) or type(chain[-1]).__name__)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """The error, and the errors that led to it."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__


def _known(error: BaseException) -> Cause | None:
    for kind, cause in _CAUSES:
        if isinstance(error, kind):
            return cause
    if isinstance(error, ssl.SSLCertVerificationError):
        return Cause(f"the server's certificate is not valid: {error.verify_message}", is_final=True)
    if isinstance(error, socket.gaierror):
        if error.errno == socket.EAI_AGAIN:
            return Cause("no name server answers for the host's name", is_refusal=True)
        return Cause("the host's name is unknown", is_final=True)
    return Cause(redact(error.strerror)) if isinstance(error, OSError) and error.strerror else None


_CAUSES: Final[Sequence[tuple[type[BaseException], Cause]]] = (
    (ConnectionRefusedError, Cause("connection refused", is_refusal=True)),
    (UnicodeError, Cause("the host's name is malformed", is_final=True)),
    (TimeoutError, Cause("no answer in time")),
    (http.client.RemoteDisconnected, Cause("the server closed the connection without an answer")),
    (ConnectionError, Cause("the connection was broken off")),
    (http.client.IncompleteRead, Cause("the answer is incomplete")),
)
"""What errors of the standard library mean; the first one that an error is an instance of counts."""

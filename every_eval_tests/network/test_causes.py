"""What people read when a server cannot be reached."""

import errno
import http.client
import socket
import ssl

import pytest

from every_eval.network.causes import Cause, cause_of


def nested(innermost: BaseException) -> BaseException:
    """An error as HTTP libraries wrap it, in two layers of their own."""
    try:
        try:
            raise RuntimeError("pool") from innermost
        except RuntimeError as error:
            raise ValueError("<HTTPConnectionPool object at 0x7f>") from error
    except ValueError as outermost:
        return outermost


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ConnectionRefusedError(errno.ECONNREFUSED, "x"), Cause("connection refused", is_refusal=True)),
        (socket.gaierror(socket.EAI_NONAME, "x"), Cause("the host's name is unknown", is_final=True)),
        (
            socket.gaierror(socket.EAI_AGAIN, "x"),
            Cause("no name server answers for the host's name", is_refusal=True),
        ),
        (TimeoutError("timed out"), Cause("no answer in time")),
        (
            http.client.RemoteDisconnected("x"),
            Cause("the server closed the connection without an answer"),
        ),
        (ConnectionResetError(errno.ECONNRESET, "x"), Cause("the connection was broken off")),
        (http.client.IncompleteRead(b""), Cause("the answer is incomplete")),
        (OSError(errno.ENETUNREACH, "Network is unreachable"), Cause("Network is unreachable")),
        (ssl.SSLError(1, "wrong version number"), Cause("wrong version number")),
        (RuntimeError("https://a:b@host is odd"), Cause("https://[redacted]@host is odd")),
        (RuntimeError(), Cause("RuntimeError")),
    ],
)
def test_the_cause_is_the_innermost_error_in_words(error: BaseException, cause: Cause) -> None:
    assert cause_of(nested(error)) == cause


def test_a_certificate_that_is_not_valid_cannot_pass() -> None:
    error = ssl.SSLCertVerificationError(1, "x")
    error.verify_message = "self-signed certificate"
    expected = Cause("the server's certificate is not valid: self-signed certificate", is_final=True)
    assert cause_of(nested(error)) == expected


def test_an_error_that_was_handled_before_is_not_taken_for_the_cause() -> None:
    refused = ConnectionRefusedError()
    refused.__context__ = TimeoutError("of an earlier request")
    assert cause_of(nested(refused)).text == "connection refused"

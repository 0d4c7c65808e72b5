"""The HTTP session of the Hub's client, which sends each request once, limits its time, and guards the token.

The client would repeat a request up to six times by itself, for as long as the server asks. Here the session raises
an exception that the client does not catch, so that `hub_client` alone decides about retries.
"""

from functools import cache
from typing import Any, ClassVar, Final
from urllib.parse import urlsplit

from huggingface_hub import get_session, set_client_factory
from huggingface_hub.utils import (  # type: ignore[attr-defined]  # Exported lazily.
    disable_progress_bars,
    hf_raise_for_status,
    httpx,
)

from every_eval.errors import ConfigurationError
from every_eval.network.redaction import redact

SILENCE_SECONDS: Final = 55.0
"""Longest time to wait for the next bytes of an answer. Two attempts fit into the policy's 120 s."""
_MAY_PASS = (408, 409, 429)
"""Statuses below 500 that the client would react to by sending the request again."""

_host_of: dict[str, str] = {}
"""The host that each `Authorization` header may be sent to."""


class NoAnswer(httpx.HTTPError):
    """A server gave no complete answer; the cause says why. The Hub's client does not catch exceptions of this kind."""


class Session(httpx.Client):
    """Sends each request once."""

    uploaded: ClassVar[set[str]] = set()
    """Addresses, without signatures, of the contents that the Hub's storage has accepted in this process."""

    def send(self, request: httpx.Request, **options: Any) -> httpx.Response:  # noqa: ANN401 - as httpx has them
        """Send a request.

        Raises:
            NoAnswer: no answer came, or only the beginning of one.
            HfHubHTTPError: the server is busy or broken.
        """
        try:
            answer = super().send(request, **options)
            if answer.is_error:
                answer.read()
        except httpx.TransportError as error:
            raise NoAnswer(str(error)) from error
        if answer.status_code in _MAY_PASS or answer.is_server_error:
            hf_raise_for_status(answer)
        if request.method == "PUT" and answer.is_success:
            self.uploaded.add(str(request.url.copy_with(query=None)))
        return answer


def check_endpoint(endpoint: str) -> None:
    """Raise `ConfigurationError` unless `endpoint` is an http(s) address."""
    try:
        parts = urlsplit(endpoint)
        is_address = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise ConfigurationError(
            f"HF_ENDPOINT is {redact(endpoint)!r}, which is not an http(s) address like https://huggingface.co."
        )


def send_only_to(endpoint: str, token: str | None) -> None:
    """Keep `token` from every host but the endpoint's, redirects and mirrors included."""
    if token:
        _host_of[f"Bearer {token}"] = _host(httpx.URL(endpoint))
    _install()


@cache
def _install() -> None:
    """Let the Hub's client use `Session`, with the hooks that the client's own session has."""
    hooks = [*get_session().event_hooks["request"], _prepare]
    set_client_factory(lambda: Session(event_hooks={"request": hooks}, follow_redirects=True, timeout=SILENCE_SECONDS))
    disable_progress_bars()


def _prepare(request: httpx.Request) -> None:
    """Limit the times that a request may take, and remove a token that is for another host."""
    limits = request.extensions.get("timeout", {})
    request.extensions["timeout"] = {
        kind: min(limits.get(kind) or SILENCE_SECONDS, SILENCE_SECONDS) for kind in ("connect", "read", "write", "pool")
    }
    host = _host_of.get(request.headers.get("authorization", ""))
    if host is not None and host != _host(request.url):
        del request.headers["authorization"]


def _host(url: httpx.URL) -> str:
    return url.netloc.decode()

"""The connection that the Hub's client makes its requests over, one for the process."""

from functools import cache

from huggingface_hub import get_session, set_client_factory
from huggingface_hub.utils import disable_progress_bars, httpx  # type: ignore[attr-defined]  # Lazily exported.

_SILENCE_SECONDS = 120.0
"""For which a connection may be silent; the client itself would wait for ever."""

_host_of: dict[str, str] = {}
"""The host that each `Authorization` is for."""


def send_only_to(endpoint: str, token: str | None) -> None:
    """Keep `token` from every other host than the endpoint's, redirects and mirrors included."""
    if token:
        _host_of[f"Bearer {token}"] = _host(httpx.URL(endpoint))
    _prepare()


@cache
def _prepare() -> None:
    hooks = [*get_session().event_hooks["request"], _guard]
    set_client_factory(
        lambda: httpx.Client(event_hooks={"request": hooks}, follow_redirects=True, timeout=_SILENCE_SECONDS)
    )
    disable_progress_bars()


def _guard(request: httpx.Request) -> None:
    limits = request.extensions.get("timeout", {})
    request.extensions["timeout"] = {
        kind: limits.get(kind) or _SILENCE_SECONDS for kind in ("connect", "read", "write", "pool")
    }
    host = _host_of.get(request.headers.get("authorization", ""))
    if host is not None and host != _host(request.url):
        del request.headers["authorization"]


def _host(url: httpx.URL) -> str:
    return url.netloc.decode()

"""The HTTP client that reads large public buckets: few connections, kept alive, and retries by the one policy."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import InvalidSchema, InvalidURL, ProxyError, TooManyRedirects
from urllib3.exceptions import HTTPError, LocationValueError

from every_eval.errors import (
    ConfigurationError,
    EveryEvalError,
    UpstreamMalformed,
    UpstreamUnavailable,
    UpstreamUnreachable,
)
from every_eval.network.causes import cause_of
from every_eval.network.content import MEMORY_BYTES, Digested
from every_eval.network.download import CHANGED_STATUSES, AnswerRefused, Download, TransferFailed, received_range
from every_eval.network.outages import Outage
from every_eval.network.redaction import redact
from every_eval.network.retries import DEFAULT_POLICY, Failure, RetryPolicy, call_with_retries, retry_after_seconds
from every_eval.network.version import Version

T = TypeVar("T")

USER_AGENT = "every_eval (https://huggingface.co/datasets/evaleval/every_eval_ever)"
TRANSIENT_STATUSES = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Statuses that another attempt may not meet."""
SIGNATURE_STATUSES = frozenset({400, 401, 403})
"""Statuses with which storages answer to a signed URL that has expired. Another attempt is given a new URL."""
MAX_REDIRECTS = 5
ATTEMPT_ERRORS = (requests.RequestException, HTTPError, TransferFailed)
"""What one attempt raises: before the body of an answer (requests), in the body (urllib3), or for its content."""
MALFORMED_ADDRESS_ERRORS = (InvalidSchema, InvalidURL, LocationValueError)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process may ask of a server, and how long it waits."""

    connections: int = 32
    """Most connections to one host at a time. Further threads wait until a connection is free."""
    connect_seconds: float = 5.0
    """Longest time to connect to one address of a host. A host with twenty addresses may take twenty times as long."""
    read_seconds: float = 30.0
    """Longest time without a byte of an answer."""
    memory_bytes: int = MEMORY_BYTES
    """Largest object that is held in memory. A larger object passes through an unnamed file."""
    retries: RetryPolicy = DEFAULT_POLICY


class StatusFailed(TransferFailed):
    """The server answers with a status that another attempt may not meet."""


class Client:
    """Anonymous GET and HEAD requests. Threads may share a client."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._session = _AnonymousSession()
        self._session.headers["User-Agent"] = USER_AGENT
        self._session.max_redirects = MAX_REDIRECTS
        self._prepared = self._session.prepare_request(requests.Request("GET", "http://localhost"))
        self._settings_by_host: dict[str, dict[str, Any]] = {}
        self._outages: dict[str, Outage] = {}
        adapter = HTTPAdapter(pool_maxsize=limits.connections, pool_block=True)
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, adapter)

    def head(self, url: str) -> Mapping[str, str]:
        """The headers that describe an object, in any case of letters. The errors are those of `get`."""
        return self._retry(url, partial(self._head_once, url), lambda: False)

    def get(self, url: str, expected: Version, md5: str | None = None) -> Digested:
        """The content of one object, complete and checked. The caller closes it.

        Args:
            url: Address of the object.
            expected: What is known of the object as it is stored.
            md5: MD5 of the content in hexadecimal, where it is known.

        Raises:
            FileNotFoundError: there is no such object, or anonymous readers may not read it.
            UpstreamUnavailable: the server does not answer, or not rightly, after all attempts.
            ConfigurationError: no server can be reached at such an address.
        """
        download = Download(url, expected, md5, self._limits.memory_bytes)
        with ExitStack() as on_failure:
            on_failure.callback(download.close)
            self._retry(url, partial(self._get_once, url, download), download.has_grown)
            content = download.content()
            on_failure.pop_all()
        return content

    def get_if_changed(self, url: str, expected: Version, known: Version) -> tuple[Digested, Version] | None:
        """The content of one object and its version; null if the object still has the version `known`.

        The caller closes the content. The errors are those of `get`.
        """
        download = Download(url, expected, None, self._limits.memory_bytes)
        with ExitStack() as on_failure:
            on_failure.callback(download.close)
            has_changed = self._retry(
                url, partial(self._get_once, url, download, known.negated_precondition), download.has_grown
            )
            if not has_changed:
                return None
            content = download.content()
            on_failure.pop_all()
        return content, download.version

    def get_decoded(self, url: str, decode: Callable[[bytes], T]) -> T:
        """Return what `decode` makes of an answer that is made anew for each request, such as a page of a listing.

        Args:
            url: Address of the answer.
            decode: Raises `AnswerRefused` for an answer that cannot be right. The answer is asked for again.

        Raises the errors of `get`, and `UpstreamMalformed` if `decode` refuses every answer.
        """

        def once() -> T:
            with closing(Download(url, Version(), None, self._limits.memory_bytes)) as download:
                self._get_once(url, download)
                with download.content().file as file:
                    return decode(file.read())

        return self._retry(url, once, lambda: False)

    def get_range(self, url: str, expected: Version, start: int, stop: int) -> bytes:
        """The bytes from `start` up to `stop` of one object; fewer if the object ends before. The errors are of `get`.

        The whole object is fetched where the server sends no part of it, for example because it is stored as gzip.
        """
        if stop <= start:
            return b""
        part = None
        if expected.encoding is None:
            part = self._retry(url, partial(self._get_range_once, url, expected, start, stop), lambda: False)
        if part is not None:
            return part
        with self.get(url, expected).file as file:
            file.seek(start)
            return file.read(stop - start)

    def _retry(self, url: str, call: Callable[[], T], has_progressed: Callable[[], bool]) -> T:
        """The result of a call, repeated by the policy; `has_progressed` tells whether an attempt gained bytes."""

        def understand(error: Exception) -> Failure:
            return replace(_failure(error), has_progressed=has_progressed())

        outage = self._outage(url)

        def attempt() -> T:
            outage.begin_attempt()
            try:
                result = call()
            except (StatusFailed, requests.RequestException, HTTPError):
                outage.note_failure()
                raise
            except FileNotFoundError:
                outage.note_success()
                raise
            outage.note_success()
            return result

        try:
            with outage.call():
                return call_with_retries(attempt, redact(url), understand, self._limits.retries)
        except ATTEMPT_ERRORS as error:
            outage.note_given_up()
            # The library's exception names objects of its own, and its URL is not redacted: it is left out.
            raise _given_up(url, error) from None

    def _outage(self, url: str) -> Outage:
        host = urlsplit(url).netloc
        return self._outages.setdefault(host, Outage(redact(host)))

    def _head_once(self, url: str) -> Mapping[str, str]:
        with self._answer("HEAD", url, {"Accept-Encoding": "identity"}) as response:
            _require_success(response)
            return response.headers

    def _get_once(self, url: str, download: Download, unless: Mapping[str, str] | None = None) -> bool:
        """Take an answer; False if the server says that the object is still the one that the headers `unless` name."""
        with self._answer("GET", url, {**download.request_headers(), **(unless or {})}) as response:
            if unless and response.status_code == requests.codes.not_modified:
                return False
            if response.status_code not in CHANGED_STATUSES:
                _require_success(response)
            download.receive(response)
            return True

    def _get_range_once(self, url: str, expected: Version, start: int, stop: int) -> bytes | None:
        """The part, or null if the server does not send parts."""
        asked = {"Accept-Encoding": "identity", "Range": f"bytes={start}-{stop - 1}", **expected.precondition}
        with self._answer("GET", url, asked) as response:
            if response.status_code not in CHANGED_STATUSES:
                _require_success(response)
            return received_range(response, expected, start, stop)

    @contextmanager
    def _answer(self, method: str, url: str, headers: Mapping[str, str]) -> Iterator[requests.Response]:
        timeout = (self._limits.connect_seconds, self._limits.read_seconds)
        request = self._request(method, url, headers)
        with self._session.send(request, timeout=timeout, allow_redirects=True, **self._settings(url)) as response:
            yield response

    def _request(self, method: str, url: str, headers: Mapping[str, str]) -> requests.PreparedRequest:
        """A request for a URL that is encoded already. Preparing each request anew takes as long as sending it."""
        request = self._prepared.copy()
        request.method, request.url = method, url
        request.headers.update(headers)
        return request

    def _settings(self, url: str) -> dict[str, Any]:
        """Proxies and certificates by the environment. They are the same for all of a host, and slow to find out."""
        host = urlsplit(url).netloc
        if host not in self._settings_by_host:
            self._settings_by_host[host] = {**self._session.merge_environment_settings(url, {}, True, None, None)}
        return self._settings_by_host[host]


class _AnonymousSession(requests.Session):
    """A session that sends no credentials, not even those that this machine holds for the host (`.netrc`)."""

    def __init__(self) -> None:
        super().__init__()
        self.auth = _unchanged

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Add no credentials to a redirected request either."""


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _require_success(response: requests.Response) -> None:
    status = response.status_code
    if status in (requests.codes.ok, requests.codes.partial_content):
        return
    reason = f"the server answers {status} {response.reason}"
    if status in SIGNATURE_STATUSES and _is_redirected_elsewhere(response):
        raise StatusFailed(f"{reason} to an address that it signed itself, which has probably expired")
    if 400 <= status < 500 and status not in TRANSIENT_STATUSES:
        # Status 403 too: a bucket that keeps its listing to itself refuses names that it does not hold.
        raise FileNotFoundError(f"Cannot read {redact(response.url)}: {reason}.")
    asked = retry_after_seconds(response.headers.get("Retry-After"))
    raise StatusFailed(reason if asked is None else f"{reason} and asks to wait {asked:,.0f} s", asked)


def _is_redirected_elsewhere(response: requests.Response) -> bool:
    """Whether another host than the one that was asked gave the answer, as with a URL that is signed for some time."""
    hosts = {urlsplit(str(each.url)).netloc for each in (*response.history, response)}
    return len(hosts) > 1


def _failure(error: Exception) -> Failure:
    """What the error of one attempt says about the next attempt."""
    if isinstance(error, TransferFailed):
        return Failure(error.reason, is_transient=True, retry_after_seconds=error.wait_seconds)
    if isinstance(error, MALFORMED_ADDRESS_ERRORS):
        return Failure("the address is malformed", is_transient=False)
    if isinstance(error, TooManyRedirects):
        return Failure(f"the server redirects more than {MAX_REDIRECTS} times", is_transient=False)
    if not isinstance(error, ATTEMPT_ERRORS):
        return Failure(str(error), is_transient=False)
    cause = cause_of(error)
    text = f"the proxy does not connect: {cause.text}" if isinstance(error, ProxyError) else cause.text
    return Failure(text, is_transient=not cause.is_final, is_refusal=cause.is_refusal)


def _given_up(url: str, error: Exception) -> EveryEvalError:
    """The error to raise when the policy allows no further attempt."""
    failure = _failure(error)
    if isinstance(error, AnswerRefused):
        return UpstreamMalformed(f"{redact(url)} {failure.reason}.")
    if not isinstance(error, requests.RequestException) and failure.is_transient:
        return UpstreamUnavailable(f"Cannot read {redact(url)}: {failure.reason}.")
    message = f"Cannot reach {redact(url.partition('?')[0])} ({failure.reason})."  # the query matters to no connection
    return UpstreamUnreachable(message) if failure.is_transient else ConfigurationError(message)

"""HTTP as a polite reader of large public buckets needs it: few connections, kept alive, asked again with patience."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry
from urllib3.exceptions import HTTPError

from every_eval.errors import UpstreamUnavailable
from every_eval.network.content import MEMORY_BYTES, Digested
from every_eval.network.download import REFUSALS, Download
from every_eval.network.version import Version

USER_AGENT = "every_eval (https://huggingface.co/datasets/evaleval/every_eval_ever)"
PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""Statuses that another attempt may not meet."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one process may ask of a server, and how long it waits."""

    connections: int = 32
    """At a time, for each host; further threads wait for one."""
    attempts: int = 6
    """For one answer: before its body, and again for its body."""
    backoff_seconds: float = 1.0
    """Doubled with each attempt after the second, up to a minute, plus a random part of as much."""
    retry_after_seconds: int = 300
    """The most that a server's Retry-After is honoured for."""
    timeout_seconds: float = 60.0
    """For a connection, and for each piece of an answer."""
    memory_bytes: int = MEMORY_BYTES
    """Of an object that is held in memory; larger ones pass through an unnamed file."""


class Client:
    """Anonymous GET and HEAD; shared by threads."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._retries = Retry(
            total=limits.attempts - 1,
            allowed_methods={"GET", "HEAD"},
            status_forcelist=PASSING,
            raise_on_status=False,
            backoff_factor=limits.backoff_seconds,
            backoff_jitter=limits.backoff_seconds,
            backoff_max=60,
            retry_after_max=limits.retry_after_seconds,
        )
        adapter = HTTPAdapter(pool_maxsize=limits.connections, pool_block=True, max_retries=self._retries)
        self._session = requests.Session()
        self._session.headers["User-Agent"] = USER_AGENT
        self._session.auth = _anonymous
        self._prepared = self._session.prepare_request(requests.Request("GET", "http://localhost"))
        self._settings_by_host: dict[str, dict[str, Any]] = {}
        for scheme in ("https://", "http://"):
            self._session.mount(scheme, adapter)

    def head(self, url: str) -> Mapping[str, str]:
        """The headers of an answer that has no body, in any case of letters; raises as `get`."""
        with self._answer("HEAD", url, {"Accept-Encoding": "identity"}) as response:
            _require_success(response)
            return response.headers

    def get(self, url: str, expected: Version, md5: str | None = None) -> Digested:
        """The content of one object, complete, checked, and the expected one; the caller closes it.

        Args:
            url: Of the object.
            expected: What is known of the object as it is stored.
            md5: Of the content, where it is known.

        Raises:
            FileNotFoundError: there is no such object, or none for us.
            UpstreamUnavailable: the server does not answer, or not rightly, after all attempts.
        """
        download = Download(url, expected, md5, self._limits.memory_bytes)
        with ExitStack() as on_failure:
            on_failure.callback(download.close)
            self._complete(url, download)
            content = download.content()
            on_failure.pop_all()
        return content

    def _complete(self, url: str, download: Download) -> None:
        retries = self._retries
        while True:
            try:
                return self._get_once(url, download)
            except HTTPError as error:
                retries = _next(retries, url, error)
                logger.info("%s is asked for again: %s", url, error)
                retries.sleep()

    def _get_once(self, url: str, download: Download) -> None:
        with self._answer("GET", url, download.request_headers()) as response:
            if response.status_code not in REFUSALS:
                _require_success(response)
            download.receive(response)

    @contextmanager
    def _answer(self, method: str, url: str, headers: Mapping[str, str]) -> Iterator[requests.Response]:
        try:
            response = self._session.send(
                self._request(method, url, headers),
                timeout=self._limits.timeout_seconds,
                allow_redirects=True,
                **self._settings(url),
            )
        except requests.RequestException as error:
            raise UpstreamUnavailable(f"{url} does not answer: {error}") from error
        with response:
            yield response

    def _request(self, method: str, url: str, headers: Mapping[str, str]) -> requests.PreparedRequest:
        """A request for a URL that is encoded already; to prepare each from nothing takes as long as to send it."""
        request = self._prepared.copy()
        request.method, request.url = method, url
        request.headers.update(headers)
        return request

    def _settings(self, url: str) -> dict[str, Any]:
        """What the environment says of proxies and certificates: the same for all of a host, and slow to find out."""
        host = urlsplit(url).netloc
        if host not in self._settings_by_host:
            self._settings_by_host[host] = {**self._session.merge_environment_settings(url, {}, True, None, None)}
        return self._settings_by_host[host]


def _anonymous(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Keep credentials that this machine may hold for the host (`.netrc`) out of the request."""
    return request


def _require_success(response: requests.Response) -> None:
    status = response.status_code
    if status in (requests.codes.ok, requests.codes.partial_content):
        return
    message = f"{response.url} answers {status} {response.reason}"
    if 400 <= status < 500 and status not in PASSING:
        # 403 as well: a bucket that keeps its listing to itself refuses what it does not hold.
        raise FileNotFoundError(message)
    raise UpstreamUnavailable(message)


def _next(retries: Retry, url: str, error: HTTPError) -> Retry:
    """What is left of the attempts after one that failed in its body."""
    try:
        return retries.increment("GET", url, error=error)
    except HTTPError as exhausted:
        raise UpstreamUnavailable(f"{url} could not be had completely: {error}") from exhausted

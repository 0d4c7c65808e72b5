"""A bucket's listing by the JSON API of Google Cloud Storage, which public buckets answer without credentials.

https://cloud.google.com/storage/docs/json_api/v1/objects/list
"""

import logging
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from urllib.parse import urlencode

import msgspec

from every_eval.errors import ConfigurationError, UpstreamMalformed
from every_eval.network.client import Client
from every_eval.network.download import AnswerRefused
from every_eval.network.redaction import redact
from every_eval.network.version import Version, hex_of

PAGE_OBJECTS = 1000
"""Most objects that the API returns in one page."""

logger = logging.getLogger(__name__)


class ListedObject(msgspec.Struct, frozen=True, rename="camel"):
    """One object in a listing. The API writes numbers as strings."""

    name: str
    size: int
    generation: int | None = None
    md5_hash: str | None = None
    """MD5 of the stored bytes in base64; null for objects composed of others."""
    content_encoding: str | None = None

    @property
    def version(self) -> Version:
        """The version that the headers of the object state too."""
        encoding = self.content_encoding if self.content_encoding not in ("", "identity") else None
        return Version(generation=self.generation, md5=hex_of(self.md5_hash), size=self.size, encoding=encoding)


class ListingPage(msgspec.Struct, frozen=True, rename="camel"):
    """One page of a listing."""

    items: list[ListedObject] = []
    prefixes: list[str] = []
    next_page_token: str | None = None

    @property
    def last_name(self) -> str:
        """Name of the last object of the page; empty if there is none."""
        return self.items[-1].name if self.items else ""


class ListingMissing(ConfigurationError):
    """There is no listing at the address, or anonymous readers may not read it."""


class BucketListing:
    """The listing of one bucket."""

    def __init__(self, client: Client, url: str) -> None:
        self._client = client
        self._url = url
        self._is_there: bool | None = None

    @property
    def is_there(self) -> bool:
        """Whether there is a listing. If no request has told yet, a request for the smallest page finds out."""
        if self._is_there is None:
            with suppress(ListingMissing):
                self._page("", fields="nextPageToken", maxResults="1")
        return bool(self._is_there)

    def objects(self, prefix: str) -> Iterator[ListedObject]:
        """Every object whose name begins with `prefix`, sorted by name."""
        fields = "items(name,size,md5Hash,generation,contentEncoding),nextPageToken"
        for page in self._pages(prefix=prefix, fields=fields):
            yield from page.items

    def folders(self, prefix: str) -> Iterator[str]:
        """The whole names, with the final slash, of the folders directly in `prefix`."""
        for page in self._pages(prefix=prefix, delimiter="/", fields="prefixes,nextPageToken"):
            yield from page.prefixes

    def _pages(self, **query: str) -> Iterator[ListingPage]:
        page = self._page("", **query, maxResults=str(PAGE_OBJECTS))
        last = page.last_name
        yield page
        while page.next_page_token:
            page = self._page(last, **query, maxResults=str(PAGE_OBJECTS), pageToken=page.next_page_token)
            last = page.last_name or last
            yield page

    def _page(self, last: str, **query: str) -> ListingPage:
        """Fetch a page; `last` is the name at the end of the page before. A page that cannot be right is fetched again.

        Raises:
            ListingMissing: there is no listing at the address.
            UpstreamMalformed: no attempt brought a page that can be right.
        """
        decode = partial(self._decoded, last, query.get("prefix", ""))
        try:
            return self._client.get_decoded(f"{self._url}?{urlencode(query)}", decode)
        except FileNotFoundError as error:
            raise self._missing(f"There is no listing. {error}") from error
        except UpstreamMalformed as error:
            if self._is_there:
                raise
            raise self._missing(str(error)) from error

    def _decoded(self, last: str, prefix: str, raw: bytes) -> ListingPage:
        if raw.lstrip().startswith(b"<"):
            raise UpstreamMalformed(
                f"{redact(self._url)} does not answer with the listing of a bucket: it is a web page."
            )
        try:
            page = msgspec.json.decode(raw, type=ListingPage, strict=False)
        except msgspec.DecodeError as error:
            raise AnswerRefused(f"does not answer with the listing of a bucket: {error}") from error
        self._is_there = True
        for item in page.items:
            if item.name <= last or not item.name.startswith(prefix):
                raise AnswerRefused(
                    f"is out of order: for names that begin with {prefix!r} it has {item.name!r} after {last!r}"
                )
            last = item.name
            _check_digest(item)
        return page

    def _missing(self, message: str) -> ListingMissing:
        if self._is_there is None:
            logger.warning("%s Continuing without a listing: each object is asked for by its name.", message)
            self._is_there = False
        return ListingMissing(message)


def _check_digest(item: ListedObject) -> None:
    try:
        hex_of(item.md5_hash)
    except UpstreamMalformed as error:
        raise AnswerRefused(f"has an unusable MD5 for {item.name!r}: {error}") from error

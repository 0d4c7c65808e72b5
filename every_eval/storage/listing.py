"""A bucket's listing by the JSON API of Google Cloud Storage, which public buckets answer without credentials.

https://cloud.google.com/storage/docs/json_api/v1/objects/list
"""

import logging
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlencode

import msgspec

from every_eval.errors import ConfigurationError, UpstreamMalformed
from every_eval.network.client import Client
from every_eval.network.version import Version, hex_of

PAGE_OBJECTS = 1000
"""The most that the API gives in one page."""

logger = logging.getLogger(__name__)


class Item(msgspec.Struct, frozen=True, rename="camel"):
    """An object; numbers are written as strings."""

    name: str
    size: int
    generation: int | None = None
    md5_hash: str | None = None
    """In base64; null for composed objects."""
    content_encoding: str | None = None

    @property
    def version(self) -> Version:
        """The same as the headers of the object itself carry."""
        encoding = self.content_encoding if self.content_encoding not in ("", "identity") else None
        return Version(generation=self.generation, md5=hex_of(self.md5_hash), size=self.size, encoding=encoding)


class Page(msgspec.Struct, frozen=True, rename="camel"):
    """A part of a listing."""

    items: list[Item] = []
    prefixes: list[str] = []
    next_page_token: str | None = None


class Listing:
    """The listing of one bucket."""

    def __init__(self, client: Client, url: str) -> None:
        self._client = client
        self._url = url
        self._is_there: bool | None = None

    @property
    def is_there(self) -> bool:
        """Whether there is one; unless it has been asked for already, the smallest that there can be is asked for."""
        if self._is_there is None:
            with suppress(ConfigurationError):
                self._page(fields="nextPageToken", maxResults="1")
        return bool(self._is_there)

    def items(self, prefix: str) -> Iterator[Item]:
        """Every object whose name begins with `prefix`, by name."""
        fields = "items(name,size,md5Hash,generation,contentEncoding),nextPageToken"
        last = ""
        for page in self._pages(prefix=prefix, fields=fields):
            for item in page.items:
                if item.name <= last or not item.name.startswith(prefix):
                    raise UpstreamMalformed(f"{self._url} lists {item.name!r} after {last!r} under {prefix!r}")
                last = item.name
                yield item

    def folders(self, prefix: str) -> Iterator[str]:
        """Every beginning, up to a slash, that names below `prefix` have in common; with that slash."""
        for page in self._pages(prefix=prefix, delimiter="/", fields="prefixes,nextPageToken"):
            yield from page.prefixes

    def _pages(self, **query: str) -> Iterator[Page]:
        page = self._page(**query, maxResults=str(PAGE_OBJECTS))
        yield page
        while page.next_page_token:
            page = self._page(**query, maxResults=str(PAGE_OBJECTS), pageToken=page.next_page_token)
            yield page

    def _page(self, **query: str) -> Page:
        try:
            with self._client.get(f"{self._url}?{urlencode(query)}", Version()).file as body:
                page = msgspec.json.decode(body.read(), type=Page, strict=False)
        except FileNotFoundError as error:
            raise self._refusal(f"no listing at {self._url}: {error}") from error
        except msgspec.DecodeError as error:
            raise self._refusal(f"{self._url} does not answer as the listing of a bucket: {error}") from error
        self._is_there = True
        return page

    def _refusal(self, reason: str) -> ConfigurationError:
        if self._is_there is None:
            logger.warning("Going on without a listing: %s", reason)
            self._is_there = False
        return ConfigurationError(reason)

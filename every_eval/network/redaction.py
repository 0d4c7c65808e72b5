"""Redaction: take passwords, tokens and signatures out of text before anybody logs, raises, shows or sends the text.

Secrets are known by what stands around them in a URL or a header, and by their value where a setting holds them.
"""

import logging
import re
import traceback
from functools import cache
from typing import Any, Final
from urllib.parse import quote, urlsplit

REDACTED: Final = "[redacted]"

_SECRET_PARAMETERS: Final = (
    r"[\w.-]*(?:signature|credential|secret|password|passwd)[\w.-]*"
    r"|[\w.-]*(?<!page)token"  # `pageToken` tells a place in a listing
    r"|[\w.-]*api[_-]?key|key|sig|auth|policy|key-pair-id|awsaccesskeyid|googleaccessid"
)
"""Names of query parameters that authorise: those of URLs signed for Amazon S3 (`X-Amz-…`), CloudFront, Google Cloud
Storage (`X-Goog-…`) and Azure (`sig`), and the usual names of keys."""

_PATTERNS: Final = (
    (re.compile(r"\b([a-z][a-z0-9+.-]*://)[^\s/?#\"'<>]*@", re.IGNORECASE), rf"\1{REDACTED}@"),
    (
        # The value ends where the next parameter begins, also in a URL that is quoted within another URL.
        re.compile(
            rf"((?:[?&;]|%3F|%26)(?:{_SECRET_PARAMETERS})(?:=|%3D))(?:(?!%26)[^\s&#\"'<>])+",
            re.IGNORECASE,
        ),
        rf"\1{REDACTED}",
    ),
    (re.compile(r"(authorization[\"']?\s*[:=]\s*[\"']?)[^\"'\r\n,}]+", re.IGNORECASE), rf"\1{REDACTED}"),
    (re.compile(r"\b(bearer\s+)[\w.~+/-]{6,}=*", re.IGNORECASE), rf"\1{REDACTED}"),
    (re.compile(r"\bhf_(?:oauth_|jwt_)?[A-Za-z0-9]{8,}[\w.-]*"), REDACTED),
)


MIN_CHARACTERS: Final = 8
"""Fewest characters of a remembered secret: a shorter one is also a part of many words."""

_remembered: set[str] = set()


def remember_secret(secret: str) -> None:
    """Let `redact` take a value out of every text from now on, and the path of an address that authorises, too."""
    parts = [secret.strip()]
    if "://" in secret:
        parts.append(urlsplit(secret).path)
    _remembered.update(part for part in parts if len(part) >= MIN_CHARACTERS)


def redact(text: str, *secrets: str | None) -> str:
    """Return the text without secrets.

    Args:
        text: Any text, for example an error message with URLs or headers in it.
        secrets: Values known to be secret, for example the Hub's token; null and empty values are ignored.
    """
    for secret in sorted({*filter(None, secrets), *_remembered}, key=len, reverse=True):
        for written in (secret, quote(secret), quote(secret, safe="")):
            text = text.replace(written, REDACTED)
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


@cache
def redact_logs() -> None:
    """Let no logger of this process, of any library, write a secret. Later calls do nothing."""
    make = logging.getLogRecordFactory()

    def make_redacted(*args: Any, **kwargs: Any) -> logging.LogRecord:  # noqa: ANN401 - as logging has it
        record = make(*args, **kwargs)
        text = record.getMessage()
        if (redacted := redact(text)) != text:
            record.msg, record.args = redacted, ()
        if record.exc_info and isinstance(record.exc_info[1], BaseException):
            record.exc_text = redact("".join(traceback.format_exception(record.exc_info[1])).rstrip("\n"))
        return record

    logging.setLogRecordFactory(make_redacted)

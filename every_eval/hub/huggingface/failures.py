"""What an exception of the Hub's client means to us: try again, and when, or have somebody act.

The client's exceptions hold its requests, and with them the token. So none is kept as a cause: an error of ours is
raised outside the handler, with a text that the token has been taken out of.
"""

import json
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from huggingface_hub.errors import HfHubHTTPError, RevisionNotFoundError
from huggingface_hub.utils import httpx, parse_ratelimit_headers  # type: ignore[attr-defined]  # Lazily exported.

from every_eval.errors import ConfigurationError, EveryEvalError, HubUnavailable, TerminalError, TransientError

CLIENT_ERRORS = (httpx.HTTPError, OSError, RuntimeError, ValueError)
"""What the client raises; `RuntimeError` is its word for an upload that failed."""

_MAY_PASS = {408, 409, 412, 425, 429}


@dataclass(frozen=True, slots=True)
class Failure:
    """An exception of the client, understood."""

    error: EveryEvalError
    wait_seconds: float | None
    """How long the Hub asks to wait; null where it does not say."""

    @property
    def may_pass(self) -> bool:
        """Whether trying again makes sense."""
        return isinstance(self.error, TransientError)


def understand(error: Exception, doing: str, token: str | None) -> Failure:
    """What `error`, raised while `doing` something, means."""
    answer = _answer(error)
    said = "; because of ".join(f"{type(each).__name__}: {each}" for each in _causes(error))
    text = " ".join(f"{doing}: {said}".split())
    if token:
        text = text.replace(token, "[token]")
    if isinstance(error, RevisionNotFoundError):  # The Hub has named the commit, but not all of it knows yet.
        return Failure(HubUnavailable(text), None)
    if answer is not None:
        return Failure(_of_status(answer.status_code, text, token), _wait_seconds(answer.headers))
    if isinstance(error, ValueError) and not isinstance(error, json.JSONDecodeError):
        return Failure(TerminalError(text), None)
    return Failure(HubUnavailable(text), None)


def _causes(error: BaseException) -> list[BaseException]:
    """`error` and what led to it, as far as that was said on purpose: uploads hide the Hub's answer there."""
    if error.__cause__ is None or isinstance(error, HfHubHTTPError):
        return [error]
    return [error, *_causes(error.__cause__)]


def _answer(error: BaseException) -> httpx.Response | None:
    """The Hub's answer that led to `error`, if there was one."""
    return next((each.response for each in _causes(error) if isinstance(each, HfHubHTTPError)), None)


def _of_status(status: int, text: str, token: str | None) -> EveryEvalError:
    if status in _MAY_PASS or status >= 500:
        return HubUnavailable(text)
    if status in (401, 403):
        advice = "HF_TOKEN is refused, or may not do this" if token else "HF_TOKEN is not set"
        return ConfigurationError(f"{advice}. {text}")
    return TerminalError(text)


def _wait_seconds(headers: httpx.Headers) -> float | None:
    limit = parse_ratelimit_headers(headers)
    if limit is not None and limit.remaining == 0:
        return float(limit.reset_in_seconds)
    told = headers.get("retry-after", "").strip()
    if told.isdecimal():
        return float(told)
    try:
        until = parsedate_to_datetime(told) - parsedate_to_datetime(headers.get("date", ""))
    except (TypeError, ValueError):
        return None
    return max(0.0, until.total_seconds())

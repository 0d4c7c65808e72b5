"""What an exception of the Hub's client means: whether another attempt may succeed, and what to tell people.

The client's exceptions hold its requests, and with them the token. So no exception of the client becomes the cause of
an error of ours: `Explainer.explain` returns the error, to be raised outside the handler, with a text without secrets.
"""

import json
from dataclasses import dataclass
from typing import TypeVar

from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled, RevisionNotFoundError
from huggingface_hub.utils import httpx, parse_ratelimit_headers  # type: ignore[attr-defined]  # Exported lazily.

from every_eval.errors import (
    ConfigurationError,
    EveryEvalError,
    HubUnavailable,
    HubUnreachable,
    TerminalError,
    TransientError,
)
from every_eval.network.causes import cause_of
from every_eval.network.redaction import redact
from every_eval.network.retries import Failure, retry_after_seconds

CLIENT_ERRORS = (httpx.HTTPError, OSError, RuntimeError, ValueError)
"""What the client and its session raise. `RuntimeError` stands for an upload that failed."""

E = TypeVar("E", bound=BaseException)

_MAY_PASS = {408, 409, 412, 425, 429}
"""Statuses below 500 with which the same request may succeed later."""
_EXPIRED = {400, 401, 403}
"""Statuses with which file storages answer to a signed URL that has expired. Another attempt is given a new URL."""


@dataclass(frozen=True, slots=True)
class Failed:
    """An attempt that failed."""

    error: EveryEvalError
    """The error to raise if there is no other attempt."""
    failure: Failure
    """What the error says about another attempt."""


@dataclass(frozen=True, slots=True)
class Explainer:
    """Explains the exceptions of the Hub's client; `endpoint` and `token` are those of the client."""

    endpoint: str
    token: str | None

    def explain(self, error: Exception, action: str, *, has_progressed: bool = False) -> Failed:
        """Return what `error` means, raised by an attempt at `action`, for example `list the files of a/b`."""
        answer, silence = _first(error, HfHubHTTPError), _first(error, httpx.TransportError)
        is_refusal, asked_seconds = False, None
        if answer is not None:
            found = self._of_answer(answer, error, action)
            asked_seconds = _asked_seconds(answer.response.headers)
        elif silence is not None:
            found = self._of_silence(silence, action)
            is_refusal = cause_of(silence).is_refusal
        else:
            found = self._of_client(error, action)
        reason = str(found).removeprefix(f"Cannot {action}: ").removesuffix(".")
        is_transient = isinstance(found, TransientError)
        return Failed(found, Failure(reason, is_transient, is_refusal, asked_seconds, has_progressed))

    def token_missing(self, repo: str) -> ConfigurationError:
        """Return the error to raise if `repo` is to be written to without a token."""
        return ConfigurationError(f"HF_TOKEN is not set, and nobody can write to {repo} without it. {self._advice()}")

    def token_insufficient(self, repo: str, reason: str) -> ConfigurationError:
        """Return the error to raise if the token does not allow writing to `repo`."""
        return ConfigurationError(f"HF_TOKEN may not write to {repo}: {reason}. {self._advice()} Or name another repo.")

    def _of_answer(self, answer: HfHubHTTPError, error: Exception, action: str) -> EveryEvalError:
        """Return what an answer with an error status means."""
        status, said = answer.response.status_code, _one_line(answer.server_message or "")
        about = "" if error is answer else f" {_one_line(str(error))}"  # An upload's error names the file.
        text = self._redacted(
            f"Cannot {action}:{about} The Hugging Face Hub at {self.endpoint} answers {status} "
            f"{answer.response.reason_phrase}{said and f' ({said})'}."
        )
        if isinstance(answer, RevisionNotFoundError) or status in _MAY_PASS or status >= 500:
            # Right after a commit, not every server of the Hub knows the commit.
            return HubUnavailable(text)
        if status in _EXPIRED and answer.response.request.url.netloc != httpx.URL(self.endpoint).netloc:
            # Only the Hub's own host is sent the token. Its file storage refuses a signed URL that is too old.
            return HubUnavailable(f"{text} The signed address has probably expired.")
        if status in (401, 403):
            what = "HF_TOKEN is rejected, or does not allow this" if self.token else "HF_TOKEN is not set"
            return ConfigurationError(f"{what}. {text} {self._advice()}")
        return TerminalError(text)

    def _of_silence(self, error: httpx.TransportError, action: str) -> EveryEvalError:
        """Return the error of ours for a request that got no complete answer."""
        cause, url = cause_of(error), error.request.url
        why = cause.text.removesuffix(".")
        is_endpoint = url.netloc == httpx.URL(self.endpoint).netloc
        name = f"the Hugging Face Hub at {self.endpoint}" if is_endpoint else f"{url.host}, the Hub's file storage"
        advice = " Check HF_ENDPOINT." if is_endpoint else ""
        if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
            kind: type[EveryEvalError] = HubUnreachable
            text = f"Cannot reach {name} ({why}).{advice}"
        else:
            kind = HubUnavailable
            text = f"Cannot {action}: {name} gives no complete answer ({why}).{advice}"
        return (ConfigurationError if cause.is_final else kind)(self._redacted(text))

    def _of_client(self, error: Exception, action: str) -> EveryEvalError:
        """Return what an exception means that no request led to."""
        said = "; because of ".join(f"{type(each).__name__}: {_one_line(str(each))}" for each in _causes(error))
        text = self._redacted(f"Cannot {action}: {said}")
        if isinstance(error, OfflineModeIsEnabled):
            return ConfigurationError(text)
        if isinstance(error, ValueError) and not isinstance(error, json.JSONDecodeError):
            return TerminalError(text)
        return HubUnavailable(text)

    def _advice(self) -> str:
        return self._redacted(f"Make a token that may do so at {self.endpoint}/settings/tokens and set HF_TOKEN.")

    def _redacted(self, text: str) -> str:
        return redact(text, self.token)


def _causes(error: BaseException) -> list[BaseException]:
    """Return `error` and the errors that led to it, down to the request's own; uploads hide the Hub's answer there."""
    if error.__cause__ is None or isinstance(error, HfHubHTTPError | httpx.TransportError):
        return [error]
    return [error, *_causes(error.__cause__)]


def _first(error: BaseException, kind: type[E]) -> E | None:
    """Return the first of `error` and its causes that is of `kind`."""
    return next((each for each in _causes(error) if isinstance(each, kind)), None)


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _asked_seconds(headers: httpx.Headers) -> float | None:
    """Return for how long the server asks to wait, in seconds; null where the server does not say."""
    limit = parse_ratelimit_headers(headers)
    if limit is not None and limit.remaining == 0:
        return float(limit.reset_in_seconds)
    return retry_after_seconds(headers.get("retry-after"))

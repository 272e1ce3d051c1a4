"""A provider's failures in our own words: one table from what came back to our code, with the fix in the sentence."""

from __future__ import annotations

import email.utils
import math
import re
import time
from dataclasses import dataclass
from typing import Any

import httpx2
import openai

from connector.errors import ProviderError
from connector.providers.dialects.reading import BadReply, BrokenOff, a_dict, text
from connector.providers.transport import Abandoned, AnswerTooLarge

_SECRET = re.compile(r"\b(sk|key|org|proj)[-_][A-Za-z0-9_*\-]{6,}")
_QUOTED = 240
_DAY, _SHORT_WAIT = 86_400.0, 5.0
_GATEWAY_TIMEOUTS = {504, 524}  # something in between gave up waiting; the model behind it may have gone on
_GONE_CODES = {"model_not_found", "model_deprecated", "deployment_not_found", "DeploymentNotFound"}
_QUOTA_CODES = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
_TOO_LONG_CODES = {"context_length_exceeded", "string_above_max_length", "request_too_large"}
_OPTIONAL_CODES = {"unsupported_parameter", "unsupported_value", "unknown_parameter"}
_ENDED_EARLY = {
    Abandoned: ("cancelled", "Nobody waited for the answer any more, so the call was broken off."),
    BrokenOff: ("provider_unavailable", "The provider broke off its answer before it was complete."),
}
# what a code means that comes inside an answer with status 200; any other is the server's own failure
_INSIDE = {
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "model_not_found": 404,
    "invalid_prompt": 400,
    "content_filter": 400,
    "context_length_exceeded": 400,
    "invalid_encrypted_content": 400,
}


@dataclass(frozen=True)
class Failure:
    """One failed call. ``error`` is what the caller hears; the rest says whether another try could help.

    ``sent``       whether the provider may have worked (and billed) although no answer came; the error then says ``unseen``
    ``optional``   the parameter that the provider does not take, when it named one
    """

    error: ProviderError
    retry: bool = False
    sent: bool = False
    gone: bool = False
    no_endpoint: bool = False
    optional: str = ""
    stale_reasoning: bool = False

    def __post_init__(self) -> None:
        self.error.unseen = self.sent or self.error.code == "provider_bad_reply"


def failure(error: Exception, secret: str = "") -> Failure:
    """What ``error``, raised by the SDK, the transport or a dialect, means. ``secret`` is never quoted."""
    if isinstance(error, openai.APIConnectionError):
        return _connection(error)
    if isinstance(error, openai.APIStatusError):
        return _status(error.status_code, error.body, error.response.headers, secret)
    if isinstance(error, Abandoned | BrokenOff):
        return Failure(_error(*_ENDED_EARLY[type(error)]), sent=True)
    if isinstance(error, AnswerTooLarge | BadReply | RecursionError | ValueError):
        return Failure(_bad_reply(_unreadable(error)))
    if isinstance(error, openai.OpenAIError):
        return Failure(_error("provider_unavailable", f"The call to the provider failed: {quoted(str(error), secret)}."))
    raise error


def failure_inside(raw: dict[str, Any], secret: str = "") -> Failure | None:
    """The failure that some servers send inside an answer with status 200, if ``raw`` is one."""
    found = raw.get("error")
    if not found:
        return None
    code = a_dict(found).get("code")
    is_status = isinstance(code, int) and code in range(400, 600)
    status = int(code or 0) if is_status else _INSIDE.get(str(code), 500)
    return _status(status, found, httpx2.Headers(), secret)


def failure_answered(status: int, body: Any, secret: str = "") -> Failure:
    """What an answer with the ``status`` of an error means that did not come as the answer to a call of its own."""
    return _status(status, body, httpx2.Headers(), secret)


def quoted(words: str, secret: str = "") -> str:
    """A provider's own words, short and without ``secret`` or anything else that looks like a key."""
    if secret.strip():
        words = words.replace(secret.strip(), "[hidden]")
    plain = _SECRET.sub("[hidden]", " ".join(words.split())).rstrip(".")
    return plain[:_QUOTED]


def _connection(error: openai.APIConnectionError) -> Failure:
    cause = error.__cause__
    if isinstance(cause, httpx2.ConnectError | httpx2.ConnectTimeout):
        words = "The provider cannot be reached. Check OPENAI_BASE_URL and this machine's network."
        return Failure(_error("provider_unavailable", words), retry=True)
    if isinstance(error, openai.APITimeoutError):
        return Failure(_error("provider_timeout", "The provider did not answer in time."), sent=True)
    if isinstance(cause, httpx2.UnsupportedProtocol | httpx2.InvalidURL | httpx2.LocalProtocolError):
        return Failure(_error("provider_unavailable", "OPENAI_BASE_URL is not a usable address, or the key has odd characters."))
    return Failure(_error("provider_unavailable", "The provider broke off the connection before it had answered."), sent=True)


def _status(status: int, body: Any, headers: httpx2.Headers, secret: str) -> Failure:
    found = a_dict(body).get("error") or body
    words = quoted(_plain_text(found) or text(a_dict(found).get("message")) or text(a_dict(found).get("detail")), secret)
    code = str(a_dict(found).get("code") or a_dict(found).get("type") or "")
    param = text(a_dict(found).get("param"))
    request_id = headers.get("x-request-id")
    said = f" It said: {words}." if words else ""
    if status == 404:  # noqa: PLR2004
        return _not_found(code, param, words, said, request_id)
    if status in {402, 429}:
        return _limited(status, code, headers)
    if status in {401, 403}:
        return Failure(_error("provider_auth", f"The provider does not accept this service's key. Check OPENAI_API_KEY.{said}", request_id))
    if status in {400, 413, 422}:
        return _bad_request(code, param, said, request_id)
    if status < 400:  # noqa: PLR2004
        words = f"The provider answered with a redirect ({status}), which is not followed. Set OPENAI_BASE_URL to the address it moved to."
        return Failure(_error("provider_rejected", words, request_id))
    return _broken(status, said, headers)


def _broken(status: int, said: str, headers: httpx2.Headers) -> Failure:
    request_id = headers.get("x-request-id")
    if status in _GATEWAY_TIMEOUTS:
        return Failure(_error("provider_timeout", f"The provider did not answer in time ({status}).", request_id), sent=True)
    error = _error("provider_unavailable", f"The provider failed ({status}).{said}", request_id, _retry_after(headers))
    return Failure(error, retry=status in {408, 409} or status >= 500)  # noqa: PLR2004


def _limited(status: int, code: str, headers: httpx2.Headers) -> Failure:
    request_id, wait = headers.get("x-request-id"), _retry_after(headers)
    if status == 402 or code in _QUOTA_CODES:  # noqa: PLR2004
        words = "The provider's account has no credit left. Top it up or set another OPENAI_API_KEY."
        return Failure(_error("provider_quota", words, request_id))
    words = "The provider asks to slow down. Try again later."
    return Failure(_error("provider_rate_limited", words, request_id, _SHORT_WAIT if wait is None else wait), retry=True)


def _not_found(code: str, param: str, words: str, said: str, request_id: str | None) -> Failure:
    lower = words.lower()
    said_gone = "model" in lower and any(word in lower for word in ("not exist", "not found", "deprecated"))
    if code in _GONE_CODES or param == "model" or said_gone:
        return Failure(_error("model_unavailable", f"The provider does not have this model.{said}", request_id), gone=True)
    error = _error("provider_rejected", f"The provider has nothing at this address (404). Check OPENAI_BASE_URL.{said}", request_id)
    return Failure(error, no_endpoint=not param)  # an error that names a parameter comes from the endpoint itself


def _bad_request(code: str, param: str, said: str, request_id: str | None) -> Failure:
    if code in _TOO_LONG_CODES:
        return Failure(_error("too_long", "The text is longer than the model can read. Shorten it, or split it into parts.", request_id))
    if code == "content_filter":
        return Failure(_error("refused", "The provider's content filter refused the text.", request_id))
    if code in _GONE_CODES:
        return Failure(_error("model_unavailable", f"The provider does not have this model.{said}", request_id), gone=True)
    error = _error("provider_rejected", f"The provider did not accept the request.{said}", request_id)
    return Failure(
        error,
        optional=param if code in _OPTIONAL_CODES else "",
        stale_reasoning=code == "invalid_encrypted_content",
    )


def _retry_after(headers: httpx2.Headers) -> float | None:
    """Seconds the provider asks to wait, from a number or a date, a day at most; None when it does not say."""
    value = headers.get("retry-after", "")
    try:
        seconds = float(value)
    except ValueError:
        seconds = _seconds_until(value)
    return None if math.isnan(seconds) else min(max(seconds, 0.0), _DAY)


def _seconds_until(date: str) -> float:
    parsed = email.utils.parsedate_tz(date)
    try:
        return email.utils.mktime_tz(parsed) - time.time() if parsed else math.nan
    except (ValueError, OverflowError):
        return math.nan


def _plain_text(value: Any) -> str:
    """``value`` when it is a text for people and not a page."""
    return "" if text(value).lstrip().startswith("<") else text(value)


def _unreadable(error: Exception) -> str:
    """Why an answer cannot be read, as the end of a sentence."""
    if isinstance(error, ValueError):  # not only JSON's own error: a number of thousands of digits is a plain one
        return "it is not JSON"
    if isinstance(error, AnswerTooLarge):
        return str(error)
    return f"it is {error}" if isinstance(error, BadReply) and str(error) else "it is nested too deep"


def _bad_reply(what: str) -> ProviderError:
    return _error("provider_bad_reply", f"The provider's answer cannot be read: {what}. Check OPENAI_BASE_URL.")


def _error(code: str, words: str, request_id: str | None = None, wait: float | None = None) -> ProviderError:
    extra = {"upstream_request_id": request_id} if request_id else {}
    return ProviderError(code, words, retry_after=wait, extra=extra)

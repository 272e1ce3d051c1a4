"""Reads answers with an error, in the forms in which servers and gateways send them.

A body is an object, a list with one, a list of problems by parameter, or text. What it says is
read here; what it means for a call is decided in ``error_mapping.py``.
"""

from __future__ import annotations

import email.utils
import json
import math
import re
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx2

from connector.errors import ProviderError
from connector.json_types import Json
from connector.providers.hosted.dialects.reading import as_dict, as_list, as_text

_SECRET = re.compile(r"\b(sk|key|org|proj)[-_][A-Za-z0-9_*\-]{6,}")
_MAX_EXCERPT = 240
_DAY = 86_400.0
_MAX_PROBLEMS = 5
_CODE_KEYS = ("code", "type", "status")
_INNER_KEYS = ("innererror", "inner_error", "error", "message")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": _DAY}
_DURATION = re.compile(r"(?<!\d)(\d++(?:\.\d++)?)\s*+(ms|s|m|h|d)(?![a-z])")
_SECONDS_LATER = re.compile(
    r"(?:retry|try again|wait)\b[^.\d]{0,24}?(\d+(?:\.\d+)?)\s*(?:s\b|sec|second)", re.IGNORECASE
)
_DURATION_LATER = re.compile(
    r"(?:retry|try again|wait)\b[^.\d]{0,24}?((?:\d+(?:\.\d+)?(?:ms|s|m|h|d))+)", re.IGNORECASE
)


@dataclass(frozen=True)
class ErrorAnswer:
    """What the mapping uses of an answer with an error.

    ``codes``        every code and type in it, in lower case
    ``params``       the parameters it names, without the place of a list's item
    ``message``      the server's words, shortened and without secrets
    ``retry_after``  seconds, a day at most; None when it gives no time
    ``generation``   what the model wrote, where the server refused that and not the request
    """

    status: int
    codes: frozenset[str]
    params: tuple[str, ...]
    message: str
    request_id: str | None
    retry_after: float | None
    is_page: bool = False
    generation: str = ""

    @property
    def quote(self) -> str:
        """The provider's message as a sentence to append."""
        return f" Its message: {self.message}." if self.message else ""

    @property
    def words(self) -> str:
        """The message in lower case."""
        return self.message.lower()

    def says(self, *parts: str) -> bool:
        """Whether the message has one of ``parts``, which are in lower case."""
        return any(part in self.words for part in parts)

    def error(self, code: str, detail: str, retry_after: float | None = None) -> ProviderError:
        extra = {"upstream_request_id": self.request_id} if self.request_id else {}
        error = ProviderError(code, detail, retry_after=retry_after, extra=extra)
        error.quote = self.quote
        return error


def read_error(status: int, body: Any, headers: httpx2.Headers, secret: str) -> ErrorAnswer:
    """The error in ``body``, which may have any form. ``secret`` is never quoted."""
    error = _unwrapped(body)
    fields = as_dict(error)
    texts = list(dict.fromkeys(text for text in _texts(error) if text))
    message = ": ".join(texts)
    return ErrorAnswer(
        status=status,
        codes=frozenset(code.lower() for code in _codes(fields)),
        params=tuple(dict.fromkeys(_params(fields))),
        message=excerpt(message, secret),
        request_id=headers.get("x-request-id"),
        retry_after=_retry_after(headers, fields, message),
        is_page=as_text(body).lstrip().startswith("<"),
        generation=_generation(fields),
    )


def excerpt(message: str, secret: str = "") -> str:
    """A provider's message, shortened, without ``secret`` or anything that looks like a key."""
    if secret.strip():
        message = message.replace(secret.strip(), "[hidden]")
    one_line = " ".join(message.split())
    return _SECRET.sub("[hidden]", one_line).rstrip(".")[:_MAX_EXCERPT]


# --- the parts of a body -------------------------------------------------------------------------


def _unwrapped(body: Any) -> Any:
    """The error itself: some servers put it in a list, in text, or beside other keys."""
    for _ in range(4):
        if isinstance(body, str) and body.lstrip().startswith(("{", "[")):
            body = _decoded(body)
        elif isinstance(body, list) and len(body) == 1 and isinstance(body[0], dict):
            body = body[0]
        elif as_dict(body).get("error"):
            body = _with_outer_words(body)
        elif as_list(as_dict(body).get("errors")):
            body = body["errors"]
        else:
            break
    return body


def _with_outer_words(body: Json) -> Any:
    """The error of ``body``; one that is only a name gets the words that stand beside it."""
    error = body["error"]
    if isinstance(error, str) and as_text(body.get("message")):
        return {"code": error, "message": body["message"]}
    return error


def _decoded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return {"message": text}


def _texts(error: Any) -> Iterator[str]:
    """The sentences of an error, the general one first."""
    if isinstance(error, str):
        if not error.lstrip().startswith("<"):  # an HTML page is not for people to read
            yield error
    elif isinstance(error, list):
        for item in error[:_MAX_PROBLEMS]:
            yield from _texts(item)
    elif isinstance(error, dict):
        yield from _texts_of(error)


def _texts_of(error: Json) -> Iterator[str]:
    location = [str(part) for part in as_list(error.get("loc"))]
    sentence = as_text(error.get("msg"))
    if sentence:
        yield f"{'.'.join(location[1:])}: {sentence}" if location[1:] else sentence
    for key in ("message", "detail", "details"):
        value = error.get(key)
        if key != "details" or isinstance(value, str):
            yield from _texts(value)
    raw = as_dict(error.get("metadata")).get("raw")
    yield from _texts(_unwrapped(raw))


def _codes(fields: Json, depth: int = 0) -> Iterator[str]:
    for key in _CODE_KEYS:
        value = fields.get(key)
        if isinstance(value, str | int) and not isinstance(value, bool):
            yield str(value)
    for key in _INNER_KEYS:
        if isinstance(fields.get(key), dict) and depth < 3:  # noqa: PLR2004
            yield from _codes(fields[key], depth + 1)


def _params(fields: Json) -> Iterator[str]:
    yield from (name.strip() for name in as_text(fields.get("param")).split(",") if name.strip())
    for key in ("detail", "message"):
        inner = fields.get(key)
        problems = as_list(as_dict(inner).get("detail")) or as_list(inner)
        for problem in problems[:_MAX_PROBLEMS]:
            yield from _located(as_list(as_dict(problem).get("loc")))


def _generation(fields: Json) -> str:
    """What the model wrote, in the form of Groq."""
    text = fields.get("failed_generation")
    return text if isinstance(text, str) else json.dumps(text) if text else ""


def _located(location: list[Any]) -> Iterator[str]:
    """The parameter at a place such as ``["body", "tools", 0, "function", "strict"]``."""
    names = [name for name in location if isinstance(name, str) and name != "body"]
    if names:
        yield ".".join(names)


# --- when to try again ---------------------------------------------------------------------------


def _retry_after(headers: httpx2.Headers, fields: Json, message: str) -> float | None:
    """The seconds until another try may succeed, a day at most; None when no time is given."""
    for seconds in _given_seconds(headers, fields, message):
        if not math.isnan(seconds):
            return min(max(seconds, 0.0), _DAY)
    return None


def _given_seconds(headers: httpx2.Headers, fields: Json, message: str) -> Iterator[float]:
    """Each time that is given, the most exact first; NaN for one that cannot be read."""
    yield _number(headers.get("retry-after-ms", "")) / 1000
    value = headers.get("retry-after", "")
    number = _number(value)
    yield _seconds_until(value) if math.isnan(number) else number
    for detail in map(as_dict, as_list(fields.get("details"))):
        yield _duration(as_text(detail.get("retryDelay")))
    yield _in_words(message)
    yield _reset(headers)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _seconds_until(date: str) -> float:
    parsed = email.utils.parsedate_tz(date)
    try:
        return email.utils.mktime_tz(parsed) - time.time() if parsed else math.nan
    except (ValueError, OverflowError):
        return math.nan


def _duration(text: str) -> float:
    """Seconds of a text such as ``7m12.5s``, ``120ms`` or ``34``."""
    text = text.strip().lower()
    parts = _DURATION.findall(text)
    if parts and not _DURATION.sub("", text).strip():
        return sum(float(number) * _UNITS[unit] for number, unit in parts)
    return _number(text)


def _in_words(message: str) -> float:
    """The seconds in a sentence such as ``Please try again in 7m12.5s``."""
    match = _DURATION_LATER.search(message)
    if match:
        return _duration(match[1])
    match = _SECONDS_LATER.search(message)
    return float(match[1]) if match else math.nan


def _reset(headers: httpx2.Headers) -> float:
    """When the used-up rate limits start again: the last of them."""
    waits = [_exhausted_wait(headers, kind) for kind in ("-requests", "-tokens", "")]
    return max((wait for wait in waits if not math.isnan(wait)), default=math.nan)


def _exhausted_wait(headers: httpx2.Headers, kind: str) -> float:
    remaining = _number(headers.get(f"x-ratelimit-remaining{kind}", "0"))
    if remaining > 0:
        return math.nan
    seconds = _duration(headers.get(f"x-ratelimit-reset{kind}", ""))
    return _since_now(seconds)


def _since_now(seconds: float) -> float:
    """``seconds``, of which a large number is a date in seconds or milliseconds since 1970."""
    now = time.time()
    if seconds > now / 2:
        return (seconds / 1000 if seconds > now * 100 else seconds) - now
    return seconds


def named_in(message: str, names: Iterable[str]) -> list[str]:
    """Those of ``names`` that ``message`` quotes, or that no word of a language looks like."""
    return [name for name in names if _is_named(message, name)]


def _is_named(message: str, name: str) -> bool:
    quoted = rf"[\"'`]{re.escape(name)}[\"'`]"
    plain = rf"(?<![\w.]){re.escape(name)}(?!\w|\.\w)"
    is_technical = "_" in name or "." in name
    return bool(re.search(f"{quoted}|{plain}" if is_technical else quoted, message))

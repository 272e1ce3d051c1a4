"""Tolerant readers shared by both dialects: a server's JSON may have any shape."""

from __future__ import annotations

import json
from typing import Any

from connector.catalogue.values import clean
from connector.json_types import Json

ESCAPE = "\\u"
TEXT = -1  # the number of the call for which the text of a reply stands
_MAX_COUNT = 10**9  # a larger count is an error, and would distort every sum


class BadReply(Exception):
    """The answer does not have the shape of its dialect; the message names what is wrong."""


class BrokenOff(Exception):
    """A streamed answer ended before the provider marked it as complete."""


def as_dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def as_text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def as_text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def as_content(value: Any) -> str:
    """The text of a message, which some servers send in parts."""
    if isinstance(value, list):
        return "".join(as_text(as_dict(part).get("text")) for part in value)
    return as_text(value)


def as_arguments(value: Any) -> str:
    """The arguments of a call as JSON text; some servers send them decoded."""
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return as_text(value)


def is_whole_object(text: str) -> bool:
    """Whether ``text`` is a JSON object from its beginning to its end."""
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def as_count(value: Any) -> int:
    is_count = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MAX_COUNT
    return value if is_count else 0


def decode_json(data: bytes) -> Any:
    """The JSON in ``data``, made safe by ``clean_json``; ``ValueError`` when it is not JSON."""
    text = data.decode("utf-8-sig", "replace")
    value = json.loads(text)
    return clean_json(value) if ESCAPE in text else value


def clean_json(value: Any) -> Any:
    """Decoded JSON without lone surrogates, which cannot be encoded as UTF-8 again.

    They can only come from an ``ESCAPE`` in the JSON.
    """
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [clean_json(item) for item in value]
    if isinstance(value, dict):
        return {clean(key): clean_json(item) for key, item in value.items()}
    return value

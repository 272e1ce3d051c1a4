"""Small readers that both dialects share: an upstream's JSON is never trusted to have the shape it should."""

from __future__ import annotations

import json
from typing import Any

from connector.catalogue.values import clean
from connector.providers.base import Usage

Json = dict[str, Any]

ESCAPE = "\\u"
_MOST_TOKENS = 10**9  # a count beyond it is no count; it would only break the sum


class BadReply(Exception):
    """The provider's answer does not have the shape of its dialect; the text says what is off."""


class BrokenOff(Exception):
    """An answer that came in pieces has ended before the provider said that it is complete."""


def a_dict(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def a_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def text_or_none(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _MOST_TOKENS else 0


def decoded(data: bytes) -> Any:
    """The JSON in ``data``, with every text in it as one that can be sent again; ``ValueError`` when it is none."""
    text = data.decode("utf-8-sig", "replace")
    value = json.loads(text)
    return cleaned(value) if ESCAPE in text else value


def cleaned(value: Any) -> Any:
    """Decoded JSON with every text in it as one that can be sent again: half of a surrogate pair has no UTF-8.

    Where no ``ESCAPE`` was in the JSON there is nothing to clean.
    """
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [cleaned(one) for one in value]
    return {clean(key): cleaned(one) for key, one in value.items()} if isinstance(value, dict) else value


def usage(raw: Any, names: tuple[str, str]) -> Usage:
    """Usage from a dialect's own names for input and output tokens; what a server leaves out counts as 0."""
    found = a_dict(raw)
    into, out = a_dict(found.get(f"{names[0]}_details")), a_dict(found.get(f"{names[1]}_details"))
    return Usage(
        input=whole(found.get(names[0])),
        cached=whole(into.get("cached_tokens")),
        cache_write=whole(into.get("cache_write_tokens")),
        output=whole(found.get(names[1])),
        reasoning=whole(out.get("reasoning_tokens")),
    )

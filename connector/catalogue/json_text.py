"""JSON inside a text field: a form can send only text, so a list or an object arrives as its JSON.

A text that begins like JSON is JSON or an error. It is never read as plain text: a trailing comma
would otherwise become a part of a caller's category.
"""

from __future__ import annotations

import json
import re
from typing import Any

from connector.catalogue.values import InvalidValue, quoted

# `[urgent] call back` is a plain line; a bracket alone, or with list punctuation in it, is JSON
_BRACKETED_WORD = re.compile(r"\[[^\[\]{}\"',:]{1,60}\][^\S\n]*[^\s\],;.}]")
_JSON_STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"', re.DOTALL)
_ESCAPE = re.compile(r'\\["\\/bfnrtu]')


def looks_like_json(text: str) -> bool:
    """Whether ``text`` begins like a JSON array or object."""
    text = text.lstrip()
    if text.startswith("["):
        return not _BRACKETED_WORD.match(text)
    return text.startswith("{")


def parse_json_text(text: str) -> Any:
    """The value of ``text`` if it looks like JSON, else ``text`` itself.

    JSON that was encoded twice is decoded once more. ``InvalidValue`` for JSON with a mistake.
    """
    text = text.strip().lstrip("\ufeff")
    inner = _decode_string(text)
    if not looks_like_json(inner):
        return inner
    try:
        return json.loads(inner)
    except RecursionError:
        raise InvalidValue("bad_line", "is nested too deeply; write one entry a line.") from None
    except ValueError as error:
        raise InvalidValue("bad_line", _mistake(inner, error)) from None


def _decode_string(text: str) -> str:
    """The content of a JSON string whose content was escaped, else ``text`` as it is.

    `"Billing, payments"` alone is a quoted name, which the reader of lists understands.
    """
    if not (text.startswith('"') and _ESCAPE.search(text) and _JSON_STRING.fullmatch(text)):
        return text
    try:
        decoded: str = json.loads(text)
    except ValueError:
        return text
    return decoded


def _mistake(text: str, error: ValueError) -> str:
    start = quoted(text)
    if isinstance(error, json.JSONDecodeError):
        at = f" (line {error.lineno}, column {error.colno})"
    else:
        at = ""
    return (
        f"looks like JSON and is not valid JSON{at}: {start}. Use double quotes and no comma after "
        "the last entry, or write one entry a line."
    )

"""How a call that waits for approval is shown to a person, so that its arguments cannot forge it.

Arguments are written by a model, which may have read a stranger's text. So a text is always in
quotation marks, signs that cannot be seen or that turn the direction of writing are escaped, and
what is too long ends with a mark that says how long it is.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

_MAX_VALUE = 300  # characters of one argument
_MAX_ARGUMENTS = 40
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
# control, format (bidi, zero width), private and unassigned signs; line and paragraph separators
_UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# letters that are drawn as nothing
_BLANK_LETTERS = "\u115f\u1160\u3164\uffa0\u2800"


def call_text(title: str, arguments: str) -> str:
    """One line: the title of a call and its ``arguments``, the JSON text of the model."""
    try:
        values = json.loads(arguments)
    except (ValueError, RecursionError):
        values = arguments
    if not isinstance(values, dict):
        return f"{title} ({_value_text(values)})"
    shown = [f"{_name_text(name)}: {_value_text(value)}" for name, value in values.items()]
    if len(shown) > _MAX_ARGUMENTS:
        more = len(shown) - _MAX_ARGUMENTS
        shown = [*shown[:_MAX_ARGUMENTS], f"[cut: {more} more arguments]"]
    return f"{title} ({', '.join(shown)})" if shown else title


def escape_unseen(json_text: str) -> str:
    """The same JSON, in which signs that cannot be seen are escaped (``\\u202e``)."""
    return "".join(_escaped(sign) if _is_unseen(sign) else sign for sign in json_text)


def _value_text(value: Any) -> str:
    text = escape_unseen(json.dumps(value, ensure_ascii=False))
    if len(text) <= _MAX_VALUE:
        return text
    end = '"' if isinstance(value, str) else ""
    return f"{text[:_MAX_VALUE]}{end} [cut: {len(text):,} characters in all]"


def _name_text(name: str) -> str:
    return name if _PLAIN_NAME.fullmatch(name) else _value_text(name)


def _is_unseen(sign: str) -> bool:
    if sign.isascii():
        return sign == "\x7f"  # JSON escapes the others, and has line breaks between its values
    return unicodedata.category(sign) in _UNSEEN or sign in _BLANK_LETTERS


def _escaped(sign: str) -> str:
    return json.dumps(sign)[1:-1] if sign != "\x7f" else "\\u007f"

"""Reading form values: the same value may arrive as JSON, as text or not at all.

Low-code tools send numbers as text, empty fields as ``""`` or null, and check boxes as ``1`` or
``"true"``; lists are read by ``list_values.py``. Each reader accepts any of these and returns one
normalised value, or raises ``InvalidValue`` with a message about what to enter instead.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from connector.catalogue.text_folding import comparable

_UNENCODABLE = re.compile("[\x00\ud800-\udfff]")
_NUMBER = re.compile(r"[-+]?[0-9]+(\.[0-9]+)?")
_TRUE = {"true", "1", "yes", "on"}
_FALSE = {"false", "0", "no", "off"}
_QUOTE_LENGTH = 60
_LONGEST_NUMBER = 400
_LARGEST = 10**300  # a larger number has no useful decimal form


class InvalidValue(ValueError):
    """An error in one value: a stable code and a message that does not name the field."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class Choice:
    """One of a fixed set: the ``value`` on the wire and the ``label`` that is displayed."""

    value: str
    label: str


def is_absent(value: Any) -> bool:
    """Null, "", blank text and an empty list mean that the field was left empty."""
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def clean(text: str) -> str:
    """``text`` with characters that cannot be encoded (NUL, lone surrogates) as U+FFFD."""
    if text.isascii() and "\0" not in text:
        return text  # twenty times as fast; true of nearly every name and many texts
    return _UNENCODABLE.sub("\ufffd", text)


def quoted(value: Any) -> str:
    """``value`` in quotation marks for a message, shortened."""
    text = value
    try:
        if not isinstance(value, str):
            text = json.dumps(value, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        text = "…"
    text = " ".join(clean(text).split())
    return f'"{text[:_QUOTE_LENGTH]}…"' if len(text) > _QUOTE_LENGTH else f'"{text}"'


def suggestion(name: str, known: Iterable[str], *, cutoff: float = 0.6) -> str:
    """`` Did you mean "…"?`` when one of ``known`` is close to ``name``, else "".

    ``cutoff``: how similar it has to be, from 0 to 1.
    """
    close = difflib.get_close_matches(name[:100], list(known), 1, cutoff)
    return f' Did you mean "{close[0]}"?' if close else ""


def is_number(value: Any) -> bool:
    """A number with a usable decimal form: not a boolean, not NaN or infinite, not too large."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST


def read_text(value: Any) -> str:
    if isinstance(value, str):
        return clean(value)
    if is_number(value):
        return str(value)
    raise InvalidValue("wrong_type", f"takes text, not {type_name(value)}.")


def read_number(value: Any) -> float:
    return float(_number(value))


def read_integer(value: Any) -> int:
    number = _number(value)
    if int(number) != number:
        raise InvalidValue("wrong_type", f"takes a whole number, not {quoted(value)}.")
    return int(number)


def _number(value: Any) -> int | float:
    number = value
    if isinstance(value, str):
        text = value.strip().replace("\u2212", "-")
        if not _NUMBER.fullmatch(text):
            raise InvalidValue(
                "wrong_type", f"takes a number such as 12 or 0.5, not {quoted(value)}."
            )
        number = float(text) if "." in text or len(text) > _LONGEST_NUMBER else int(text)
    if isinstance(number, bool) or not isinstance(number, int | float) or number != number:  # noqa: PLR0124  NaN
        raise InvalidValue("wrong_type", f"takes a number such as 12 or 0.5, not {quoted(value)}.")
    if not is_number(number):
        raise InvalidValue(
            "out_of_range", "is a number that is too large; enter one with fewer digits."
        )
    return number


def read_boolean(value: Any) -> bool:
    text = str(value).strip().lower() if isinstance(value, str | bool) or is_number(value) else ""
    if text in _TRUE | _FALSE | {"1.0", "0.0"}:
        return text in _TRUE or text == "1.0"
    raise InvalidValue("wrong_type", f"takes true or false, not {quoted(value)}.")


def read_choice(value: Any, choices: Sequence[Choice]) -> str:
    text = comparable(read_text(value))
    for choice in choices:
        if text in {comparable(choice.value), comparable(choice.label)}:
            return choice.value
    known = ", ".join(choice.value for choice in choices)
    raise InvalidValue("not_a_choice", f"takes one of {known}; not {quoted(value)}.")


def reject_duplicates(names: Sequence[str]) -> None:
    """``InvalidValue`` when two names differ at most in case, white space and typography."""
    seen: set[str] = set()
    for name in names:
        if comparable(name) in seen:
            raise InvalidValue("duplicate", f"has {quoted(name)} twice; each name may occur once.")
        seen.add(comparable(name))


def match_choice(text: str, names: Sequence[str]) -> str | None:
    """The one of ``names`` that equals ``text``, or None; a part of a name never matches.

    Case, white space, typography, and punctuation at the ends are ignored, if that leaves a single
    match.
    """
    if text in names:
        return text
    bare = _strip_punctuation(text)
    if not bare:
        return None
    matches = [name for name in names if _strip_punctuation(name) == bare]
    return matches[0] if len(matches) == 1 else None


def _strip_punctuation(text: str) -> str:
    return comparable(text).strip(" .,:;!\"'`*")


def type_name(value: Any) -> str:
    """The kind of a JSON value, as people call it."""
    names = {dict: "an object", list: "a list", bool: "true or false", type(None): "nothing"}
    other = "a number" if isinstance(value, int | float) else "this kind of value"
    return names.get(type(value), other)

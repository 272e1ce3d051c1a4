"""JSON bodies as people's tools send them: what has one reading is read, the rest is refused."""

from __future__ import annotations

import json
from typing import Any

from connector.charsets import CharsetError, decode
from connector.errors import FormcallError
from connector.json_bounds import JsonTooLarge, bounded_loads

_UTF = "utf"  # JSON itself tells its UTF encodings apart


def parse_json(data: bytes, charset: str = "") -> Any:
    """The value of a JSON text in ``charset`` ("": not declared); ``FormcallError`` if invalid.

    Line breaks and tabs may stand in texts as they are: templates insert texts that way. JSON that
    was encoded twice, and so is one JSON string of an object, is decoded once more.
    """
    value = _parse(_as_text(data, charset))
    if isinstance(value, str) and value.lstrip().startswith("{"):
        return _parse(value)
    return value


def is_json_like(data: bytes) -> bool:
    """Whether a body without a JSON content type can only be meant as JSON."""
    return data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] in {b"{", b"[", b'"'}


def _as_text(data: bytes, charset: str) -> str | bytes:
    if not charset or charset.lower().startswith(_UTF):
        return data
    try:
        return decode(data, charset)
    except CharsetError as error:
        raise FormcallError("bad_json", f"The body {error}") from None


def _parse(text: str | bytes) -> Any:
    try:
        return bounded_loads(text, strict=False, parse_constant=_refuse_constant)
    except JsonTooLarge as error:
        raise FormcallError(
            "bad_json", f"The body {error}. Send less at once, or a long table as a CSV."
        ) from None
    except json.JSONDecodeError as error:
        message = (
            f"The body is not JSON (line {error.lineno}, column {error.colno}). Check commas and "
            'brackets, write a quotation mark inside a text as \\", or send the fields as a form.'
        )
        raise FormcallError("bad_json", message) from None
    except UnicodeDecodeError:
        raise FormcallError(
            "bad_json", "The body is not UTF-8 text. Send it in that encoding."
        ) from None
    except RecursionError:
        raise FormcallError(
            "bad_json",
            "The body is nested too deeply. Fields are flat: give each one text, a number or a "
            "list.",
        ) from None
    except ValueError:  # Python refuses to parse thousands of digits
        raise FormcallError(
            "bad_json",
            "The body has a number with too many digits. Send it as text, or shorten it.",
        ) from None


def _refuse_constant(name: str) -> Any:
    raise FormcallError(
        "bad_json",
        f"The body has {name}, which is not valid JSON. Send null or leave the field out.",
    )

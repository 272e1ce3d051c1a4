"""Reading a request's body as form values: JSON, form-encoded or multipart, all to the same plain dict."""

from __future__ import annotations

import json
from typing import Any

from flask import Request

from connector.errors import FieldError, FormcallError, InvalidInput

Json = dict[str, Any]

_FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}


def read_body(request: Request) -> Json:
    """The fields of ``request``; ``FormcallError`` for a body that cannot be read.

    A repeated form field becomes a list. An empty body is a form with nothing filled in.
    """
    kind = request.mimetype
    if kind in _FORMS:
        return _form(request)
    data = request.get_data(cache=False)
    if not data:
        return {}
    if kind != "application/json" and not kind.endswith("+json"):
        raise FormcallError("unsupported_media_type", "Send the fields as JSON (Content-Type: application/json) or as a form.")
    return _json(data)


def _form(request: Request) -> Json:
    fields = request.form.to_dict(flat=False)
    if request.files:
        name = next(iter(request.files))
        raise InvalidInput([FieldError(name, "wrong_type", f'"{name[:60]}" takes text, not a file.')])
    if not fields and request.content_length:
        _refuse_unread(request)
    return {name: values[0] if len(values) == 1 else values for name, values in fields.items()}


def _refuse_unread(request: Request) -> None:
    """A form body that gave no fields is either empty or not a form at all."""
    if request.content_length and request.mimetype == "multipart/form-data":
        raise FormcallError("bad_request", "The form cannot be read: its parts are not separated as its Content-Type says.")


def _json(data: bytes) -> Json:
    try:
        value = json.loads(data, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        line = f" (line {error.lineno}, column {error.colno})" if isinstance(error, json.JSONDecodeError) else ""
        words = f"The body is not JSON{line}. Check quotes, commas and line breaks, or send the fields as a form."
        raise FormcallError("bad_json", words) from None
    if not isinstance(value, dict):
        raise FormcallError("bad_json", 'The body must be a JSON object such as {"text": "..."}.')
    return value


def _constant(word: str) -> Any:
    raise ValueError(word)

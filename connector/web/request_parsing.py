"""Reading a request's body as form values: JSON, form-encoded or multipart, all to the same plain dict."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from flask import Request, g
from flask import request as current_request
from gunicorn.http.errors import ParseException
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from connector.catalogue import Fault
from connector.catalogue.files import data_url
from connector.catalogue.values import clean, is_absent, nearest, read_number, read_text
from connector.errors import FieldError, FormcallError, InvalidInput

Json = dict[str, Any]

_FORMS = {"application/x-www-form-urlencoded", "multipart/form-data"}
_CSV = "text/csv"
_NOT_WHOLE = "The body did not arrive whole. Send the request again."
_LONGEST_NAME = 60
_MOST_DISCARDED, _PIECE = 64_000_000, 65_536


def read_body(request: Request, *, files: Sequence[str] = ()) -> Json:
    """The fields of ``request``; ``FormcallError`` for a body that cannot be read.

    A repeated form field becomes a list. An empty body is a form with nothing filled in. ``files`` are the fields that take a file,
    which then comes as a data URL.
    """
    kind, data = request.mimetype, _whole(request)
    if not data:
        return {}
    if kind in _FORMS:
        return _form(request, files)
    if kind != "application/json" and not kind.endswith("+json"):
        raise FormcallError("unsupported_media_type", "Send the fields as JSON (Content-Type: application/json) or as a form.")
    value = _json(data)
    if not isinstance(value, dict):
        raise FormcallError("bad_json", 'The body must be a JSON object such as {"text": "..."}.')
    return value


def read_upload(request: Request) -> tuple[Json, bytes | None]:
    """The fields of ``request``, and the rows that came with them: the file called "file" of a form, or the body itself when that is
    CSV; its fields then stand in the query."""
    if request.mimetype == _CSV:
        return form_values(request.args), _whole(request)
    if request.mimetype not in _FORMS:
        return read_body(request), None
    _whole(request)
    if set(request.files) == {"file"}:
        return form_values(request.form), request.files["file"].read()
    return _form(request), None


def read_posted(request: Request) -> Any:
    """Whatever ``request`` posts: a form without its files, or else JSON of any shape, whatever its sender calls it."""
    data = _whole(request)
    if not data:
        return {}
    return form_values(request.form) if request.mimetype in _FORMS else _json(data)


def form_values(given: MultiDict[str, str]) -> Json:
    """The values of a form or a query; one that is repeated becomes a list."""
    return {name: values[0] if len(values) == 1 else values for name, values in given.to_dict(flat=False).items()}


def refuse_unknown(given: Iterable[str], known: Iterable[str]) -> None:
    """``InvalidInput`` names each field that is not one of ``known``."""
    names = list(known)
    unknown = [clean(name)[:_LONGEST_NAME] for name in given if name not in names]
    if unknown:
        tail = f"The fields are {', '.join(names)}."
        raise InvalidInput(
            [FieldError(name, "unknown_field", f'There is no field "{name}" here.{nearest(name, names) or " " + tail}') for name in unknown]
        )


def text_of(given: Json, name: str, *, needed: bool = True) -> str:
    """The text in a field of a body, "" if it is empty and not ``needed``; ``InvalidInput`` names the field."""
    if is_absent(value := given.get(name)):
        if needed:
            raise InvalidInput([FieldError(name, "missing", f'"{name}" is empty; it is needed.')])
        return ""
    try:
        return read_text(value).strip()
    except Fault as fault:
        raise InvalidInput([FieldError(name, fault.code, f'"{name}" {fault.message}')]) from None


def read_query_number(name: str, default: float, *, low: float, high: float) -> float:
    """The number ``name`` of the address's query, within its bounds."""
    given = current_request.args.get(name, "")
    if not given.strip():
        return default
    try:
        number = read_number(given)
    except Fault as fault:
        raise InvalidInput([FieldError(name, fault.code, f'"{name}" {fault.message}')]) from None
    if not low <= number <= high:
        raise InvalidInput([FieldError(name, "out_of_range", f'"{name}" takes a number from {low:g} to {high:g}, not {number:g}.')])
    return number


def discard_body(request: Request) -> None:
    """Read what no view has read, up to a bound: who is still sending would find the connection closed and never see the answer."""
    stream, left = request.environ["wsgi.input"], _MOST_DISCARDED
    if "body_read" in g or not request.environ.get("wsgi.input_terminated"):
        return  # nothing is left, or the server does not say where the body ends
    try:
        while left > 0 and (piece := stream.read(_PIECE)):
            left -= len(piece)
    except (OSError, ParseException):
        return


def _whole(request: Request) -> bytes:
    """The body as it came, neither cut at our limit nor by a connection that broke."""
    if request.headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}:
        raise FormcallError("unsupported_media_type", "Send the body as it is, not compressed (without Content-Encoding).")
    limit = request.max_content_length or 0
    request.max_content_length = limit + 1  # a body in chunks is cut there without a word
    try:
        data: bytes = request.get_data()
        g.body_read = True
    except (OSError, ParseException):  # what the server raises when the chunks of a body are not as they should be
        raise FormcallError("bad_request", _NOT_WHOLE) from None
    if len(data) > limit:
        raise RequestEntityTooLarge
    if request.content_length is not None and len(data) != request.content_length:
        raise FormcallError("bad_request", _NOT_WHOLE)
    return data


def _form(request: Request, files: Sequence[str] = ()) -> Json:
    fields = form_values(request.form)
    if refused := [name for name in request.files if name not in files]:
        takes = f" Files go into {', '.join(files)}." if files else ""
        raise InvalidInput([FieldError(refused[0], "wrong_type", f'"{refused[0][:60]}" takes text, not a file.{takes}')])
    for name in request.files:
        # an empty box for a file is sent as a part without a name and without bytes
        sent = [text for part in request.files.getlist(name) if (text := _as_data_url(part))]
        given = fields.get(name)
        fields[name] = [*(given if isinstance(given, list) else [given] if given else []), *sent]
    if not fields and request.mimetype == "multipart/form-data":
        raise FormcallError("bad_request", "The form cannot be read: its parts are not separated as its Content-Type says.")
    return fields


def _as_data_url(part: FileStorage) -> str:
    content = part.read()
    return data_url(content, media=part.mimetype, name=clean(part.filename or "")) if content else ""


def _json(data: bytes) -> Any:
    try:
        return json.loads(data, parse_constant=_constant)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        words = f"The body is not JSON ({place}). Check quotes, commas and line breaks, or send the fields as a form."
        raise FormcallError("bad_json", words) from None
    except UnicodeDecodeError:
        raise FormcallError("bad_json", "The body is not text in UTF-8. Send it in that encoding.") from None
    except RecursionError:
        raise FormcallError("bad_json", "The body is nested too deeply. Fields are flat: give each one text, a number or a list.") from None
    except ValueError:  # a number of thousands of digits
        raise FormcallError("bad_json", "The body has a number with too many digits. Send it as text, or shorten it.") from None


def _constant(word: str) -> Any:
    raise FormcallError("bad_json", f"The body has {word}, which JSON does not have. Send null or leave the field out.")

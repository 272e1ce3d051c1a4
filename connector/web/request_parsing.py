"""Reading requests: a JSON, form-encoded or multipart body as one plain dict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from flask import Request, g
from gunicorn.http.errors import ParseException
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from connector.catalogue.files import data_url
from connector.catalogue.values import clean
from connector.errors import FormcallError
from connector.json_types import Json
from connector.web.fields import MAX_NAME, invalid_field
from connector.web.form_arrays import base_name, nested_values
from connector.web.form_bodies import FORMS, URL_ENCODED, FilePart, FormBody, read_form
from connector.web.json_bodies import is_json_like, parse_json
from connector.web.services import services

# content types that tools send with JSON where the sender set no other one
_UNDECLARED = {"", "text/plain", URL_ENCODED}
_INCOMPLETE = "The body is incomplete. Send the request again."
_TOO_MANY_BODIES = "Too many large requests arrive at the moment. Try again in a few seconds."
_PLACE_SECONDS = 10.0


# --- bodies ---------------------------------------------------------------------------------------


def read_body(request: Request, *, files: Sequence[str] = ()) -> Json:
    """The fields of ``request``; ``FormcallError`` for a body that cannot be read.

    A repeated form field becomes a list. An empty body is an empty form. ``files`` are the fields
    that take a file, which becomes a data URL.
    """
    value = _read_fields(request, files)
    if not isinstance(value, dict):
        raise FormcallError("bad_json", 'The body must be a JSON object such as {"text": "..."}.')
    return value


def read_payload(request: Request) -> Any:
    """Any payload: a form without its files, or JSON of any shape and any content type."""
    data = read_complete_body(request)
    if not data:
        return {}
    if request.mimetype in FORMS and not is_json_form(request, data):
        return form_values(read_form(data, request.content_type or "").values)
    return parse_json(data, _charset(request))


def _read_fields(request: Request, files: Sequence[str]) -> Any:
    kind = request.mimetype
    data = read_complete_body(request)
    if not data:
        return {}
    if kind in FORMS and not is_json_form(request, data):
        return _form_fields(read_form(data, request.content_type or ""), files)
    is_declared = kind == "application/json" or kind.endswith("+json")
    if not is_declared and not (kind in _UNDECLARED and is_json_like(data)):
        raise FormcallError(
            "unsupported_media_type",
            "Send the fields as JSON (Content-Type: application/json) or as a form.",
        )
    return parse_json(data, _charset(request))


def is_json_form(request: Request, data: bytes) -> bool:
    """Whether the body is JSON under a form's content type, as ``curl -d`` sends it.

    No form begins like that: its names are percent-encoded.
    """
    return request.mimetype == URL_ENCODED and is_json_like(data)


def _charset(request: Request) -> str:
    return str(request.mimetype_params.get("charset", ""))


def form_values(given: MultiDict[str, str]) -> Json:
    """The values of a form or a query; repeated names and names with brackets become lists."""
    return nested_values(given.to_dict(flat=False))


# --- raw bodies -----------------------------------------------------------------------------------


def close_after_unread_body(request: Request) -> None:
    """Announce the end of the connection when a body that no view has read still arrives.

    The server discards it, so that the caller can read the response, and does not wait for it.
    """
    if "body_read" not in g and _still_arrives(request):
        request.environ["gunicorn.socket"].close_after_response()


def _still_arrives(request: Request) -> bool:
    """Whether a thread that reads the body may have to wait for it."""
    connection = request.environ.get("gunicorn.socket")
    return connection is not None and bool(connection.body_follows)


def read_complete_body(request: Request) -> bytes:
    """The complete body; ``FormcallError`` when it was cut off or is too large."""
    if request.headers.get("Content-Encoding", "identity").lower() not in {"", "identity"}:
        raise FormcallError(
            "unsupported_media_type",
            "Send the body uncompressed (without Content-Encoding).",
        )
    limit = request.max_content_length or 0
    # werkzeug cuts a chunked body at the limit without an error, so allow one byte more
    request.max_content_length = limit + 1
    try:
        with _place_for(request):
            data: bytes = request.get_data()
        g.body_read = True
    except (OSError, ParseException):  # a broken or slow connection, or invalid chunks
        raise FormcallError("bad_request", _INCOMPLETE) from None
    if len(data) > limit:
        raise RequestEntityTooLarge
    if request.content_length is not None and len(data) != request.content_length:
        raise FormcallError("bad_request", _INCOMPLETE)
    return data


@contextmanager
def _place_for(request: Request) -> Iterator[None]:
    """A place among the requests whose bodies still arrive; ``FormcallError`` (busy) without."""
    if not _still_arrives(request):
        yield
        return
    key_id = g.key.id if "key" in g else ""
    with services().large_bodies.take(key_id, seconds=_PLACE_SECONDS) as has_place:
        if not has_place:
            raise FormcallError("busy", _TOO_MANY_BODIES, retry_after=5)
        yield


def _form_fields(form: FormBody, files: Sequence[str] = ()) -> Json:
    fields = form_values(form.values)
    named = tuple(replace(part, field=base_name(part.field)) for part in form.files)
    form = replace(form, files=named)
    for part in form.files:
        if part.field not in files:
            accepted = f" Files go into {', '.join(files)}." if files else ""
            name = clean(part.field)[:MAX_NAME]
            message = f'"{name}" takes text, not a file.{accepted}'
            raise invalid_field(name, "wrong_type", message)
    for name in dict.fromkeys(part.field for part in form.files):
        # an empty file field is sent as a part without a name and without bytes
        parts = [_as_data_url(part) for part in form.files_of(name)]
        given = fields.get(name) or []
        texts = given if isinstance(given, list) else [given]
        fields[name] = [*texts, *(part for part in parts if part)]
    return fields


def _as_data_url(part: FilePart) -> str:
    if not part.content:
        return ""
    return data_url(part.content, media=part.media_type, name=clean(part.filename))

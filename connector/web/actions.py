"""Actions: list them, and run one."""

from __future__ import annotations

import json
import re

from flask import Blueprint, Response, g, jsonify, request
from flask.globals import request_ctx

from connector.catalogue import Action, Field, ReturnField
from connector.catalogue.sample import sample_answer
from connector.catalogue.values import is_absent, read_boolean
from connector.engine.streaming import TextStream
from connector.json_types import Json
from connector.runs.responses import RunResponse
from connector.web.auth import needs_key
from connector.web.early_response import EarlyResponse, early_response_for
from connector.web.fields import convert_field, invalid_field
from connector.web.problems import stored_problem
from connector.web.query import with_query
from connector.web.request_parsing import read_body
from connector.web.runs import accepted_response, run_response
from connector.web.services import services
from connector.web.streams import ClientConnection, event_stream, first_chunk

actions = Blueprint("actions", __name__, url_prefix="/v1/actions")

# a string of RFC 9651: quotation marks and backslashes in it follow a backslash
_QUOTED = re.compile(r'"(?:[^"\\]|\\["\\])*"')


@actions.get("")
@needs_key("actions")
def list_actions() -> Response:
    """Every action, as a flat list for a drop-down."""
    return jsonify([_action_summary(action) for action in services().catalogue.values()])


@actions.get("/<action_id>")
@needs_key("actions")
def get_action(action_id: str) -> Response:
    """One action: its form, its answer and its first example."""
    action = services().catalogue.find(action_id)
    return jsonify({**_action_summary(action), **_action_details(action)})


@actions.post("/<action_id>")
@needs_key("actions", counted=True)
def run_action(action_id: str) -> Response:
    """Run an action on the fields of the body."""
    action = services().catalogue.find(action_id)
    if is_sample_request():
        return sample_response(action)
    # the request itself, which its proxy would look up for each use
    values = with_query(read_body(request_ctx.request, files=action.file_fields))
    return run_values(action, with_idempotency_key(values))


def run_values(action: Action, values: Json) -> Response:
    """Run ``action`` on a form's ``values`` for the request's key, and return its response."""
    result = services().service.run_or_stream(
        g.key, action.id, values, early=_early_response(action.id)
    )
    if isinstance(result, TextStream):
        return _stream_response(result, action.id)
    return run_response(result, action.id)


def _stream_response(stream: TextStream, action_id: str) -> Response:
    """The run's events; a run that fails before its first text has a plain response instead."""
    reader = ClientConnection()
    first = first_chunk(stream, reader)
    if first is not None:
        return event_stream(stream, reader, first)
    result: RunResponse = stream.result()
    if result.code or result.status != "done":
        return run_response(result, action_id)
    return event_stream(result, reader)


def sample_response(action: Action) -> Response:
    """The action's first example as an answer; it costs nothing."""
    return Response(
        json.dumps(sample_answer(action), ensure_ascii=False), mimetype="application/json"
    )


def _early_response(action_id: str) -> EarlyResponse | None:
    """What answers the caller of a run that takes longer than the caller waits."""

    def respond(result: RunResponse) -> Response:
        if result.code:
            return stored_problem(result.code, result.body, result.retry_after)
        return accepted_response(result, action_id, services().catalogue)

    return early_response_for(request.environ, respond)


def with_idempotency_key(values: Json) -> Json:
    """``values`` with the idempotency key of the header, if there is one."""
    key = header_idempotency_key()
    if not key:
        return values
    field = values.get("idempotency_key")
    if not is_absent(field) and str(field) != key:
        message = (
            '"Idempotency key" is not the same in the header Idempotency-Key and in the '
            "field idempotency_key. Send one of them."
        )
        raise invalid_field("idempotency_key", "not_the_same", message)
    return {**values, "idempotency_key": key}


def header_idempotency_key() -> str:
    """The idempotency key of the header, or "".

    The draft of the IETF writes it as a quoted string, most tools as it is: ``"abc"`` is ``abc``.
    """
    key = request.headers.get("Idempotency-Key", "").strip()
    if _QUOTED.fullmatch(key):
        return re.sub(r"\\(.)", r"\1", key[1:-1])
    return key


def is_sample_request() -> bool:
    """Whether the request asks for a sample, in its query or in a header.

    An invalid value is an error, so that a typing mistake does not start a paid run.
    """
    value = request.args.get("sample") if request.query_string else None
    value = value or request.headers.get("X-Sample")
    return not is_absent(value) and convert_field("sample", value, read_boolean)


def _action_summary(action: Action) -> Json:
    return {
        "id": action.id,
        "name": action.title,
        "summary": action.summary,
        "group": action.group,
        "local": action.local_coverage,
    }


def _action_details(action: Action) -> Json:
    return {
        "title": action.title,
        "effort": action.effort,
        "tools": list(action.tools),
        "fields": [_field(entry) for entry in action.form.values()],
        "returns": [_return(entry) for entry in action.returns.values()],
        "example": {"name": action.examples[0].name, "input": action.examples[0].input},
    }


def _return(entry: ReturnField) -> Json:
    return {"name": entry.name, "type": entry.type, "help": entry.help, "nullable": entry.nullable}


def _field(entry: Field) -> Json:
    properties = {**vars(entry), "choices": [vars(choice) for choice in entry.choices]}
    given = {name: value for name, value in properties.items() if value not in (None, "", [])}
    return {**given, "required": entry.required}

"""Running an action, and the list of those there are."""

from __future__ import annotations

import json
from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from connector.catalogue import Action, Fault, Field, Return
from connector.catalogue.sample import sample_answer
from connector.catalogue.values import is_absent, read_boolean
from connector.engine.outlet import Outlet
from connector.errors import FieldError, InvalidInput
from connector.jobs.admission import Asked
from connector.jobs.telling import Told
from connector.web.auth import needs_key
from connector.web.bodies import read_body
from connector.web.early import EarlyAnswer, early_answer
from connector.web.runs import going_on, response
from connector.web.services import address_for, services
from connector.web.streams import Reader, first_piece, streamed

Json = dict[str, Any]

actions = Blueprint("actions", __name__, url_prefix="/v1/actions")


@actions.get("")
@needs_key("actions")
def list_actions() -> Response:
    """Every action, as a plain list that a drop-down can show."""
    return jsonify([_listed(action) for action in services().catalogue.values()])


@actions.get("/<action_id>")
@needs_key("actions")
def get_action(action_id: str) -> Response:
    """One action: its form, its answer and its first example."""
    action = services().catalogue.find(action_id)
    return jsonify({**_listed(action), **_described(action)})


@actions.post("/<action_id>")
@needs_key("actions", counted=True)
def run_action(action_id: str) -> Response:
    """Run an action on the fields of the body."""
    action = services().catalogue.find(action_id)
    if wants_sample():
        return sample_response(action)
    return run_values(action, with_idempotency_key(read_body(request, files=action.file_fields)))


def run_values(action: Action, values: Json) -> Response:
    """Run ``action`` on a form's ``values`` for the request's key, and answer what becomes of it."""
    runner = services().workshop.runner
    asked = runner.admission.ask(g.key, action.id, values)
    if asked.run.options.stream:
        return _stream(asked, action.id)
    return response(runner.run(asked, _early(action.id)), action.id)


def _stream(asked: Asked, action_id: str) -> Response:
    """The run's events. Until there are any, and for what ends without them, an answer is as good as any other: its status tells."""
    reader, found = Reader(), services().workshop.runner.stream(asked)
    if isinstance(found, Outlet):
        first = first_piece(found, reader)
        if first is not None:
            return streamed(found, reader, first)
        found = found.told()
    return response(found, action_id) if found.code or found.status != "done" else streamed(found, reader)


def sample_response(action: Action) -> Response:
    """The action's first example as an answer, free."""
    return Response(json.dumps(sample_answer(action), ensure_ascii=False), mimetype="application/json")


def _early(action_id: str) -> EarlyAnswer | None:
    address, request_id = address_for(request), g.request_id

    def respond(told: Told) -> Response:
        made = going_on(told, action_id, address=address())
        made.headers["X-Request-ID"] = request_id
        return made

    return early_answer(request.environ, respond)


def with_idempotency_key(values: Json) -> Json:
    """``values`` with the idempotency key that may also come as a header."""
    given = request.headers.get("Idempotency-Key")
    if not given:
        return values
    if not is_absent(own := values.get("idempotency_key")) and str(own) != given:
        words = '"Idempotency key" is not the same in the header Idempotency-Key and in the field idempotency_key. Send one of them.'
        raise InvalidInput([FieldError("idempotency_key", "not_the_same", words)])
    return {**values, "idempotency_key": given}


def wants_sample() -> bool:
    """Whether the request asks for a sample, in its query or in a header."""
    value = (request.args.get("sample") if request.query_string else None) or request.headers.get("X-Sample")
    try:
        return not is_absent(value) and read_boolean(value)
    except Fault as fault:  # who mistypes it must not pay for a run
        raise InvalidInput([FieldError("sample", fault.code, f'"sample" {fault.message}')]) from None


def _listed(action: Action) -> Json:
    return {"id": action.id, "name": action.title, "summary": action.summary, "group": action.group}


def _described(action: Action) -> Json:
    return {
        "title": action.title,
        "effort": action.effort,
        "local": action.local is not None,
        "tools": list(action.tools),
        "fields": [_field(entry) for entry in action.form.values()],
        "returns": [_return(entry) for entry in action.returns.values()],
        "example": {"name": action.examples[0].name, "input": action.examples[0].input},
    }


def _return(entry: Return) -> Json:
    return {"name": entry.name, "type": entry.type, "help": entry.help, "nullable": entry.nullable}


def _field(entry: Field) -> Json:
    found = vars(entry) | {"choices": [vars(choice) for choice in entry.choices]}
    return {key: value for key, value in found.items() if value not in (None, "", [])} | {"required": entry.required}



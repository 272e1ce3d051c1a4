"""Inbound hooks: made, listed and revoked with a key; posted to by whoever has a hook's address, without one."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from connector.catalogue import Fault
from connector.catalogue.values import is_absent, read_boolean
from connector.errors import FieldError, FormcallError, InvalidInput
from connector.jobs.addresses import check_callback
from connector.jobs.orders import read_pairs
from connector.store.hooks import Hook
from connector.store.ids import moment
from connector.web.actions import run_values, sample_response, wants_sample
from connector.web.auth import needs_key
from connector.web.bodies import form_values, read_body, read_posted, refuse_unknown, text_of
from connector.web.services import base_address, services

Json = dict[str, Any]

hooks = Blueprint("hooks", __name__, url_prefix="/v1/hooks")

_FIELDS = ("name", "action", "fixed", "mapping", "answer_at_once")
_NO_HOOK = "There is no such hook: its address is mistyped, or it was revoked. Ask whoever gave you the address for a new one."


@hooks.post("")
@needs_key("actions")
def create_hook() -> Response:
    """Make a hook that runs an action as this key; its address is shown only now."""
    given = read_body(request)
    refuse_unknown(given, _FIELDS)
    workshop = services().workshop
    action = workshop.catalogue.find(text_of(given, "action"))
    fixed, mapping = read_pairs(given.get("fixed"), "fixed"), read_pairs(given.get("mapping"), "mapping")
    check_callback(workshop.runner.admission.outbound, fixed)
    hook, token = workshop.hooks.create(
        g.key.id, text_of(given, "name"), action, fixed=fixed, mapping=mapping, answer_at_once=_switch(given, "answer_at_once")
    )
    response = jsonify({**described(hook), "url": f"{base_address()}/v1/hooks/{token}"})
    response.status_code = 201
    response.headers["Location"] = f"{base_address()}/v1/hooks/{hook.id}"
    return response


@hooks.get("")
@needs_key("actions")
def list_hooks() -> Response:
    """This key's hooks, the newest first, without their addresses."""
    return jsonify([described(hook) for hook in services().workshop.hooks.all(g.key.id)])


@hooks.delete("/<hook_id>")
@needs_key("actions")
def revoke_hook(hook_id: str) -> Response:
    """Revoke a hook: its address is nothing from now on. A second time changes nothing."""
    store = services().workshop.hooks
    hook = store.by_id(hook_id)
    if hook is None or (hook.key_id != g.key.id and "admin" not in g.key.scopes):
        raise FormcallError("not_found", "There is no such hook. Check the id; GET /v1/hooks lists yours.")
    store.revoke(hook.id)
    return jsonify({"id": hook.id, "deleted": True})


@hooks.post("/<token>")
def run_hook(token: str) -> Response:
    """Run a hook's action on whatever is posted, for the key that made the hook. The address alone is the secret."""
    workshop = services().workshop
    hook = workshop.hooks.find(token)
    key = workshop.keys.by_id(hook.key_id) if hook else None
    if hook is None or key is None or key.revoked_at or not {"actions", "admin"} & set(key.scopes):
        raise FormcallError("not_found", _NO_HOOK)
    g.key = key
    workshop.rates.check(key)
    action = workshop.catalogue.find(hook.action)
    if wants_sample():
        return sample_response(action)
    return run_values(action, hook.values(action, _posted(), _message_id()))


def described(hook: Hook) -> Json:
    """A hook as its maker sees it; nobody sees its token again."""
    return {
        "id": hook.id, "name": hook.name, "action": hook.action, "fixed": hook.fixed, "mapping": hook.mapping,
        "answer_at_once": hook.answer_at_once, "active": hook.revoked_ms is None, "created_at": moment(hook.created_ms),
        "revoked_at": moment(hook.revoked_ms),
    }  # fmt: skip


def _posted() -> Any:
    """The body, and below it the query, for senders that can set nothing else."""
    posted = read_posted(request)
    query = form_values(request.args) if request.query_string else {}
    return {**query, **posted} if isinstance(posted, dict) else posted


def _message_id() -> str:
    """The id under which its sender sends the same message again."""
    return request.headers.get("Idempotency-Key") or request.headers.get("webhook-id") or ""


# --- what a hook is made of --------------------------------------------------------------------------------------------


def _switch(given: Json, name: str) -> bool:
    try:
        return is_absent(given.get(name)) or read_boolean(given[name])
    except Fault as fault:
        raise InvalidInput([FieldError(name, fault.code, f'"{name}" {fault.message}')]) from None

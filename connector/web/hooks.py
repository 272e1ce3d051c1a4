"""Inbound hooks: create, list and revoke them with a key; run one by its URL, without a key."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from connector.batches.request import read_pairs
from connector.catalogue.values import is_absent, read_boolean
from connector.errors import FormcallError, InvalidInput
from connector.json_types import Json
from connector.runs.callbacks import check_callback
from connector.store.hook_mapping import Posted
from connector.store.hooks import InboundHook
from connector.store.ids import iso_time
from connector.web.actions import (
    header_idempotency_key,
    is_sample_request,
    run_values,
    sample_response,
)
from connector.web.auth import is_visible, needs_key, request_actor
from connector.web.fields import convert_field, read_text_field, refuse_unknown
from connector.web.handshakes import post_handshake, query_handshake
from connector.web.message_ids import message_id
from connector.web.request_parsing import form_values, read_body, read_payload
from connector.web.services import base_url, services

hooks = Blueprint("hooks", __name__, url_prefix="/v1/hooks")

_FIELDS = ("name", "action", "fixed", "mapping", "templates", "answer_at_once")
_REFUSED_STATUSES = (400, 402, 409, 413, 415, 422)
_NO_HOOK = (
    "There is no such hook: its URL is mistyped, or it was revoked. Ask the person who gave "
    "you the URL for a new one."
)


@hooks.post("")
@needs_key("actions")
def create_hook() -> Response:
    """Create a hook that runs an action as this key; its URL is shown only once."""
    given = read_body(request)
    refuse_unknown(given, _FIELDS)
    service = services().service
    action = service.catalogue.find(read_text_field(given, "action"))
    fixed = read_pairs(given.get("fixed"), "fixed")
    mapping = read_pairs(given.get("mapping"), "mapping")
    templates = read_pairs(given.get("templates"), "templates")
    check_callback(service.runner.admission.outbound, fixed)
    hook, token = service.hooks.create(
        g.key.id,
        read_text_field(given, "name"),
        action,
        fixed=fixed,
        mapping=mapping,
        templates=templates,
        answer_at_once=_answers_at_once(given),
        by=request_actor(),
    )
    response = jsonify({**hook_view(hook), "url": f"{base_url()}/v1/hooks/{token}"})
    response.status_code = 201
    response.headers["Location"] = f"{base_url()}/v1/hooks/{hook.id}"
    return response


@hooks.get("")
@needs_key("actions")
def list_hooks() -> Response:
    """This key's hooks, the newest first, without their URLs."""
    return jsonify([hook_view(hook) for hook in services().service.hooks.list_all(g.key.id)])


@hooks.delete("/<hook_id>")
@needs_key("actions")
def revoke_hook(hook_id: str) -> Response:
    """Revoke a hook; its URL stops working. Calling it again changes nothing."""
    hook = get_owned_hook(hook_id)
    services().service.hooks.revoke(hook.id, by=request_actor())
    return jsonify({"id": hook.id, "deleted": True})


@hooks.get("/<hook_id>/deliveries")
@needs_key("actions")
def list_refused_posts(hook_id: str) -> Response:
    """The last posts that the hook refused, the newest first: why, and what they had."""
    hook = get_owned_hook(hook_id)
    return jsonify(services().service.hook_refusals.list_all(hook.id))


def get_owned_hook(hook_id: str) -> InboundHook:
    """A hook that the request's key may see; ``not_found`` for another one, as if it did not
    exist."""
    hook = services().service.hooks.by_id(hook_id)
    if hook is None or not is_visible(hook):
        raise FormcallError(
            "not_found", "There is no such hook. Check the id; GET /v1/hooks lists yours."
        )
    return hook


@hooks.get("/<token>")
def check_hook(token: str) -> Response:
    """Whether the URL is a hook; a sender's challenge in the query is returned."""
    _open_hook(token)
    ready = {"ok": True, "status": "ready", "detail": "This is a hook. Post the data to this URL."}
    return query_handshake(request) or jsonify(ready)


@hooks.post("/<token>")
def run_hook(token: str) -> Response:
    """Run a hook's action on the posted values, as the key that created the hook.

    The URL itself is the secret, so no key is sent.
    """
    hook = _open_hook(token)
    action = services().service.catalogue.find(hook.action)
    if is_sample_request():
        return sample_response(action)
    posted = Posted(None, dict(request.headers))
    try:
        posted.body = read_payload(request)
        if handshake := post_handshake(request, posted.body):
            return handshake
        posted.body = _with_query(posted.body)
        return run_values(action, hook.values(action, posted, _message_id()))
    except InvalidInput as error:
        explained = hook.explained(error, posted)
        _record_refusal(hook, posted, explained)
        raise explained from None
    except FormcallError as error:
        _record_refusal(hook, posted, error)
        raise


def _open_hook(token: str) -> InboundHook:
    """The hook with this token, whose key the request then has."""
    service = services().service
    hook = service.hooks.find(token)
    key = service.keys.by_id(hook.key_id) if hook else None
    if hook is None or key is None or key.revoked_at or not {"actions", "admin"} & set(key.scopes):
        raise FormcallError("not_found", _NO_HOOK)
    g.key = key
    service.rate_limits.check(key)
    return hook


def _record_refusal(hook: InboundHook, posted: Posted, error: FormcallError) -> None:
    """Store a post that was wrong in itself, for the hook's owner."""
    if error.kind.status in _REFUSED_STATUSES:
        services().service.hook_refusals.record(
            hook,
            error,
            keys=posted.paths(),
            content_type=request.content_type or "",
            body=request.get_data(as_text=True) if "body_read" in g else "",
        )


def hook_view(hook: InboundHook) -> Json:
    """A hook without its token, which is shown only when it is created."""
    return {
        "id": hook.id,
        "name": hook.name,
        "action": hook.action,
        "fixed": hook.fixed,
        "mapping": hook.mapping,
        "templates": hook.templates,
        "answer_at_once": hook.answer_at_once,
        "active": hook.revoked_ms is None,
        "created_at": iso_time(hook.created_ms),
        "revoked_at": iso_time(hook.revoked_ms),
    }


def _with_query(body: Any) -> Any:
    """The posted body over the values of the query, which some senders can set more easily."""
    if not isinstance(body, dict):
        return body
    query = form_values(request.args) if request.query_string else {}
    return {**query, **body}


def _message_id() -> str:
    """The id of the message, by which a repeated one is recognised, or ""."""
    return header_idempotency_key() or message_id(dict(request.headers))


def _answers_at_once(given: Json) -> bool:
    value = given.get("answer_at_once")
    return is_absent(value) or convert_field("answer_at_once", value, read_boolean)

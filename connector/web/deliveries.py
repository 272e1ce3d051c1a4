"""What was sent to callbacks and subscribers: where each message stands, sending one again, and the secret they are signed with."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, g, jsonify, request

from connector.errors import FieldError, FormcallError, InvalidInput
from connector.store.deliveries import STATES
from connector.store.ids import moment
from connector.web.auth import needs_key
from connector.web.bodies import read_query_number
from connector.web.services import services

Json = dict[str, Any]

deliveries = Blueprint("deliveries", __name__, url_prefix="/v1")

_LISTED, _MOST_LISTED = 25, 100


@deliveries.get("/deliveries")
@needs_key("actions")
def list_deliveries() -> Response:
    """The newest messages of this key; `state`, `subject_id`, `subscription_id` and `limit` narrow the list."""
    given = request.args
    if (state := given.get("state", "")) and state not in STATES:
        raise InvalidInput([FieldError("state", "not_a_choice", f'"state" takes one of {", ".join(STATES)}.')])
    limit = int(read_query_number("limit", _LISTED, low=1, high=_MOST_LISTED))
    found = services().workshop.deliveries.of_key(
        g.key.id,
        limit=limit,
        state=state,
        subject_id=given.get("subject_id", ""),
        subscription_id=given.get("subscription_id", ""),
    )
    return jsonify([described(row) for row in found])


@deliveries.get("/deliveries/<delivery_id>")
@needs_key("actions")
def get_delivery(delivery_id: str) -> Response:
    """Where one message stands."""
    return jsonify(described(_own(delivery_id)))


@deliveries.post("/deliveries/<delivery_id>/resend")
@needs_key("actions", counted=True)
def resend_delivery(delivery_id: str) -> Response:
    """Send a message again, under the same id, with all its tries before it."""
    row, workshop = _own(delivery_id), services().workshop
    if row.subscription_id and _has_ended(row.subscription_id):
        raise FormcallError("conflict", "The subscription of this message has ended. Subscribe again.")
    workshop.deliveries.resend(row)
    workshop.deliverer.wake()
    return jsonify(described(_own(delivery_id)))


@deliveries.get("/signing-secret")
@needs_key("actions")
def show_signing_secret() -> Response:
    """The secret with which a receiver verifies the messages of this key (Standard Webhooks)."""
    return jsonify({"id": g.key.id, "signing_secret": services().workshop.deliverer.sign_with(g.key.id)})


def described(row: Any) -> Json:
    """A message without its text; of its address only the host."""
    waits = row.state == "waiting"
    return {
        "ok": row.state == "sent", "id": row.id, "event": row.event, "subject_id": row.subject_id,
        "subscription_id": row.subscription_id or "", "receiver": row.receiver, "state": row.state, "attempts": row.attempts,
        "detail": row.detail or "", "created_at": moment(row.created_ms), "next_try_at": moment(row.next_ms) if waits else None,
        "ended_at": moment(row.ended_ms),
    }  # fmt: skip


def _own(delivery_id: str) -> Any:
    row = services().workshop.deliveries.find(delivery_id)
    if row is None or (row.key_id != g.key.id and "admin" not in g.key.scopes):
        raise FormcallError("not_found", "There is no such message. Check the id; GET /v1/deliveries lists yours.")
    return row


def _has_ended(subscription_id: str) -> bool:
    row = services().workshop.subscriptions.find(subscription_id)
    return row is None or row.ended_ms is not None

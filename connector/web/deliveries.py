"""Deliveries: the messages to callbacks and subscribers, sending one again, the signing secret."""

from __future__ import annotations

from flask import Blueprint, Response, g, jsonify, request

from connector.errors import FormcallError
from connector.json_types import Json
from connector.store.deliveries import STATES
from connector.store.ids import iso_time
from connector.store.rows import DeliveryRow, RunRow
from connector.web.auth import is_visible, needs_key
from connector.web.query import read_query_choice, read_query_limit
from connector.web.services import services

deliveries = Blueprint("deliveries", __name__, url_prefix="/v1")

_MAX_OF_RUN = 100


@deliveries.get("/deliveries")
@needs_key("actions")
def list_deliveries() -> Response:
    """The newest messages of this key, filtered by `state`, `subject_id`, `subscription_id` and
    `limit`."""
    rows = services().service.deliveries.list_by_key(
        g.key.id,
        limit=read_query_limit(),
        state=read_query_choice("state", STATES, code="not_a_choice"),
        subject_id=request.args.get("subject_id", ""),
        subscription_id=request.args.get("subscription_id", ""),
    )
    return jsonify([delivery_view(row) for row in rows])


@deliveries.get("/deliveries/<delivery_id>")
@needs_key("actions")
def get_delivery(delivery_id: str) -> Response:
    """The state of one message."""
    return jsonify(delivery_view(_get_owned(delivery_id)))


@deliveries.post("/deliveries/<delivery_id>/resend")
@needs_key("actions", counted=True)
def resend_delivery(delivery_id: str) -> Response:
    """Send a message again, under the same id, with all attempts available again."""
    row = _get_owned(delivery_id)
    service = services().service
    if row.subscription_id and _has_ended(row.subscription_id):
        raise FormcallError(
            "conflict", "The subscription of this message has ended. Subscribe again."
        )
    service.deliveries.resend(row)
    service.webhook_sender.wake()
    return jsonify(delivery_view(_get_owned(delivery_id)))


@deliveries.get("/signing-secret")
@needs_key("actions")
def show_signing_secret() -> Response:
    """The secret with which a receiver verifies the messages of this key (Standard Webhooks)."""
    secret = services().service.webhook_sender.secret_for(g.key.id)
    return jsonify({"id": g.key.id, "signing_secret": secret})


def deliveries_of(row: RunRow) -> list[Json]:
    """The messages about a run."""
    store = services().service.deliveries
    rows = store.list_by_key(row.key_id, limit=_MAX_OF_RUN, subject_id=row.id)
    return [delivery_view(one) for one in rows]


def delivery_view(row: DeliveryRow) -> Json:
    """A message without its text; of its URL only the host."""
    return {
        "ok": row.state == "sent",
        "id": row.id,
        "event": row.event,
        "subject_id": row.subject_id,
        "subscription_id": row.subscription_id or "",
        "receiver": row.receiver,
        "state": row.state,
        "attempts": row.attempts,
        "detail": row.detail or "",
        "created_at": iso_time(row.created_ms),
        "next_try_at": iso_time(row.next_ms) if row.state == "waiting" else None,
        "ended_at": iso_time(row.ended_ms),
    }


def _get_owned(delivery_id: str) -> DeliveryRow:
    row = services().service.deliveries.find(delivery_id)
    if row is None or not is_visible(row):
        raise FormcallError(
            "not_found", "There is no such message. Check the id; GET /v1/deliveries lists yours."
        )
    return row


def _has_ended(subscription_id: str) -> bool:
    row = services().service.subscriptions.find(subscription_id)
    return row is None or row.ended_ms is not None

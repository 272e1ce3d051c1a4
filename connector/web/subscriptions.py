"""REST hooks: subscribe a URL to an event, test it, show sample messages, unsubscribe."""

from __future__ import annotations

import time
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, jsonify, request

from connector.errors import FormcallError
from connector.json_types import Json
from connector.runs.callbacks import check_address
from connector.store.ids import iso_time
from connector.store.rows import DeliveryRow, SubscriptionRow
from connector.web.auth import is_visible, needs_key, request_actor
from connector.web.deliveries import delivery_view
from connector.web.fields import invalid_field, read_text_field, refuse_unknown
from connector.web.request_parsing import read_body
from connector.web.services import base_url, services
from connector.webhooks.events import read_event, recent_messages, sample_message

subscriptions = Blueprint("subscriptions", __name__, url_prefix="/v1/subscriptions")

_FIELDS = ("target_url", "event", "authorization")
_MAX_HEADER = 4_000
_TEST_SECONDS = 8.0
_POLL_SECONDS = 0.05
_ENDED_BY_CALLER = "It was deleted with the API key."


@subscriptions.post("")
@needs_key("actions")
def subscribe() -> Response:
    """Send each event of this key's runs or batches to a URL.

    The same URL and event again is the same subscription.
    """
    given = read_body(request)
    refuse_unknown(given, _FIELDS)
    service = services().service
    event = read_event(given.get("event"))
    url = read_text_field(given, "target_url")
    check_address(service.runner.admission.outbound, url, field="target_url")
    row = service.subscriptions.subscribe(
        g.key.id, event, url, authorization=_authorization(given), by=request_actor()
    )
    secret = service.webhook_sender.secret_for(g.key.id)
    response = jsonify({**subscription_view(row), "signing_secret": secret})
    response.status_code = 201
    # Power Automate sends its DELETE to this URL
    response.headers["Location"] = f"{base_url()}/v1/subscriptions/{row.id}"
    return response


@subscriptions.get("")
@needs_key("actions")
def list_subscriptions() -> Response:
    """This key's subscriptions, the newest first, including ended ones and the reason."""
    rows = services().service.subscriptions.list_by_key(g.key.id)
    return jsonify([subscription_view(row) for row in rows])


@subscriptions.get("/sample")
@needs_key("actions")
def show_samples() -> Response:
    """The messages of this key's latest runs, the newest first, or a made-up one."""
    service = services().service
    event = read_event(request.args.get("event"))
    messages = recent_messages(
        event, g.key.id, records=service.records, deliveries=service.deliveries
    )
    if messages:
        return jsonify(messages)
    _, body = sample_message(event, service.catalogue)
    return Response(f"[{body}]", mimetype="application/json")


@subscriptions.get("/<subscription_id>")
@needs_key("actions")
def get_subscription(subscription_id: str) -> Response:
    """One subscription."""
    return jsonify(subscription_view(_get_owned(subscription_id)))


@subscriptions.delete("/<subscription_id>")
@needs_key("actions")
def unsubscribe(subscription_id: str) -> Response:
    """End a subscription and drop its waiting messages. Calling it again changes nothing."""
    row = _get_owned(subscription_id)
    service = services().service
    service.subscriptions.end(row.id, _ENDED_BY_CALLER, by=request_actor())
    service.deliveries.drop_waiting(row.id, _ENDED_BY_CALLER)
    return jsonify({"id": row.id, "deleted": True})


@subscriptions.post("/<subscription_id>/test")
@needs_key("actions", counted=True)
def send_sample(subscription_id: str) -> Response:
    """Send one made-up message with all its fields now, and return the result."""
    row = _get_owned(subscription_id)
    service = services().service
    if row.ended_ms:
        raise FormcallError(
            "conflict", f"This subscription has ended: {row.reason} Subscribe again."
        )
    subject_id, body = sample_message(row.event, service.catalogue)
    delivery_id = service.deliveries.add(
        row.key_id, subject_id, row.event, body, url=row.target_url, subscription_id=row.id
    )
    service.webhook_sender.wake()
    return jsonify(delivery_view(_wait_for_attempt(delivery_id)))


def subscription_view(row: SubscriptionRow) -> Json:
    """A subscription without its secrets, which tools put into the query of its URL."""
    parts = urlsplit(row.target_url)
    return {
        "id": row.id,
        "event": row.event,
        "target_url": f"{parts.scheme}://{parts.netloc}{parts.path}",
        "has_authorization": row.authorization is not None,
        "active": row.ended_ms is None,
        "reason": row.reason or "",
        "created_at": iso_time(row.created_ms),
        "ended_at": iso_time(row.ended_ms),
    }


def _get_owned(subscription_id: str) -> SubscriptionRow:
    row = services().service.subscriptions.find(subscription_id)
    if row is None or not is_visible(row):
        raise FormcallError(
            "not_found",
            "There is no such subscription. Check the id; GET /v1/subscriptions lists yours.",
        )
    return row


def _wait_for_attempt(delivery_id: str) -> DeliveryRow:
    """The message once an attempt to send it was made, or after a few seconds."""
    until = time.monotonic() + _TEST_SECONDS
    while True:
        row = services().service.deliveries.find(delivery_id)
        assert row is not None  # noqa: S101  it was just added
        if row.state != "waiting" or time.monotonic() > until:
            return row
        time.sleep(_POLL_SECONDS)


def _authorization(given: Json) -> str:
    value = read_text_field(given, "authorization", required=False)
    if len(value) > _MAX_HEADER or not (value.isascii() and value.isprintable()):
        message = (
            '"authorization" takes the value of a header: printable ASCII characters, '
            f"at most {_MAX_HEADER:,}."
        )
        raise invalid_field("authorization", "wrong_type", message)
    return value

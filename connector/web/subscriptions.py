"""REST hooks: subscribe an address to an event, try it, look at what would be sent, and unsubscribe."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import urlsplit

from flask import Blueprint, Response, g, jsonify, request

from connector.errors import FieldError, FormcallError, InvalidInput
from connector.jobs.addresses import check_address
from connector.jobs.events import read_event, recent, sample
from connector.store.ids import moment
from connector.web.auth import needs_key
from connector.web.bodies import read_body, refuse_unknown, text_of
from connector.web.deliveries import described as described_delivery
from connector.web.services import base_address, services

Json = dict[str, Any]

subscriptions = Blueprint("subscriptions", __name__, url_prefix="/v1/subscriptions")

_FIELDS = ("target_url", "event", "authorization")
_LONGEST_HEADER = 4_000
_TEST_SECONDS, _LOOK_SECONDS = 8.0, 0.05
_ENDED_BY_CALLER = "It was deleted with the API key."


@subscriptions.post("")
@needs_key("actions")
def subscribe() -> Response:
    """Tell an address of each run or batch of this key. The same address and event again is the same subscription."""
    given = read_body(request)
    refuse_unknown(given, _FIELDS)
    workshop = services().workshop
    event, url = read_event(given.get("event")), text_of(given, "target_url")
    check_address(workshop.runner.admission.outbound, url, field="target_url")
    row = workshop.subscriptions.subscribe(g.key.id, event, url, authorization=_authorization(given))
    response = jsonify({**described(row), "signing_secret": workshop.deliverer.sign_with(g.key.id)})
    response.status_code = 201
    response.headers["Location"] = f"{base_address()}/v1/subscriptions/{row.id}"  # where Power Automate sends its DELETE
    return response


@subscriptions.get("")
@needs_key("actions")
def list_subscriptions() -> Response:
    """This key's subscriptions, the newest first, also those that have ended and why."""
    return jsonify([described(row) for row in services().workshop.subscriptions.of_key(g.key.id)])


@subscriptions.get("/sample")
@needs_key("actions")
def show_samples() -> Response:
    """What was or would have been sent of this key's last runs, the newest first; a made-up one when there is none."""
    workshop = services().workshop
    event = read_event(request.args.get("event"))
    found = recent(event, g.key.id, records=workshop.records, deliveries=workshop.deliveries)
    if found:
        return jsonify(found)
    _, body = sample(event, workshop.catalogue)
    return Response(f"[{body}]", mimetype="application/json")


@subscriptions.get("/<subscription_id>")
@needs_key("actions")
def get_subscription(subscription_id: str) -> Response:
    """One subscription."""
    return jsonify(described(_own(subscription_id)))


@subscriptions.delete("/<subscription_id>")
@needs_key("actions")
def unsubscribe(subscription_id: str) -> Response:
    """Send nothing more to it, also nothing that waits. A second time changes nothing."""
    row, workshop = _own(subscription_id), services().workshop
    workshop.subscriptions.end(row.id, _ENDED_BY_CALLER)
    workshop.deliveries.drop_waiting(row.id, _ENDED_BY_CALLER)
    return jsonify({"id": row.id, "deleted": True})


@subscriptions.post("/<subscription_id>/test")
@needs_key("actions", counted=True)
def send_sample(subscription_id: str) -> Response:
    """Send a made-up message in its full shape now, once, and say what came of it."""
    row, workshop = _own(subscription_id), services().workshop
    if row.ended_ms:
        raise FormcallError("conflict", f"This subscription has ended: {row.reason} Subscribe again.")
    subject_id, body = sample(row.event, workshop.catalogue)
    sent_id = workshop.deliveries.add(row.key_id, subject_id, row.event, body, url=row.target_url, subscription_id=row.id)
    workshop.deliverer.wake()
    return jsonify(described_delivery(_outcome(sent_id)))


def described(row: Any) -> Json:
    """A subscription without its secrets: of its address the query is left out, where tools put theirs."""
    parts = urlsplit(row.target_url)
    return {
        "id": row.id, "event": row.event, "target_url": f"{parts.scheme}://{parts.netloc}{parts.path}",
        "has_authorization": row.authorization is not None, "active": row.ended_ms is None, "reason": row.reason or "",
        "created_at": moment(row.created_ms), "ended_at": moment(row.ended_ms),
    }  # fmt: skip


def _own(subscription_id: str) -> Any:
    row = services().workshop.subscriptions.find(subscription_id)
    if row is None or (row.key_id != g.key.id and "admin" not in g.key.scopes):
        raise FormcallError("not_found", "There is no such subscription. Check the id; GET /v1/subscriptions lists yours.")
    return row


def _outcome(delivery_id: str) -> Any:
    """The message's record once it was tried, or as it is after a few seconds."""
    until = time.monotonic() + _TEST_SECONDS
    while True:
        row = services().workshop.deliveries.find(delivery_id)
        if row.state != "waiting" or time.monotonic() > until:
            return row
        time.sleep(_LOOK_SECONDS)


def _authorization(given: Json) -> str:
    value = text_of(given, "authorization", needed=False)
    if len(value) > _LONGEST_HEADER or not (value.isascii() and value.isprintable()):
        words = f'"authorization" takes the value of a header: plain letters, digits and signs, at most {_LONGEST_HEADER:,}.'
        raise InvalidInput([FieldError("authorization", "wrong_type", words)])
    return value

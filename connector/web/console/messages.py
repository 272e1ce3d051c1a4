"""Hooks and subscriptions of a key, and the messages that were sent to its receivers."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Response, g, request

from connector.errors import FormcallError
from connector.store.deliveries import STATES
from connector.store.hooks import InboundHook
from connector.web.auth import is_visible, request_actor
from connector.web.console.page import ConsolePage, go_to
from connector.web.services import services

hooks = ConsolePage("Hooks", "/hooks", icon="hook", group="Manage")
deliveries = ConsolePage("Deliveries", "/deliveries", icon="delivery", group="Manage")

_LIMIT = 100


@hooks.get()
def show_hooks() -> Response:
    """The hooks that receive, and the subscriptions that are notified."""
    service = services().service
    return hooks.render(
        "hooks.html",
        entries=service.hooks.list_all(g.key.id),
        subscriptions=[
            (row, urlsplit(row.target_url).hostname or "")
            for row in service.subscriptions.list_by_key(g.key.id)
        ],
        titles=_titles(),
    )


@hooks.post("/<hook_id>/revoke")
def revoke_hook(hook_id: str) -> Response:
    """Revoke a hook: its URL is not answered any more."""
    own: list[InboundHook] = services().service.hooks.list_all(g.key.id)
    if not any(hook.id == hook_id for hook in own):
        raise FormcallError("not_found", "There is no such hook.")
    services().service.hooks.revoke(hook_id, by=request_actor())
    return go_to(hooks.address)


@deliveries.get()
def show_deliveries() -> Response:
    """The newest messages to callbacks and subscribers."""
    state = request.args.get("state", "")
    state = state if state in STATES else ""
    rows = services().service.deliveries.list_by_key(g.key.id, limit=_LIMIT, state=state)
    return deliveries.render(
        "deliveries.html",
        entries=[(row, urlsplit(row.url).hostname or "") for row in rows],
        state=state,
        states=STATES,
    )


@deliveries.post("/<delivery_id>/resend", counted=True)
def resend_message(delivery_id: str) -> Response:
    """Send a message again, under the same id."""
    service = services().service
    row = service.deliveries.find(delivery_id)
    if row is None or not is_visible(row):
        raise FormcallError("not_found", "There is no such message.")
    subscription = service.subscriptions.find(row.subscription_id) if row.subscription_id else None
    if row.subscription_id and (subscription is None or subscription.ended_ms):
        raise FormcallError("conflict", "The subscription of this message has ended.")
    service.deliveries.resend(row)
    service.webhook_sender.wake()
    return go_to(deliveries.address)


def _titles() -> dict[str, str]:
    return {action.id: action.title for action in services().catalogue.values()}

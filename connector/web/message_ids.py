"""The headers in which senders name a message, so that one sent again runs nothing again."""

from __future__ import annotations

from collections.abc import Mapping

# (header, the header that a sender of it also sends, or "")
MESSAGE_ID_HEADERS = (
    ("webhook-id", ""),  # Standard Webhooks
    ("svix-id", ""),  # Svix, Clerk, Resend
    ("X-GitHub-Delivery", ""),
    ("X-Gitea-Delivery", ""),
    ("X-Gitlab-Event-UUID", ""),
    ("X-Shopify-Event-Id", ""),
    ("X-Shopify-Webhook-Id", ""),
    ("X-WC-Webhook-Delivery-ID", ""),  # WooCommerce
    ("I-Twilio-Idempotency-Token", ""),
    ("Twitch-Eventsub-Message-Id", ""),
    ("X-Contentful-Idempotency-Key", ""),
    ("X-Atlassian-Webhook-Identifier", ""),  # Jira, Confluence
    ("X-Zendesk-Webhook-Invocation-Id", ""),
    ("Linear-Delivery", ""),
    ("BOX-DELIVERY-ID", ""),
    ("X-Event-ID", "X-Prolific-Request-Signature"),
    # proxies set X-Request-Id too, so it counts only beside a header of a known sender
    ("X-Request-Id", "X-Signature"),  # Mercado Pago
    ("X-Request-UUID", "X-Hook-UUID"),  # Bitbucket
)


def message_id(headers: Mapping[str, str]) -> str:
    """The id of a message; "" when no known sender named it."""
    given = {name.lower(): value for name, value in headers.items()}
    for name, sender in MESSAGE_ID_HEADERS:
        value = given.get(name.lower(), "").strip()
        if value and (not sender or given.get(sender.lower())):
            return value
    return ""

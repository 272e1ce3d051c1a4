"""The operations that are there whatever the actions are, one module for each subject: its schemas, its examples, its rows."""

from __future__ import annotations

from connector.publish.fixed import batches, catalogue, deliveries, hooks, runs, service, subscriptions
from connector.publish.operations import Operation

FIXED_OPERATIONS: tuple[Operation, ...] = (
    *catalogue.OPERATIONS,
    *runs.OPERATIONS,
    *batches.OPERATIONS,
    *subscriptions.OPERATIONS,
    *deliveries.OPERATIONS,
    *hooks.OPERATIONS,
    *service.OPERATIONS,
)
GROUPS = {
    "text": "Steps that read a text.",
    "answers": "Steps that answer a question.",
    "documents": "Steps that read documents and images.",
    "catalogue": "The actions there are.",
    "runs": "Runs at addresses of their own: where one stands, cancel it, run it again, allow what it asks.",
    "batches": "One action on many rows, such as those of a spreadsheet.",
    "subscriptions": "Addresses that are told of each run or batch (REST hooks).",
    "deliveries": "What was sent to callbacks and subscribers.",
    "hooks": "Addresses that run an action on whatever is posted to them, for tools that can only post.",
    "usage": "What was used and what it cost.",
    "service": "Whether the service is up. No key is needed.",
}

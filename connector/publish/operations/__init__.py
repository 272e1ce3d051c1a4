"""The operations other than the actions, one module for each subject."""

from __future__ import annotations

from collections.abc import Mapping

from connector.publish.operation import Operation
from connector.publish.operations import (
    audit,
    batches,
    catalogue,
    deliveries,
    hooks,
    keys,
    overview,
    reviews,
    runs,
    service,
    subscriptions,
)

SERVICE_OPERATIONS: tuple[Operation, ...] = (
    *catalogue.OPERATIONS,
    *runs.OPERATIONS,
    *reviews.OPERATIONS,
    *batches.OPERATIONS,
    *subscriptions.OPERATIONS,
    *deliveries.OPERATIONS,
    *hooks.OPERATIONS,
    *keys.OPERATIONS,
    *audit.OPERATIONS,
    *overview.OPERATIONS,
    *service.OPERATIONS,
)
# for tools in which an operation is a step of a workflow, with each of its values
STEP_OPERATIONS: Mapping[str, Operation] = {
    **{one.operation_id: one for one in SERVICE_OPERATIONS},
    runs.GET_RUN_STEP.operation_id: runs.GET_RUN_STEP,
}
GROUPS = {
    "text": "Steps that read a text.",
    "answers": "Steps that answer a question.",
    "documents": "Steps that read documents and images.",
    "catalogue": "The list of actions.",
    "runs": (
        "Runs at their own URLs: get the status, cancel, run again, approve or refuse tool calls."
    ),
    "reviews": "Answers and tool calls that wait for a person.",
    "batches": "One action on many rows, such as those of a spreadsheet.",
    "subscriptions": "URLs that are notified of each run or batch (REST hooks).",
    "deliveries": "Messages sent to callbacks and subscribers.",
    "hooks": (
        "URLs that run an action on the data posted to them, for tools that can only send a POST."
    ),
    "keys": "API keys, for a key with the scope admin.",
    "audit": "Who did what, for a key with the scope admin.",
    "usage": "Usage and its cost, and the overview.",
    "service": "Health of the service. No key is needed.",
}

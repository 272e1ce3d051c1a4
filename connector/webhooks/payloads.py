"""Message formats of receivers that do not accept the standard format, found by their URL paths.

A Bubble workflow learns its parameter names and types from the first example that is sent to its
`/initialize`, and rejects messages that differ from it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from connector.catalogue.bubble_payload import flatten_message


def _bubble_payload(body: str) -> str:
    return json.dumps(flatten_message(json.loads(body)), ensure_ascii=False)


# {pattern of the URL path: the message in the receiver's format}
RECEIVERS: dict[re.Pattern[str], Callable[[str], str]] = {
    re.compile(r"(/version-[\w-]+)?/api/1\.1/wf/[^/]+(/initialize)?/?"): _bubble_payload,
}


def adapt(url: str, body: str) -> str:
    """The message in the format that the receiver at ``url`` accepts."""
    path = urlsplit(url).path
    for pattern, payload in RECEIVERS.items():
        if pattern.fullmatch(path):
            return payload(body)
    return body

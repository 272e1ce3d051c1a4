"""Receivers that cannot read a message as it is, by the paths of their addresses, and how theirs is written.

A Bubble workflow takes parameter names and types from the first example that it is sent at its `/initialize`, and refuses what differs.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import urlsplit

from connector.catalogue.plain import plain_message

RECEIVERS: dict[re.Pattern[str], Callable[[str], str]] = {
    re.compile(r"(/version-[\w-]+)?/api/1\.1/wf/[^/]+(/initialize)?/?"): lambda body: json.dumps(
        plain_message(json.loads(body)), ensure_ascii=False
    ),
}


def fitted(url: str, body: str) -> str:
    """The text of a message as what answers at ``url`` can read it."""
    path = urlsplit(url).path
    return next((write(body) for pattern, write in RECEIVERS.items() if pattern.fullmatch(path)), body)

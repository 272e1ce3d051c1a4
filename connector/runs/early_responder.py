"""What answers a caller while the thread that would answer still executes the run."""

from __future__ import annotations

from typing import Protocol

from connector.runs.responses import RunResponse


class EarlyResponder(Protocol):
    """The only response of a request: whoever claims it first sends it."""

    def claim(self) -> bool:
        """Whether the caller has not been answered yet, and is now this thread's to answer."""

    def send(self, response: RunResponse) -> None:
        """Answer the caller, unless the request's own thread does."""

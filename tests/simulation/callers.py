"""The caller's side of a request."""

from __future__ import annotations

from typing import Any

from connector.runs.responses import RunResponse
from tests.simulation.scheduler import Signal


class SimulatedCaller:
    """Receives the answer to one request, as the connection of ``web/early_response.py`` does."""

    def __init__(self) -> None:
        self.answered = Signal()
        self.answer: Any = None
        self._is_claimed = False

    def claim(self) -> bool:
        """Whether the caller has not been answered yet."""
        was_claimed, self._is_claimed = self._is_claimed, True
        return not was_claimed

    def send(self, response: RunResponse) -> None:
        if self.claim():
            self.receive(response)

    def receive(self, answer: Any) -> None:
        """The answer has arrived; only the first one counts."""
        if not self.answered.is_set:
            self.answer = answer
            self.answered.set()

"""What is left of one exchange."""

from __future__ import annotations

import time
from dataclasses import dataclass

from connector.outbound.faults import OutboundError


@dataclass
class Limits:
    """Until when an exchange may last (``time.monotonic``), and how many bytes, as they come over the wire, it may still receive."""

    deadline: float
    bytes_left: int = 0

    def seconds(self) -> float:
        """More than 0. Raises ``OutboundError`` (timeout)."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise OutboundError("timeout")
        return left

    def received(self, count: int) -> None:
        """Raises ``OutboundError`` (too_large)."""
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise OutboundError("too_large")

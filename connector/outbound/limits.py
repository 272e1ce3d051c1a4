"""The limits of one exchange."""

from __future__ import annotations

from connector.deadline_socket import Limits, Violation
from connector.outbound.errors import OutboundError


class ExchangeLimits(Limits):
    """The deadline and the byte budget of one exchange; exceeding one is an ``OutboundError``."""

    def __init__(self, deadline: float, bytes_left: int = 0) -> None:
        self.deadline = deadline
        self.bytes_left = bytes_left

    def error(self, violation: Violation) -> Exception:
        return OutboundError(violation)

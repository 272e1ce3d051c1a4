"""The receivers of a simulation's webhooks: what arrived, and what they answered."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from connector.outbound import OutboundError, OutboundResponse
from tests.simulation.scheduler import Scheduler


class SimulatedOutbound:
    """Stands in for ``Outbound``. ``received`` is {message id: the bodies that arrived}."""

    def __init__(self, scheduler: Scheduler) -> None:
        self.received: dict[str, list[bytes]] = defaultdict(list)
        self.calm = False
        self._scheduler = scheduler

    def check(self, url: str, *, seconds: float) -> None:
        """Every address is public."""

    def request(
        self, method: str, url: str, *, headers: Mapping[str, str], body: bytes, **limits: object
    ) -> OutboundResponse:
        random = self._scheduler.random
        choice = 0.0 if self.calm else random.random()
        self._scheduler.sleep(random.choice((0.05, 0.5, 5.0)))
        if choice > 0.9:
            raise OutboundError("unreachable")
        if choice > 0.8:
            return OutboundResponse(503, {}, b"", 0.1)
        self.received[headers["webhook-id"]].append(body)
        self._scheduler.sleep(random.choice((0.05, 0.5, 14.0)))
        if choice > 0.65:  # it arrived, and the sender does not know
            raise OutboundError("broken")
        return OutboundResponse(200, {}, b"", 0.1)

"""The tools of a simulation, which keep their own account of what was carried out.

A run's tools are called with numbers of seats. No two calls of a history have the same number,
unless the model repeats one on purpose.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from typing import Annotated

from connector.tools import Toolbox, ToolContext, ToolError, tool
from tests.simulation.scheduler import Scheduler

MARK = re.compile(r"\[(t\d+)\]")
BOOK = "book_seat"  # changes something
LOOK = "look_at_seat"

_LATENCIES = (0.05, 0.5, 2.0, 6.0)  # twice the last is longer than a tool may take
_Seat = Annotated[int, "the number of the seat"]


class SimulatedTools:
    """``booked`` counts the bookings that took effect, by (number of the request, seat).

    ``after_booking`` may end the process, before it knows of the booking.
    """

    def __init__(self) -> None:
        self.scheduler: Scheduler
        self.after_booking: Callable[[], None] = lambda: None
        self.booked: Counter[tuple[str, int]] = Counter()
        self.calm = False

    def start_history(self, scheduler: Scheduler) -> None:
        self.scheduler = scheduler
        self.booked = Counter()
        self.calm = False

    def toolbox(self) -> Toolbox:
        @tool("Books a seat.", title="Book a seat", writes=True)
        def book_seat(seat: _Seat, context: ToolContext) -> str:
            latency = self._wait()
            found = MARK.search(context.values["question"])
            self.booked[found[1] if found else "", seat] += 1
            self.after_booking()
            self.scheduler.sleep(latency)
            if self._random() > 0.9:  # it took effect, and nobody knows
                raise ToolError("the airline's answer was lost")
            return f"Seat {seat} is booked."

        @tool("Says whether a seat is free.", title="Look at a seat")
        def look_at_seat(seat: _Seat) -> str:
            self._wait()
            return f"Seat {seat} is free."

        return Toolbox({BOOK: book_seat, LOOK: look_at_seat})

    def _wait(self) -> float:
        """Wait as long as a call takes to its effect; the seconds that the answer takes then."""
        self.scheduler.sleep(latency := self.scheduler.random.choice(_LATENCIES))
        if self._random() > 0.9:
            raise ToolError("the airline does not respond")
        return latency

    def _random(self) -> float:
        return 0.0 if self.calm else self.scheduler.random.random()

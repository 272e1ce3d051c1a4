"""The interface between a run and its budget: a call is reserved before it and booked after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from connector.providers.base import ModelRequest, Reply


class Meter(Protocol):
    """Keeps a run within its limits.

    A meter handles one call at a time; each concurrent call has its own branch.
    """

    def branch(self) -> Any:
        """A meter for calls concurrent with this one's, on the same budget."""
        ...

    def reserve(self, calls: Sequence[tuple[Any, ModelRequest]]) -> None:
        """Reserve the money for all ``calls``, each with the branch that will make it.

        ``FormcallError`` before the first call when the budget does not cover all of them.
        """
        ...

    def before_call(self, request: ModelRequest) -> ModelRequest:
        """The request that may be sent, possibly limited to a shorter answer.

        ``FormcallError`` when none may be sent.
        """
        ...

    def after_call(self, reply: Reply, cost_usd: float | None) -> None:
        """A call has ended with ``reply``."""
        ...

    def call_failed(self, *, outcome_unknown: bool, provider: str = "") -> None:
        """A call has ended without a reply; ``outcome_unknown``: it may have been billed.

        ``provider`` is the name of the one that was called last.
        """
        ...


class NullMeter:
    """No limits and no booking: for the command line and for evaluation."""

    def branch(self) -> NullMeter:
        return self

    def reserve(self, calls: Sequence[tuple[Any, ModelRequest]]) -> None:
        pass

    def before_call(self, request: ModelRequest) -> ModelRequest:
        return request

    def after_call(self, reply: Reply, cost_usd: float | None) -> None:
        pass

    def call_failed(self, *, outcome_unknown: bool, provider: str = "") -> None:
        pass

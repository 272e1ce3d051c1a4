"""The seam between a run and whoever pays for it: each call of the model is allowed before it is made and booked after it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from connector.providers.base import ModelRequest, Reply


class Meter(Protocol):
    """Keeps a run within its limits. One meter sees one call at a time; calls at the same time have a branch each."""

    def branch(self) -> Any:
        """A meter for calls beside this one's, in the same books."""
        ...

    def reserve(self, calls: Sequence[tuple[Any, ModelRequest]]) -> None:
        """See that ``calls``, each with the branch that will make it, can all be paid; ``FormcallError`` before the first if not."""
        ...

    def before(self, request: ModelRequest) -> ModelRequest:
        """The request that may be sent, perhaps with room for a shorter answer; ``FormcallError`` when none may be."""
        ...

    def after(self, reply: Reply, cost_usd: float | None) -> None:
        """A call has ended with ``reply``."""
        ...

    def failed(self, *, unseen: bool) -> None:
        """A call has ended without a reply; ``unseen``: it may have been billed."""
        ...


class Unmetered:
    """No limits, no books: for the command line and for evaluation."""

    def branch(self) -> Unmetered:
        return self

    def reserve(self, calls: Sequence[tuple[Any, ModelRequest]]) -> None:
        pass

    def before(self, request: ModelRequest) -> ModelRequest:
        return request

    def after(self, reply: Reply, cost_usd: float | None) -> None:
        pass

    def failed(self, *, unseen: bool) -> None:
        pass

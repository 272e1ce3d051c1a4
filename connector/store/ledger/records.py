"""Plain data of the ledger: what changes and transactions exchange, and the errors they raise."""

from __future__ import annotations

from dataclasses import dataclass

from connector.errors import FormcallError

OPEN_STATUSES = ("queued", "running")
NEEDS_REVIEW = "needs_review"  # waits for an approval; nothing is reserved or run meanwhile


@dataclass(frozen=True)
class LedgerEntry:
    """One model call as the ledger stores it. ``nusd`` None: its price is unknown."""

    step: int
    model: str
    input_tokens: int = 0
    cached_tokens: int = 0
    output_tokens: int = 0
    reasoning_tokens: int = 0
    nusd: int | None = 0
    estimated: bool = False
    provider: str = ""


@dataclass(frozen=True)
class BudgetLimits:
    """The budgets of a key in nano-dollars and its limit of concurrent runs; None: no limit."""

    day: int | None = None
    month: int | None = None
    max_concurrent: int | None = None

    @property
    def has_budget(self) -> bool:
        return self.day is not None or self.month is not None


NO_LIMITS = BudgetLimits()


@dataclass(frozen=True)
class Reservation:
    """``nusd`` are reserved for the next call of this ``attempt`` of the run."""

    nusd: int
    attempt: int = 1


@dataclass(frozen=True)
class DuplicateKey:
    """Another run already has this idempotency key: its id, and the digest of its request."""

    id: str
    digest: str


class BudgetContended(FormcallError):
    """The budget is held by reservations of running calls; it may be free when they end."""

    def __init__(self, budget_name: str) -> None:
        detail = f"{budget_name} is reserved by running calls. Try again in a few seconds."
        super().__init__("budget_reserved", detail, retry_after=2)


class StoreUnavailable(FormcallError):
    """The database did not confirm a change. It may have been written; writing it again is safe."""

    def __init__(self) -> None:
        detail = "The service's database does not respond. Try again in a few seconds."
        super().__init__("busy", detail, retry_after=5)


class RunSuperseded(FormcallError):
    """The run no longer belongs to this process: it ended, was taken over, or is cancelled."""

    def __init__(self, status: str) -> None:
        code = "cancelled" if status == "cancelled" else "internal"
        super().__init__(code, f"The run is {status}.")
        self.status = status


def callback_urls(stored: str | None) -> list[str]:
    """The URLs in a ``callback_url`` column, one a line."""
    return stored.split("\n") if stored else []

"""Money as whole nano-dollars: a token of the cheapest model costs dozens of them, so nothing is rounded away."""

from __future__ import annotations

from decimal import Decimal

NANO = 1_000_000_000


def nano(usd: float | str | Decimal) -> int:
    """Dollars as nano-dollars, rounded down: a limit is never made larger."""
    return int(Decimal(str(usd)) * NANO)


def nano_of_cost(cost: float | None) -> int | None:
    """What a call cost as whole nano-dollars; None when its price is not known."""
    return None if cost is None else round(cost * NANO)


def usd(amount: int | None) -> float | None:
    """Nano-dollars as the number that an answer carries."""
    return None if amount is None else amount / NANO


def dollars(amount: int) -> str:
    """Nano-dollars for a person: as many digits as matter."""
    number = Decimal(amount) / NANO
    text = f"{number:.2f}" if number == round(number, 2) else f"{number:.9f}".rstrip("0")
    return f"${text}"

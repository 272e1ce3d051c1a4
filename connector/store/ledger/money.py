"""Money as whole nano-dollars, so that even the cheapest token's price is not rounded away."""

from __future__ import annotations

from decimal import Decimal

NANO = 1_000_000_000


def to_nano(usd: float | str | Decimal) -> int:
    """US dollars as nano-dollars, rounded down: a limit never becomes larger."""
    return int(Decimal(str(usd)) * NANO)


def cost_to_nano(cost: float | None) -> int | None:
    """The cost of a call in US dollars as whole nano-dollars; None when it is unknown."""
    return None if cost is None else round(cost * NANO)


def to_usd(amount: int | None) -> float | None:
    """Nano-dollars as the number of US dollars in a response."""
    return None if amount is None else amount / NANO


def format_usd(amount: int) -> str:
    """Nano-dollars as text such as $0.25, with as many digits as matter."""
    number = Decimal(amount) / NANO
    text = f"{number:.2f}" if number == round(number, 2) else f"{number:.9f}".rstrip("0")
    return f"${text}"

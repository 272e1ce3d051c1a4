"""The scopes and the limits of API keys, and how they are written in commands and requests."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from connector.catalogue.options import REVIEW_POLICIES
from connector.errors import FormcallError
from connector.store.ledger.money import format_usd, to_nano
from connector.store.ledger.records import BudgetLimits

SCOPES = ("actions", "tools", "review", "admin")
DEFAULT_SCOPES = ("actions", "tools")
# a tool that acts outside the form, by its name, or all of them
_TOOL_SCOPE = re.compile(r"tool:([a-z][a-z0-9_]{0,39}|\*)")
# the runs of one key that wait for a person, by the key's id
_REVIEW_SCOPE = re.compile(r"review:key_[0-9a-f]{16}")
NO_LIMIT = "none"  # the word that removes a limit
_MAX_DOLLARS = 1_000_000
_MAX_COUNT = 1_000_000
_MAX_DIGITS = 40
A_COUNT = f"a whole number from 1 to {_MAX_COUNT:,}"
AN_AMOUNT = f"an amount of dollars from 0 to {_MAX_DOLLARS:,}"


@dataclass(frozen=True)
class KeyLimits:
    """The limits of a key; None: no limit.

    ``rate_per_minute`` calls, ``at_once`` concurrent runs, budgets in nano-dollars by UTC days.
    """

    rate_per_minute: int | None = None
    at_once: int | None = None
    budget_run_nusd: int | None = None
    budget_day_nusd: int | None = None
    budget_month_nusd: int | None = None

    @property
    def has_budget(self) -> bool:
        budgets = (self.budget_run_nusd, self.budget_day_nusd, self.budget_month_nusd)
        return any(budget is not None for budget in budgets)

    def budget_limits(self) -> BudgetLimits:
        """The limits that the ledger enforces."""
        return BudgetLimits(self.budget_day_nusd, self.budget_month_nusd, self.at_once)

    def __str__(self) -> str:
        parts: list[str] = []
        if self.rate_per_minute is not None:
            parts.append(f"{self.rate_per_minute} calls a minute")
        if self.at_once is not None:
            parts.append(f"{self.at_once} at once")
        budgets = {
            "run": self.budget_run_nusd,
            "day": self.budget_day_nusd,
            "month": self.budget_month_nusd,
        }
        for period, amount in budgets.items():
            if amount is not None:
                parts.append(f"{format_usd(amount)} a {period}")
        return ", ".join(parts)


# of a new key that is given no rate: a loop or a leaked key has an end, and people never meet it
DEFAULT_LIMITS = KeyLimits(rate_per_minute=3_000)


def read_count(value: Any) -> int | None:
    """A number of calls or runs, None for the word none; ``ValueError`` says what is accepted."""
    text = _plain_text(value)
    if text == NO_LIMIT:
        return None
    is_number = text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS
    if not is_number or not 1 <= int(text) <= _MAX_COUNT:
        raise ValueError(A_COUNT)
    return int(text)


def read_dollars(value: Any) -> int | None:
    """An amount of dollars in nano-dollars, None for the word none; ``ValueError`` as above."""
    text = _plain_text(value)
    if text == NO_LIMIT:
        return None
    try:
        amount = Decimal(text.removeprefix("$")[:_MAX_DIGITS])
        is_valid = len(text) <= _MAX_DIGITS and 0 <= amount <= _MAX_DOLLARS
    except InvalidOperation:  # not a number, or one of the decimal NaN values
        is_valid = False
    if not is_valid:
        raise ValueError(AN_AMOUNT)
    return to_nano(amount)


def _plain_text(value: Any) -> str:
    """A JSON value as a person would write it: 60 for 60.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip().lower()


def check_review(review: str) -> str:
    """``review``, which is a policy or ""; ``FormcallError`` (bad_request) for any other word."""
    if review and review not in REVIEW_POLICIES:
        raise FormcallError(
            "bad_request", f'"{review[:40]}" is not one of {", ".join(REVIEW_POLICIES)}.'
        )
    return review


def check_scopes(scopes: Sequence[str]) -> Sequence[str]:
    """``scopes``; ``FormcallError`` (bad_request) when one of them is none."""
    for scope in scopes:
        is_named = _TOOL_SCOPE.fullmatch(scope) or _REVIEW_SCOPE.fullmatch(scope)
        if scope not in SCOPES and not is_named:
            raise FormcallError(
                "bad_request",
                f'"{scope[:60]}" is not a scope; the scopes are {", ".join(SCOPES)}, tool:NAME for '
                "a tool that acts outside the form, and review:KEY_ID for the runs of one key.",
            )
    return scopes


# the names of limits in requests, the field of KeyLimits that each sets, and its reader
LIMIT_READERS: Mapping[str, tuple[str, Callable[[Any], int | None]]] = {
    "rate_per_minute": ("rate_per_minute", read_count),
    "at_once": ("at_once", read_count),
    "budget_run_usd": ("budget_run_nusd", read_dollars),
    "budget_day_usd": ("budget_day_nusd", read_dollars),
    "budget_month_usd": ("budget_month_nusd", read_dollars),
}

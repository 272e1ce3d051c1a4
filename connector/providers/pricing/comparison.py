"""What models cost in comparison, and which of a model's successors cost less than the first."""

from __future__ import annotations

from connector.providers.base import Usage
from connector.providers.pricing.models import Model, Models

TICKET = Usage(input=500, output=200)  # a short text that is sorted, with a little reasoning
TICKETS = 1_000


def tickets_usd(row: Model) -> float | None:
    """US dollars for 1,000 tickets; None when the row has no price."""
    cost = row.cost_nano_usd(TICKET)
    return None if cost is None else cost * TICKETS / 1e9


def cheaper_successors(models: Models, model: str) -> tuple[Model, ...]:
    """The priced rows that follow ``model`` in a list of successors and cost less than it does.

    A model that is to be replaced is compared by the model that replaces it.
    """
    row = models.find(models.replacement(model) or model)
    price = tickets_usd(row)
    if price is None:
        return ()
    following = {
        name: models.find(name)
        for other in models.rows.values()
        if row.id in other.successors
        for name in other.successors[other.successors.index(row.id) + 1 :]
    }
    priced = ((tickets_usd(other), other) for other in following.values())
    return tuple(other for usd, other in priced if usd is not None and usd < price)


def cheaper_successor_note(models: Models, model: str) -> str:
    """A sentence on the successor that costs less than the first one; "" when none does."""
    row = models.find(models.replacement(model) or model)
    cheaper = cheaper_successors(models, model)
    if not cheaper:
        return ""
    before = tickets_usd(row) or 0.0
    after = tickets_usd(cheaper[0]) or 0.0
    return (
        f"{cheaper[0].id} costs {after / before:.0%} of {row.id} (${after:.2f} instead of "
        f"${before:.2f} for {TICKETS:,} tickets)."
    )

"""How a rule is checked."""

from __future__ import annotations


def require(holds: object, rule: str, *evidence: object) -> None:
    """``AssertionError`` with the rule's name and the evidence unless it holds."""
    if not holds:
        raise AssertionError(f"{rule}: {', '.join(map(str, evidence))}")

"""Targets of a measurement, and how they are printed."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Check:
    """A measured value and its target: the most, or with ``at_least`` the least."""

    name: str
    value: float
    target: float
    at_least: bool = False

    @property
    def is_met(self) -> bool:
        return self.value >= self.target if self.at_least else self.value <= self.target

    def __str__(self) -> str:
        operator = ">=" if self.at_least else "<="
        mark = "ok  " if self.is_met else "MISS"
        return f"{mark} {self.name}: {self.value:.2f} (target {operator} {self.target})"


def report(checks: Sequence[Check]) -> int:
    """Print the checks; the exit status of the command."""
    for check in checks:
        print(check)
    return 0 if all(check.is_met for check in checks) else 1


def median_ratio(values: Sequence[float], others: Sequence[float]) -> float:
    """The median of the ratios of consecutive rounds, whose speed the machine changes alike."""
    pairs = zip(values, others, strict=True)
    return statistics.median(value / other for value, other in pairs)

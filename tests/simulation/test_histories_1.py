"""Histories under faults keep every rule: the first part of the seeds."""

from __future__ import annotations

import pytest

from tests.simulation.groups import GROUPS, check_group
from tests.simulation.world import World

pytestmark = pytest.mark.slow


@pytest.mark.attack(
    "Crashes, lost answers, a full disk and jumps of the clock at the worst moments",
    "seeded histories: nothing is lost, told twice, paid twice, called twice or spent beyond a "
    "budget",
)
@pytest.mark.parametrize("group", range(GROUPS))
def test_every_rule_holds_in_each_history(world: World, group: int) -> None:
    """The rules are those of ``invariants`` and ``tool_rules``."""
    check_group(world, 0, group)

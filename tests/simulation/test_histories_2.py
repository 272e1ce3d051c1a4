"""Histories under faults keep every rule: the second part of the seeds."""

from __future__ import annotations

import pytest

from tests.simulation.groups import GROUPS, check_group
from tests.simulation.world import World

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("group", range(GROUPS))
def test_every_rule_holds_in_each_history(world: World, group: int) -> None:
    """The rules are those of ``invariants`` and ``tool_rules``."""
    check_group(world, 1, group)

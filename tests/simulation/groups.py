"""The histories of the test run, in parts that several test processes share."""

from __future__ import annotations

import pytest

from tests.simulation.history import History
from tests.simulation.invariants import check
from tests.simulation.world import World

# about 50 ms of processor time each; `make simulate N=100000` runs more of them
HISTORIES = 2_000
PARTS = 2  # one test file each
GROUPS = 10  # of a part, each a test
_COUNT = HISTORIES // PARTS // GROUPS


def check_group(world: World, part: int, group: int) -> None:
    """Run the histories of a group; the first that breaks a rule fails the test."""
    first = 1 + (part * GROUPS + group) * _COUNT
    for seed in range(first, first + _COUNT):
        history = History(world, seed)
        try:
            history.run()
            check(history)
        except Exception as error:
            pytest.fail(f"seed {seed}: {error} (again: make simulate SEED={seed} N=1)")

"""One world for the histories of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.simulation.world import World, simulated_world


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    with simulated_world() as world:
        yield world

"""Child processes that read files: one key's cannot take the slots of all others."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from connector.documents.child_slots import ChildSlots, children_of
from tests.support.service_harness import wait_until


def test_one_key_leaves_slots_for_others() -> None:
    """A key gets its share at most, also while no other one wants the rest."""
    slots = ChildSlots(2, 3)
    with ExitStack() as stack:
        given = []
        for key in ("a", "a", "a", "b", "c"):
            with children_of(key):
                given.append(stack.enter_context(slots.take(time.monotonic())))
        assert given == [True, True, False, True, False]
    assert not slots._running


def test_a_slot_is_waited_for() -> None:
    """The next file of a key is read when one of its children has ended, if that is in time."""
    slots = ChildSlots(1, 2)

    def take(deadline: float) -> bool:
        with children_of("a"), slots.take(deadline) as has_slot:
            return has_slot

    with ThreadPoolExecutor(1) as pool:
        with children_of("a"), slots.take(time.monotonic()):
            assert not take(time.monotonic())
            waiting = pool.submit(take, time.monotonic() + 60)
            wait_until(waiting.running)
            assert not waiting.done()
        assert waiting.result(60)

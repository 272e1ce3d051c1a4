"""Places for requests that keep a thread: few, fewer for one key, and given back."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from connector.web.places import Places
from tests.support.service_harness import wait_until


def test_places_are_given_back() -> None:
    """One key gets its share, others the rest; a place is free again after its block."""
    places = Places(3, 2)
    with ExitStack() as stack:
        given = [stack.enter_context(places.take(key)) for key in "aaabbc"]
        assert given == [True, True, False, True, False, False]
    with ExitStack() as stack:
        assert all(stack.enter_context(places.take(key)) for key in "bba")
    assert (places._taken, places._asking) == (Counter(), Counter())


def test_a_place_is_waited_for() -> None:
    """A request waits for a place; of one key only as many wait as it may have places."""
    places = Places(1, 1)

    def ask(_: int) -> bool:
        with places.take("a", seconds=60) as has_place:
            return has_place

    with ThreadPoolExecutor(1) as pool:
        with places.take("b"):
            waiting = pool.submit(ask, 0)
            wait_until(lambda: places._asking["a"])
            assert not ask(1)
        assert waiting.result(60)

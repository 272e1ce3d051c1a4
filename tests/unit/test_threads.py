"""The thread pool of requests: all calls are run by as few threads as possible, the last used
first; others end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from connector.web.threads import LifoThreadPool, Task
from tests.support.service_harness import wait_until


class Held:
    """Calls that last until they are let go, and the threads that made them."""

    def __init__(self) -> None:
        self.gate, self.names = threading.Event(), list[int]()

    def __call__(self) -> int:
        self.names.append(threading.get_ident())
        assert self.gate.wait(20)
        return threading.get_ident()


@pytest.fixture
def threads() -> LifoThreadPool:
    return LifoThreadPool(4, idle_seconds=0.2)


def ended(work: Task) -> Task:
    """``work`` once it has ended, as who is called back by it sees."""
    seen = threading.Event()
    work.add_done_callback(lambda _: seen.set())
    assert seen.wait(20)
    return work


def test_at_most_so_many(threads: LifoThreadPool) -> None:
    """More calls than threads wait their turn, in order, and all are made."""
    held, order = Held(), list[int]()
    works = [threads.submit(held) for _ in range(4)]
    works += [threads.submit(order.append, number) for number in range(50)]
    wait_until(lambda: len(held.names) == 4)
    assert (threads.count, order) == (4, [])
    held.gate.set()
    for work in works:
        ended(work)
    assert len(set(held.names)) == 4
    assert sorted(order) == list(range(50))


def test_brief_calls_have_threads_of_their_own() -> None:
    """While long calls have all their threads and more of them wait, brief ones are made, also
    only so many; then all others."""
    threads, long, brief, order = LifoThreadPool(2, brief_threads=1), Held(), Held(), list[int]()
    works = [threads.submit(long) for _ in range(4)]
    wait_until(lambda: len(long.names) == 2)
    works.append(threads.submit(brief, brief=True))
    wait_until(lambda: len(brief.names) == 1)
    works.append(threads.submit(order.append, 1, brief=True))
    assert (threads.count, len(long.names), order) == (3, 2, [])
    brief.gate.set()
    wait_until(lambda: order == [1])
    assert len(long.names) == 2
    long.gate.set()
    for work in works:
        ended(work)
    assert len(long.names) == 4


def test_the_last_used_is_used_first(threads: LifoThreadPool) -> None:
    """One call after the other is made by one thread, however many there are."""
    held = Held()
    burst = [threads.submit(held) for _ in range(4)]
    held.gate.set()
    for work in burst:
        ended(work)
    wait_until(lambda: len(threads._idle) == 4)
    used = set()
    for _ in range(30):
        used.add(ended(threads.submit(threading.get_ident)).result())
        wait_until(lambda: len(threads._idle) == 4)
    assert len(used) == 1


def test_nobody_is_kept_for_nothing(threads: LifoThreadPool) -> None:
    """Threads that have no work end; the next call begins a new one."""
    held = Held()
    for _ in range(4):
        threads.submit(held)
    wait_until(lambda: len(held.names) == 4)
    held.gate.set()
    wait_until(lambda: threads.count == 0)
    assert ended(threads.submit(lambda: "again")).result() == "again"


def test_leaving_and_being_needed_at_the_same_moment() -> None:
    """A thread that gives up waiting as a call comes for it makes that call: none is lost, whatever
    the moment."""
    threads, done = LifoThreadPool(3, idle_seconds=0.0005), list[int]()
    with ThreadPoolExecutor(4) as callers:
        list(callers.map(lambda number: ended(threads.submit(done.append, number)), range(3_000)))
    assert sorted(done) == list(range(3_000))
    wait_until(lambda: threads.count == 0)


def test_a_call_that_fails(threads: LifoThreadPool) -> None:
    """What goes wrong in a call, or in what follows it, is the caller's to see, and the thread goes
    on."""

    def fails(*_: object) -> None:
        raise LookupError("no")

    work = ended(threads.submit(fails))
    with pytest.raises(LookupError):
        work.result()
    held = Held()
    work = threads.submit(held)
    work.add_done_callback(fails)
    held.gate.set()
    ended(work)
    assert ended(threads.submit(lambda: 1)).result() == 1
    assert not work.cancelled()


def test_a_machine_without_more_threads(
    threads: LifoThreadPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where no more threads can be had, the calls wait for those there are; where there is none,
    who asks is told."""
    held = Held()
    first = threads.submit(held)
    wait_until(lambda: bool(held.names))

    def refuses(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuses)
        second = threads.submit(lambda: "made")
        with pytest.raises(RuntimeError):
            LifoThreadPool(1).submit(print)
    held.gate.set()
    ended(first)
    assert ended(second).result() == "made"


@pytest.mark.parametrize("wait", [True, False])
def test_the_end(threads: LifoThreadPool, wait: bool) -> None:
    """After the end no calls are taken; those that were taken are made, and all threads end."""
    held = Held()
    works: list[Task] = [threads.submit(held) for _ in range(6)]
    wait_until(lambda: len(held.names) == 4)
    threads.shutdown(wait=wait)
    call: Callable[[], None] = lambda: None  # noqa: E731
    with pytest.raises(RuntimeError):
        threads.submit(call)
    held.gate.set()
    for work in works:
        ended(work)
    wait_until(lambda: threads.count == 0)


def test_idle_threads_end_with_the_rest() -> None:
    threads = LifoThreadPool(2, idle_seconds=600)
    thread = ended(threads.submit(threading.current_thread)).result()
    wait_until(lambda: len(threads._idle) == 1)
    threads.shutdown()
    thread.join(20)
    assert (thread.is_alive(), threads.count) == (False, 0)

"""Launch and stop of the job queue, where they meet."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from connector.durable.queue import JobQueue
from connector.errors import FormcallError


def test_a_stop_waits_for_a_launch_and_lets_no_other_begin(tmp_path: Path) -> None:
    """Else the engine would start after its service has stopped, and hold the process's only one
    for good."""
    queue = JobQueue(f"sqlite:///{tmp_path}/jobs.db", role="all", host="local", threads=1)
    queue.register("job", lambda steps: None, queue="queue")
    queue.queue("queue", concurrency=1)
    entered, release, stopped = threading.Event(), threading.Event(), threading.Event()
    launches = []

    def launch() -> None:
        launches.append(1)
        entered.set()
        release.wait(30)
        raise FormcallError("busy", "The database is away.")

    def enqueue() -> None:
        with pytest.raises(FormcallError, match="still starting"):
            queue.enqueue("queue", "job", "id")

    def stop() -> None:
        queue.stop(0)
        stopped.set()

    queue.launch_on_demand(launch)
    caller, stopper = threading.Thread(target=enqueue), threading.Thread(target=stop)
    caller.start()
    assert entered.wait(30)
    stopper.start()
    assert not stopped.wait(0.2)
    release.set()
    assert stopped.wait(30)
    caller.join(30)
    with pytest.raises(FormcallError, match="stopping"):
        queue.enqueue("queue", "job", "id")
    assert len(launches) == 1

"""A body that is refused takes little memory until it is: its bounds are checked first."""

from __future__ import annotations

import os
import resource
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.hostile_bodies import BODIES
from tests.support.web_app import WebApp

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

_MOST_MEMORY = 100_000_000  # bytes above that of the idle process, with the body itself
_CPU_SECONDS = 60  # a guard: each takes a second


@pytest.mark.attack(
    "A body that is small and becomes huge when it is read (columns, fields, depth)",
    "refused before it takes memory",
)
@pytest.mark.parametrize("name", BODIES)
def test_a_refused_body_takes_little_memory(web: WebApp, name: str) -> None:
    """16 MB of anything are refused with at most 100 MB, and not by a failure of ours."""
    hostile = BODIES[name]

    def post() -> None:
        idle = _memory("VmRSS")
        response = web.client.post(
            hostile.url,
            data=hostile.make(),
            headers={**web.headers, "Content-Type": hostile.media_type},
        )
        assert 400 <= response.status_code < 500, response.get_data()[:300]
        assert _memory("VmHWM") - idle <= _MOST_MEMORY

    _in_child(post)


def _in_child(function: Callable[[], None]) -> None:
    """Run ``function`` in a fork of this process, whose peak of memory is its own."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
            function()
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(ended) == 0


def _memory(name: str) -> int:
    """A figure of /proc/self/status, in bytes."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) * 1_024
    raise LookupError(name)

"""What this process may use of its machine, or of the container that it is in."""

from __future__ import annotations

import math
import os
from pathlib import Path

_CGROUP = Path("/sys/fs/cgroup")
_MIB = 2**20
_MIN_IN_FLIGHT = 128
_MAX_IN_FLIGHT = 1_024
# a run that waits for its model takes a thread and some dozen kilobytes; the rest is for its text
_MIB_PER_RUN = 2


def count_processors(cgroup: Path = _CGROUP) -> int:
    """The processors that this process may use: those of the machine, or fewer in a container."""
    count = len(os.sched_getaffinity(0))
    try:
        quota, period = (cgroup / "cpu.max").read_text().split()
        return min(count, max(1, math.ceil(int(quota) / int(period))))
    except (OSError, ValueError):  # not in a container, or "max": it has no limit
        return count


def memory_bytes(cgroup: Path = _CGROUP) -> int:
    """The memory that this process may use: that of the machine, or less in a container."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(total, int((cgroup / "memory.max").read_text()))
    except (OSError, ValueError):
        return total


def runs_that_fit(memory: int | None = None) -> int:
    """How many runs a process has in progress at once by default; ``memory`` in bytes."""
    available = (memory_bytes() if memory is None else memory) // _MIB
    return min(_MAX_IN_FLIGHT, max(_MIN_IN_FLIGHT, available // _MIB_PER_RUN))

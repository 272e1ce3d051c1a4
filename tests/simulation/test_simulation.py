"""A seed replays exactly, and planted faults are found; ``test_histories_*`` run the histories."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.simulation.history import History
from tests.simulation.invariants import check
from tests.simulation.planted import FAULTS, PlantedFault
from tests.simulation.world import World
from tests.support.samples import ROOT

pytestmark = pytest.mark.slow

SEARCHED = 400  # the seeds in which a planted fault must show


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_is_found_and_its_seed_finds_it_again(
    world: World, fault: PlantedFault
) -> None:
    with fault.planted():
        seed, problem = _first_failure(world)
        assert any(rule in problem for rule in fault.rules), f"seed {seed}: {problem}"
        assert _failure(world, seed) == problem
    print(f"found by seed {seed}: {problem}")
    assert _failure(world, seed) == "", "without the fault, the same history keeps every rule"


def test_a_seed_is_the_same_history_in_another_process() -> None:
    assert _digest(hash_seed="1") == _digest(hash_seed="2")


def test_histories_leave_no_file_open(world: World) -> None:
    """Else later tests of the same process run out of file descriptors."""

    def count_files(seed: int) -> int:
        History(world, seed).run()
        world.disk.close()
        return len(os.listdir("/proc/self/fd"))

    before = count_files(1)
    assert max(count_files(seed) for seed in range(2, 12)) <= before


def _digest(*, hash_seed: str) -> str:
    command = [sys.executable, "-m", "tests.simulation", "--seed", "3", "--count", "4", "--digest"]
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    )
    assert len(done.stdout.splitlines()) == 5
    return done.stdout


def _first_failure(world: World) -> tuple[int, str]:
    for seed in range(1, 1 + SEARCHED):
        if problem := _failure(world, seed):
            return seed, problem
    raise AssertionError(f"{SEARCHED} histories did not find the fault")


def _failure(world: World, seed: int) -> str:
    """The rule that the history of a seed breaks, "" for none."""
    history = History(world, seed)
    try:
        history.run()
        check(history)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return ""

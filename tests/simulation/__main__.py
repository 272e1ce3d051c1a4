"""python -m tests.simulation [--seed 1] [--count 2000]; see ``make simulate``."""

from __future__ import annotations

import argparse
import sys
import traceback

from tests.simulation.history import History
from tests.simulation.invariants import check
from tests.simulation.world import simulated_world


def main() -> int:
    """Run the histories; the first that breaks a rule is shown, and ends with status 1."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--count", type=int, default=2_000, help="the number of seeds")
    parser.add_argument("--digest", action="store_true", help="print a digest of each history")
    options = parser.parse_args()
    with simulated_world() as world:
        for seed in range(options.seed, options.seed + options.count):
            history = History(world, seed)
            try:
                history.run()
                check(history)
            except Exception:
                print(*history.log, sep="\n")
                traceback.print_exc()
                print(f"seed {seed} fails; again: make simulate SEED={seed} N=1", file=sys.stderr)
                return 1
            if options.digest:
                print(seed, history.digest())
    print(f"{options.count} histories from seed {options.seed}: every rule held")
    return 0


if __name__ == "__main__":
    sys.exit(main())

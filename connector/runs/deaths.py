"""When a run is given up: it may be what ends the processes that execute it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection

from connector.durable.queue import elsewhere, supervised_by
from connector.errors import FormcallError
from connector.store.ledger.control_changes import RecordDeath
from connector.store.ledger.group_commit import Ledger
from connector.store.rows import RunRow

log = logging.getLogger("formcall")

MAX_DEATHS = 3  # in a row
# in a row, where several workers share the database: a third could end one of them once more
_MAX_WORKER_DEATHS = 2
# how long a worker leaves to the others what has ended the worker in whose place it was started
_YIELD_SECONDS = 10.0


def no_workers() -> Collection[str]:
    """The workers of a service that executes its runs itself."""
    return ()


class Takeovers:
    """The runs that this process (``host``) has taken over from processes that died.

    ``workers`` returns the hosts of the workers that share the database.
    """

    def __init__(
        self,
        ledger: Ledger,
        host: str,
        workers: Callable[[], Collection[str]] = no_workers,
        *,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._ledger = ledger
        self._host = host
        self._workers = workers
        self._sleep = sleep
        self._attempts: dict[str, int] = {}  # the dead attempt, until the next one has started

    def take_over(self, row: RunRow) -> None:
        """Count the death of a run's process, once; ``FormcallError`` (gave_up) after too many.

        Where several workers share the database, a run that has ended one is left to another, and
        two deaths are too many: it costs each of them one restart at most.

        Executing the run once more could end this process too, with everything else that it
        executes. ``RunSuperseded`` when another process has taken it over.
        """
        if self._attempts.get(row.id) == row.attempt:
            return  # the next attempt waits for the database, or for its budget
        most = self._max_deaths(row)
        change = RecordDeath(row.id, row.attempt, row.deaths or 0, self._host)
        deaths = self._ledger.write(change)
        if deaths >= most:
            log.error(
                "a run was given up: %d processes in a row died during it, the last was %s",
                deaths,
                row.host,
                extra={"run_id": row.id},
            )
            when = f"while it executed the run, the last time in {row.host}"
            raise gave_up(f"{when} (attempt {row.attempt})", deaths)
        self._attempts[row.id] = row.attempt

    def _max_deaths(self, row: RunRow) -> int:
        """After how many deaths the run is given up; waits where another worker is to take it."""
        workers = self._workers()
        if self._host not in workers:
            return MAX_DEATHS
        if not elsewhere(self._host, {*workers, row.host}):
            return MAX_DEATHS  # this worker is the only one
        # the rows of a batch are executed by the job that holds their chunk, here or elsewhere
        if not row.batch_id and supervised_by(row.host) == supervised_by(self._host):
            self._sleep(_YIELD_SECONDS)
        return _MAX_WORKER_DEATHS

    def forget(self, run_id: str) -> None:
        """The run's next attempt has started, or will not."""
        self._attempts.pop(run_id, None)


def gave_up(when: str, deaths: int = MAX_DEATHS) -> FormcallError:
    """The error of a run whose process ended ``deaths`` times, ``when``."""
    return FormcallError(
        "gave_up",
        f"The process of this run ended {deaths} times in a row {when}. It is not tried again "
        "by itself. Calls whose end is unknown are charged at the most that they can have cost. "
        "Check the text and the files of this run; then retry it.",
    )

"""The rows of an economy batch on their way: reserved and written down, read when they come back, asked live when that is of no use.

What comes back for a row is read and checked as the answer to a live call is, and booked at the price of the provider's batches.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import IO, TYPE_CHECKING, Any, NamedTuple

from sqlalchemy.exc import SQLAlchemyError

from connector.engine.run import Outcome
from connector.engine.turns import Run
from connector.errors import FormcallError, ProviderError
from connector.jobs.admission import Asked
from connector.jobs.ended import see_end
from connector.jobs.intake import STOPPING, not_for_economy
from connector.jobs.purse import Purse
from connector.jobs.runner import Runner
from connector.jobs.steps import places
from connector.jobs.telling import told_outcome
from connector.providers.base import ModelRequest, Reply, Usage
from connector.store.economy import AGAIN, LIVE, PAGE, Deliver, Part, Places, PutBack, host_of, write_together
from connector.store.ids import today
from connector.store.keys import Key
from connector.store.money import usd
from connector.store.notes import Entry, Gone, Note, Start, Unwritten

if TYPE_CHECKING:
    from connector.providers.faults import Failure
    from connector.providers.offline import Line, Offline
    from connector.providers.openai import Manner

log = logging.getLogger("formcall")

TIER = "batch"

# what a model may do better when it is asked live, with room for a repair
_UNUSABLE = {"invalid_output", "output_truncated", "refused"}
_NO_MONEY = {"budget_exceeded", "budget_reserved"}
_REVOKED = "The API key of this batch was revoked."
_MISSING = "The provider's batch has no answer for this row, and nobody knows whether it was billed."
_NOT_RUN = "The provider's batch ended before this row's turn; it was not billed. Send it again, or run it without economy."
_CANCELLED = "The batch was cancelled before the provider got to this row; nothing was spent on it."
_ABANDONED = "The batch was cancelled while this row was under way; nobody knows whether its call was billed."
_WRONG = "Something went wrong on our side. If it happens again, give the operator this id: {}."
_SIGNS = 64  # bytes by which a line may be longer than it was thought to be: its attempt and its limit have more digits


class Sent(NamedTuple):
    """A row, and the run that it is."""

    row: Any
    asked: Asked

    @property
    def run(self) -> Run:
        return self.asked.run


class Step(NamedTuple):
    """What becomes of a row; without an ``outcome`` it goes on."""

    note: Note
    sent: Sent
    outcome: Outcome | None = None


@dataclass
class Filled:
    """How far a part was filled: the ``rows`` that found no room, and why others could not be paid for."""

    lines: int
    size: int
    rows: Sequence[Any]
    short: FormcallError | None


class Rows:
    """The rows of ``batch``, which ``key`` pays for. ``beat`` is called now and then, and raises when this process is to leave them.

    ``live``: a row whose answer cannot be used is asked once more live. ``cancelled``: nothing more is asked.
    """

    def __init__(
        self, runner: Runner, places: Places, offline: Offline, batch: Any, key: Key, *, live: bool, beat: Callable[[], object]
    ) -> None:
        self._runner, self._places, self._offline = runner, places, offline
        self._engine, self._journal, self._settings = runner.engine, runner.journal, runner.engine.settings
        self._batch, self._key, self._beat = batch, key, beat
        self._has_budget = batch.budget_nusd is not None
        self.live, self.cancelled = live, batch.status == "cancelled"
        self.stopped: FormcallError | None = None  # what met a row and would meet all of them

    # --- there ---

    def reserve(self, part: Part, rows: Sequence[Any], lines: int, size: int) -> Filled:
        """Put so many of ``rows`` into a part as have room in ``lines`` and ``size`` (bytes), each with the most that it can cost."""
        starts: list[tuple[Any, Start]] = []
        filled = Filled(0, 0, (), None)
        for number, row in enumerate(rows):
            try:
                start, length = self._start(part, row)
            except FormcallError as error:
                if error.code in STOPPING:
                    filled.short = error
                else:
                    self._runner.fail(row, error)
                continue
            if filled.lines + 1 > lines or filled.size + length > size:
                filled.rows = rows[number:]
                break
            filled.lines, filled.size = filled.lines + 1, filled.size + length
            starts.append((row, start))
        write_together(self._journal, [start for _, start in starts])
        for row, start in starts:
            if start.error:
                filled.lines -= 1
                filled.short = self._not_started(row, start.error) or filled.short
        return filled

    def _start(self, part: Part, row: Any) -> tuple[Start, int]:
        if self._key.revoked_at:
            raise FormcallError("unauthorized", _REVOKED)
        sent = self._sent(row)
        if problem := not_for_economy(sent.run):
            raise FormcallError("bad_request", problem)
        want, least = sent.asked.purse.opening(has_budget=self._has_budget)
        limits = replace(self._key.allowance.limits(), at_once=None)
        length = len(self._offline.line(_name(row), sent.run.opening(), manner_of(part))) + _SIGNS
        return Start(row.id, host_of(part.number), row.attempt, ("queued",), limits, want, least, today()), length

    def _not_started(self, row: Any, error: Exception) -> FormcallError | None:
        """The error, if money is what the row waits for."""
        if not isinstance(error, FormcallError):
            raise error
        if error.code in _NO_MONEY:
            return error
        if not isinstance(error, Gone):  # its batch is not to go on, or somebody else was quicker
            self._runner.fail(row, error)
        return None

    def write(self, part: Part, file: IO[bytes]) -> int:
        """Write the calls of a part as lines into ``file``; how many they are."""
        lines = 0
        for page in self._pages(part):
            for row in page:
                if line := self._line(part, row):
                    file.write(line)
                    lines += 1
        return lines

    def _line(self, part: Part, row: Any) -> bytes:
        """The call of a row, whose answer may be no longer than what was reserved for it."""
        try:
            request = self._limited(self._sent(row))
        except FormcallError as error:
            self._runner.fail(row, error)
            return b""
        return self._offline.line(_name(row), request, manner_of(part))

    def _limited(self, sent: Sent) -> ModelRequest:
        """The call of a row with what was granted for it as its purse's bound."""
        row, purse = sent.row, sent.asked.purse
        purse.opening(has_budget=self._has_budget)
        purse.start(row.reserved_nusd, row.attempt)
        return purse.before(sent.run.opening())

    # --- and back ---

    def settle(self, part: Part, lines: Iterator[Line], came: set[str]) -> int:
        """Read what came back, and end the rows or send them on their way; how often the model was asked for it.

        The names of the calls are added to ``came``.
        """
        asked = 0
        while page := list(islice(lines, PAGE)):
            self._beat()
            asked += sum(line.was_run for line in page)
            came.update(line.custom_id for line in page)
            self._settle(part, {line.custom_id: line for line in page})
        return asked

    def _settle(self, part: Part, came: Mapping[str, Line]) -> None:
        found = self._places.rows(self._batch.id, {name.rpartition(".")[0] for name in came}).values()
        back = [row for row in found if _name(row) in came and row.status == "running" and row.host == host_of(part.number)]
        self._each(back, lambda sent: self._read(part, sent, came[_name(sent.row)]))

    def settle_rest(self, part: Part, *, not_run: bool) -> None:
        """See to the rows of a part that nothing came back for: they were ``not_run``, or their answers are lost."""
        for page in self._pages(part):
            if not_run and self.cancelled:
                self._each(page, lambda sent: self._failed(sent, FormcallError("cancelled", _CANCELLED)))
            else:
                self._each(page, lambda sent: self._missing(part, sent, not_run=not_run))

    def withdraw(self, part: Part) -> None:
        """The rows of a part that the provider has not taken wait again, or are cancelled; nothing was billed."""
        for page in self._pages(part):
            if self.cancelled:
                self._each(page, lambda sent: self._failed(sent, FormcallError("cancelled", _CANCELLED)))
            else:
                write_together(self._journal, [PutBack(row.id, row.attempt, "") for row in page])

    def refuse(self, part: Part, error: FormcallError) -> None:
        """The rows of a part that the provider refused as a whole have failed; nothing was billed."""
        for page in self._pages(part):
            self._each(page, lambda sent: self._failed(sent, FormcallError(error.code, error.detail)))

    def _read(self, part: Part, sent: Sent, line: Line) -> Step:
        """What a line means for its row."""
        sent.run.started -= time.time() - part.began
        heard = self._offline.heard(sent.run.opening(), manner_of(part), line)
        if not isinstance(heard, Reply):
            return self._no_reply(part, sent, heard)
        self._carry_over(sent)
        if heard.usage == Usage():  # it then counts as the most that it can have cost
            self._limited(sent)
        outcome = self._engine.read(sent.run, replace(heard, service_tier=TIER))
        entries = sent.asked.purse.take_entries()
        if outcome.error and outcome.error.code in _UNUSABLE and self.live and not self._is_cancelled(sent):
            return Step(PutBack(sent.row.id, sent.row.attempt, LIVE, entries, outcome.error.code), sent)
        return self._ended(sent, outcome, entries)

    def _no_reply(self, part: Part, sent: Sent, failed: Failure) -> Step:
        error = failed.error
        entries = _unseen(sent) if error.unseen else ()
        try:
            if not self._is_cancelled(sent) and self._may_pass(part, sent, failed):
                return Step(PutBack(sent.row.id, sent.row.attempt, AGAIN, entries, error.code), sent)
        except ProviderError as gone:
            error = gone
        if error.code in STOPPING and not self._is_cancelled(sent):
            self.stopped = error
            return Step(PutBack(sent.row.id, sent.row.attempt, "", entries, error.code), sent)
        return self._failed(sent, error, entries)

    def _may_pass(self, part: Part, sent: Sent, failed: Failure) -> bool:
        """Whether the same call may be answered when it is sent again; ``ProviderError`` when its model is gone for good."""
        if failed.sent:
            return self._settings.retry_after_timeout and not part.second
        return (failed.retry and not part.second) or self._offline.mends(sent.run.model_requested, manner_of(part), failed)

    def _missing(self, part: Part, sent: Sent, *, not_run: bool) -> Step:
        error, entries = ProviderError("provider_bad_reply", _MISSING), _unseen(sent)
        if not_run:
            error, entries = ProviderError("provider_timeout", _NOT_RUN), ()
        if part.second or self._is_cancelled(sent):
            return self._failed(sent, error, entries)
        return Step(PutBack(sent.row.id, sent.row.attempt, AGAIN, entries, error.code), sent)

    def _failed(self, sent: Sent, error: FormcallError, entries: tuple[Entry, ...] = ()) -> Step:
        return self._ended(sent, self._engine.failed(sent.run, error, "cancelled" if error.code == "cancelled" else "failed"), entries)

    def _ended(self, sent: Sent, outcome: Outcome, entries: tuple[Entry, ...]) -> Step:
        told = told_outcome(replace(outcome, cost_usd=usd(_whole(sent.row, entries))))
        note = Deliver(
            sent.row.id,
            sent.row.attempt,
            outcome.status,
            entries,
            told.body,
            told.code or None,
            unknown=outcome.ok and not outcome.result,
            keep_form=self._settings.store_text == "on",
        )
        return Step(note, sent, outcome)

    def _is_cancelled(self, sent: Sent) -> bool:
        return self.cancelled or bool(sent.row.cancel)

    def give_up(self, part: Part) -> None:
        """The rows of a part of a cancelled batch of which nothing can be heard any more: they may have been billed."""
        for page in self._pages(part):
            self._each(page, self._abandoned)

    def abandon(self, ids: Iterable[str]) -> None:
        """Rows of a cancelled batch that were being asked live when a process died."""
        rows = self._places.rows(self._batch.id, ids).values()
        self._each([row for row in rows if row.status == "running"], self._abandoned)

    def _abandoned(self, sent: Sent) -> Step:
        return self._failed(sent, FormcallError("cancelled", _ABANDONED), _unseen(sent))

    # --- live ---

    def ask_live(self, row: Any) -> None:
        """Ask once more live what came back without an answer that can be used."""
        try:
            self._runner.carry_out_kept(row, has_budget=self._has_budget, ready=lambda asked: self._tell_why(Sent(row, asked)))
        except Gone:
            pass
        except Unwritten:
            raise
        except FormcallError as error:
            if error.code in {*_NO_MONEY, "cost_limit"}:
                words = "The answer from the provider's batch could not be used, and the budget does not pay for another try."
                error = FormcallError(row.code or "invalid_output", words)
            self._runner.fail(row, error)

    def _tell_why(self, sent: Sent) -> None:
        self._carry_over(sent)
        why = f" ({sent.row.code})" if sent.row.code else ""
        words = f"The answer from the provider's batch could not be used{why}, so this row was asked once more live, at the full price."
        sent.run.warnings.append(f"{words} Its cost has both.")

    # --- all of them ---

    def _sent(self, row: Any) -> Sent:
        run = self._engine.prepare(row.action, self._runner.records.values(row))
        run.id = row.id
        purse = Purse(self._engine, self._journal, self._key, run, spent=row.cost_nusd, tier=TIER)
        return Sent(row, Asked(self._key, run, purse, row.form, batch_id=self._batch.id))

    def _carry_over(self, sent: Sent) -> None:
        """What earlier attempts used and cost is in the answer too."""
        row, run = sent.row, sent.run
        if row.cost_nusd == 0:
            return
        used = self._places.used(row.id)
        run.usage += Usage(int(used.input), int(used.cached), output=int(used.output), reasoning=int(used.reasoning))
        run.cost_usd = usd(row.cost_nusd)

    def _pages(self, part: Part) -> Iterator[Sequence[Any]]:
        """The rows of a part that are at the provider, or on their way there."""
        after = -1
        while page := self._places.sent(self._batch.id, part, after):
            self._beat()
            after = page[-1].row_no
            yield page

    def _each(self, rows: Iterable[Any], step: Callable[[Sent], Step]) -> None:
        """Take the step of each of ``rows`` together."""
        steps = []
        for row in rows:
            try:
                steps.append(step(self._sent(row)))
            except SQLAlchemyError:
                raise
            except FormcallError as error:  # its form is no longer right, as when the action was changed: what it cost nobody can read
                self._runner.fail(row, error)
            except Exception as error:  # one row must not hold up the others, again and again
                log.error("row %s failed\n%s", row.id, places(error))
                self._runner.fail(row, FormcallError("internal", _WRONG.format(row.id)))
        self._write(steps)

    def _write(self, steps: Sequence[Step]) -> None:
        write_together(self._journal, [step.note for step in steps])
        for note, sent, outcome in steps:
            if note.error:
                raise note.error
            if outcome and note.outcome:
                see_end(self._runner.metrics, sent.asked, outcome, attempt=sent.row.attempt)


def manner_of(part: Part) -> Manner:
    """How the calls of a part are said."""
    from connector.providers.openai import Manner

    return Manner(part.model, part.dialect, frozenset(part.left_out))


def _name(row: Any) -> str:
    """What names the call of a row at the provider; each attempt is another one."""
    return f"{row.id}.{row.attempt}"


def _whole(row: Any, entries: tuple[Entry, ...]) -> int | None:
    """What all attempts of a row cost."""
    costs = [row.cost_nusd, *(entry.nusd for entry in entries)]
    return None if None in costs else sum(costs)


def _unseen(sent: Sent) -> tuple[Entry, ...]:
    """The entry for a call whose end nobody saw: it may have been billed, at the most that was reserved for it."""
    return (Entry(0, sent.run.model[:100], nusd=sent.row.reserved_nusd or None, estimated=True),)

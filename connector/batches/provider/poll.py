"""One visit to an economy batch: everything that can be done for it now, step by step, each written down before the next.

    filling ─> filled ─> uploaded ─> creating ─> waiting ─> settling ─> ended          the way of a part

A part that the provider does not take goes from ``filled``, ``uploaded`` or ``creating`` to its end, and its rows wait again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

from connector.errors import FormcallError, ProviderError
from connector.jobs.economy_rows import Rows, manner_of
from connector.jobs.intake import STOPPING
from connector.jobs.machinery import Left
from connector.jobs.steps import places
from connector.store.economy import Part, read_place

if TYPE_CHECKING:
    from connector.jobs.economy import Economy
    from connector.providers.offline import Standing

log = logging.getLogger("formcall")

_MOST_TROUBLES = 12  # looks in a row that came to nothing, after which somebody has to see to it
_PATIENCE = 6  # looks for which a batch waits for money that others have reserved
_MOST_MISTAKES = 4
_WRONG = "Something went wrong on our side. Resume the batch; what is done stays done."
_EMPTY = "The provider's file of answers is empty."
_SHORT = "What the other rows can cost at most did not fit into the budget beside those that were sent. Resume the batch to send them."


class Overtaken(Exception):
    """Somebody else looks after the batch at this moment, or it went on in another generation."""


class Visit:
    """A look at ``batch``, whose record was just read."""

    def __init__(self, office: Economy, batch: Any) -> None:
        self._office, self._batch = office, batch
        self._offline, self._places, self._batches = office.offline, office.places, office.batches
        self.place, self._text = read_place(batch.provider), batch.provider
        key = office.runner.keys.by_id(batch.key_id)
        if key is None:
            raise FormcallError("unauthorized", "The API key of this batch is not there any more.")
        self._rows = Rows(office.runner, office.places, self._offline, batch, key, live=self.place.live, beat=self._beat)
        self._status, self._problem, self._waits_for_money = batch.status, "", False
        self._steps: dict[str, Callable[[Part], bool]] = {
            "filled": self._upload,
            "uploaded": self._create,
            "creating": self._search,
            "waiting": self._watch,
            "settling": self._settle,
        }

    def look(self) -> bool:
        """Whether there is more to come, so that the batch is to be looked after again."""
        place = self.place
        if place.generation != self._batch.generation or (place.stalled and self._status == "cancelled"):
            place.begin(self._batch.generation)
        try:
            more = self._go_on()
            place.mistakes = 0
        except (Overtaken, Left):
            raise
        except Exception as error:
            more = self._went_wrong(error)
        if more:
            place.looks, place.waits = place.looks + 1, place.waits + 1
        self._save()
        return more

    def _go_on(self) -> bool:
        for part in self.place.open_parts:
            if part.status == "filling":  # its rows are those that were reserved before the process died
                part.status = "filled"
        self._save()
        while True:
            for part in self.place.open_parts:
                self._move(part)
            self._ask_live()
            self._clear_away()
            if self.place.stalled:
                return False
            if self.place.open_parts:
                return True
            if not self._plan():
                return self._end()

    def _went_wrong(self, error: Exception) -> bool:
        log.error("looking after economy batch %s failed\n%s", self._batch.id, places(error))
        self.place.mistakes += 1
        if self.place.mistakes >= _MOST_MISTAKES:
            self._stall("internal", _WRONG)
        return not self.place.stalled

    def _save(self) -> None:
        text = self._places.keep(self._batch, self._text, self.place, self._detail())
        if text is None:
            raise Overtaken
        self._text = text

    def _refresh(self) -> None:
        self._status = self._places.status(self._batch.id)
        self._rows.cancelled = self._status == "cancelled"

    def _beat(self) -> None:
        if self._office.ended.is_set():
            raise Left

    def _detail(self) -> str | None:
        """What is shown of a batch that is going on."""
        parts = self.place.open_parts
        sent = [part for part in parts if part.status in {"waiting", "settling"}]
        total, done = sum(part.lines for part in sent), sum(part.done for part in sent)
        words = f"at the provider: {done:,} of {total:,} done" if sent else "on the way to the provider" if parts else ""
        return "; ".join(filter(None, (words, self._problem))) or None

    # --- a part on its way ---

    def _move(self, part: Part) -> None:
        """Take a part as far as it goes without waiting."""
        try:
            while part.is_open:
                self._refresh()
                moved = self._steps[part.status](part)
                part.troubles = 0
                self._save()
                if not moved:
                    return
        except ProviderError as error:
            self._trouble(part, error)
            self._save()

    def _upload(self, part: Part) -> bool:
        if self._rows.cancelled:
            return self._withdraw(part)
        with TemporaryFile() as file:
            part.lines = self._rows.write(part, file)
            if not part.lines:
                return self._close(part)
            part.file = self._offline.upload(f"formcall-{self._batch.id}-{part.number}.jsonl", file)
        part.status = "uploaded"
        return True

    def _create(self, part: Part) -> bool:
        if self._rows.cancelled:
            return self._withdraw(part)
        part.status, part.began = "creating", time.time()
        self._save()
        try:
            return self._created(part, self._offline.create(part.file, manner_of(part), self._metadata(part)))
        except ProviderError as error:
            if _is_sure(error):
                part.status = "uploaded"
            raise

    def _search(self, part: Part) -> bool:
        """Nobody saw how the creation ended: it may have come to something, or be under way still."""
        if time.time() - part.began < self._office.pace.unseen:
            return False
        if found := self._offline.find(self._metadata(part), part.began):
            return self._created(part, found)
        return self._create(part)

    def _created(self, part: Part, standing: Standing) -> bool:
        part.batch, part.status, self.place.waits = standing.id, "waiting", 0
        return True

    def _metadata(self, part: Part) -> dict[str, str]:
        return {"formcall_batch": self._batch.id, "generation": str(part.generation), "part": str(part.number)}

    def _watch(self, part: Part) -> bool:
        standing = self._offline.look(part.batch)
        part.done = standing.done + standing.failed
        if not standing.has_ended:
            if self._rows.cancelled and standing.status != "cancelling":
                self._offline.cancel(part.batch)
            return False
        if standing.status == "failed":
            error = self._offline.refusal(standing)
            part.said = [error.code, error.detail]
        part.cut_off = standing.status in {"expired", "cancelled"}
        part.files, part.status = list(standing.files), "settling"
        return True

    def _settle(self, part: Part) -> bool:
        if part.said:
            code, detail = part.said
            return self._refused(part, ProviderError(code, detail))
        came: set[str] = set()
        asked = sum(self._settle_file(part, file, came) for file in part.files)
        if len(came) >= part.lines:  # what is left was reserved too late to be in the file
            self._rows.withdraw(part)
        else:
            self._rows.settle_rest(part, not_run=part.cut_off and asked >= part.done)
        if self._rows.stopped:
            self._fall_short(self._rows.stopped)
        return self._close(part)

    def _settle_file(self, part: Part, file: str, came: set[str]) -> int:
        """Read one file, and add to what ``came``; how often the model was asked for it."""
        before = len(came)
        with self._offline.lines(file) as lines:
            asked = self._rows.settle(part, lines, came)
        if len(came) == before:
            raise ProviderError("provider_bad_reply", _EMPTY)
        return asked

    def _refused(self, part: Part, error: ProviderError) -> bool:
        """The provider did not take a part as a whole, so nothing of it was billed."""
        try:
            if error.code == "model_unavailable":
                self._offline.retire(self._model, manner_of(part), error)
                return self._withdraw(part)
        except ProviderError as gone:
            error = gone
        if error.code in STOPPING:
            self._fall_short(error)
            return self._withdraw(part)
        if self._rows.cancelled:
            return self._withdraw(part)
        self._rows.refuse(part, error)
        if not part.second:
            self.place.failed = [error.code, error.detail]
        return self._close(part)

    def _withdraw(self, part: Part) -> bool:
        self._rows.withdraw(part)
        return self._close(part)

    def _close(self, part: Part) -> bool:
        part.end()
        self.place.rubbish += filter(None, [part.file, *part.files])
        return True

    # --- what goes wrong ---

    def _trouble(self, part: Part, error: ProviderError) -> None:
        part.troubles += 1
        self._problem = f"the provider could not be asked, and is asked again: {error.detail}"
        is_last = part.troubles >= _MOST_TROUBLES
        if part.status in {"filled", "uploaded"} and (is_last or _is_sure(error)):
            self._fall_short(error)
            self._withdraw(part)
        elif is_last and self._rows.cancelled:
            self._rows.give_up(part)
            self._close(part)
        elif is_last:
            self._stall(error.code, error.detail)

    def _stall(self, code: str, detail: str) -> None:
        """Wait for somebody, although there may be rows at the provider."""
        self.place.stalled = True
        self._batches.pause(self._batch.id, code, detail)

    def _fall_short(self, error: FormcallError) -> None:
        """Some rows wait for somebody; the others come to their end first."""
        self.place.short = [error.code, error.detail]

    def _clear_away(self) -> None:
        """Delete files that are not needed any more; those that cannot be deleted now go by themselves some day."""
        rubbish, self.place.rubbish = self.place.rubbish, []
        for file in rubbish:
            try:
                self._offline.delete(file)
            except ProviderError as error:
                log.warning("a file at the provider was not deleted (%s)", error.code)

    # --- rows that are asked live ---

    def _ask_live(self) -> None:
        self._take_up()
        while self._status == "running" and (rows := self._places.for_live(self._batch.id)):
            self._beat()
            self._try([row.id for row in rows])

    def _take_up(self) -> None:
        """Rows that were being asked when a process died."""
        self._refresh()
        if self.place.trying and self._status == "cancelled":
            self._rows.abandon(self.place.trying)
            self.place.trying = []
        elif self.place.trying and self._status == "running":
            self._try(self.place.trying)

    def _try(self, ids: list[str]) -> None:
        self.place.trying = ids
        self._save()
        rows = self._places.rows(self._batch.id, ids).values()
        self._office.all_live(self._rows.ask_live, [row for row in rows if row.status in {"queued", "running"}])
        self._beat()
        self.place.trying = []
        self._save()
        self._refresh()

    # --- rows that are to be sent ---

    def _plan(self) -> bool:
        """Whether there are rows to be sent now."""
        self._refresh()
        if self._status == "running":
            self._fill(again=True)
            if not self.place.short:
                self._fill(again=False)
        return bool(self.place.open_parts)

    def _fill(self, *, again: bool) -> None:
        part, short, lines, size, after = None, None, 0, 0, -1
        most_lines, most_size = self._offline.room
        while rows := self._places.waiting(self._batch.id, after, again=again):
            self._beat()
            after, before = rows[-1].row_no, lines
            while rows:
                part = part or self._open(second=again)
                filled = self._rows.reserve(part, rows, most_lines - lines, most_size - size)
                lines, size, rows, short = lines + filled.lines, size + filled.size, filled.rows, filled.short or short
                if rows:
                    self._filled(part, lines)
                    part, lines, size, before = None, 0, 0, -1
            if short and lines == before:
                break
        if part:
            self._filled(part, lines)
        if short:
            self._no_money(short)

    def _open(self, *, second: bool) -> Part:
        manner = self._offline.manner(self._model)
        left_out = sorted(manner.left_out)
        part = Part(len(self.place.parts) + 1, self._batch.generation, second, manner.model, manner.dialect, left_out)
        self.place.parts.append(part)
        self._save()
        return part

    def _filled(self, part: Part, lines: int) -> None:
        part.status = "filled" if lines else "ended"
        self._save()

    def _no_money(self, error: FormcallError) -> None:
        if error.code != "budget_reserved":
            self._fall_short(error)
        elif self.place.open_parts or self.place.waits >= _PATIENCE:
            self._fall_short(FormcallError("budget_exceeded", _SHORT))
        else:
            self._waits_for_money, self._problem = True, error.detail

    @property
    def _model(self) -> str:
        return self._office.runner.engine.settings.model

    # --- the end ---

    def _end(self) -> bool:
        """Nothing is at the provider: the batch has ended, or waits for somebody. True: some rows are under way elsewhere."""
        self._refresh()
        if self._status == "paused":
            return False
        if self._status == "running" and self._waits_for_money:
            return True
        if self._status == "running" and self.place.short and self._places.queued(self._batch.id):
            code, detail = self.place.short
            return not self._batches.pause(self._batch.id, code, detail)
        if self._status == "running" and self.place.failed:
            code, detail = self.place.failed
            self._batches.fail(self._batch.id, code, detail)
        self._save()
        return not self._office.finish(self._batch.id)


def _is_sure(error: ProviderError) -> bool:
    """Whether the provider has not done what it was asked, and will not do it the next time either."""
    return not error.unseen and not error.kind.retryable

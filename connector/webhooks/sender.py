"""Sending messages to callbacks and subscribers: signed, one try after the other until one arrives, no receiver at others' cost.

    journal ──> deliveries ──> claim ──> POST, signed ──> 2xx: sent
                    ^                        └──> else: again in 5 s, 5 min ... 24 h, then given up; 410: dropped

A message has the same id over all its tries. It may arrive twice, if its sender died after it was received; never is it forgotten.
"""

from __future__ import annotations

import datetime as dt
import logging
import math
import random
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import wait as wait_for
from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from standardwebhooks.webhooks import Webhook

from connector.errors import FormcallError, SettingsError
from connector.jobs.fairness import Kind, Turns
from connector.jobs.receivers import fitted
from connector.jobs.steps import places
from connector.outbound import Answer, Outbound, OutboundError, Refused
from connector.store.deliveries import LEASE_MS, Deliveries, Due
from connector.store.subscriptions import Subscriptions

log = logging.getLogger("formcall")

TRY_SECONDS = 15.0
THREADS = 16
SAMPLE_SUFFIX = "_sample"  # ends the id of what no message was promised for: it is tried once
_LOOK_SECONDS = 1.0  # between looks for what is due; what this process wrote is sent at once
_LONGEST_WAIT = 86_400.0
_JITTER = 0.1
_QUICK_SECONDS = 2.0
_PAUSE_SECONDS = 1.0
_GONE = 410
_OVERLOADED = {429, 502, 503, 504}


@dataclass(frozen=True)
class Came:
    """What a try came to. ``again`` are the seconds that the receiver asks to be left alone for; ``is_gone``: for good.

    ``is_over``: there is no sense in another try of this message.
    """

    ok: bool
    detail: str
    is_gone: bool = False
    is_over: bool = False
    is_overloaded: bool = False
    is_silent: bool = False
    again: float = 0.0


class Deliverer:
    """Sends what is due, in a few threads. ``wake`` is set when this process has written messages.

    ``retries`` are the seconds before each further try. ``sign_with`` gives the secret for the messages of a key.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        subscriptions: Subscriptions,
        outbound: Outbound,
        *,
        sign_with: Callable[[str], str],
        retries: tuple[float, ...],
        wake: threading.Event | None = None,
        lease_ms: int = LEASE_MS,
        try_seconds: float = TRY_SECONDS,
    ) -> None:
        self._deliveries, self._subscriptions, self._outbound = deliveries, subscriptions, outbound
        self.sign_with, self._retries, self._lease_ms, self._try_seconds = sign_with, retries, lease_ms, try_seconds
        self._wake = wake or threading.Event()
        self._ended = threading.Event()
        self._turns = Turns(THREADS)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="delivery")
        self._going_on: set[Future[None]] = set()
        self._thread = threading.Thread(target=self._look_again, name="deliveries", daemon=True)

    def launch(self) -> None:
        """Begin to send, in the process that does so: after any fork."""
        self._thread.start()

    def wake(self) -> None:
        """There is something to send now."""
        self._wake.set()

    def stop(self, seconds: float) -> None:
        """Begin no more tries, and wait so long for those under way; what is left is sent by the next process."""
        self._ended.set()
        self._wake.set()
        if self._thread.ident:
            self._thread.join()
        self._pool.shutdown(wait=False)
        wait_for(list(self._going_on), seconds)

    # --- finding what is due ---

    def _look_again(self) -> None:
        while not self._ended.is_set():
            self._wake.clear()
            try:
                begun = self._begin()
            except Exception as error:  # the database is away, say
                log.warning("messages cannot be sent at the moment\n%s", places(error))
                begun = 0
            if not begun:
                self._wake.wait(_LOOK_SECONDS)

    def _begin(self) -> int:
        """Begin as many tries as there are threads and turns for; how many those are."""
        if not self._turns.is_free:
            return 0
        wanted = self._turns.free(self._deliveries.receivers())
        claimed = self._deliveries.claim(wanted, self._lease_ms) if wanted else []
        for due in claimed:
            self._turns.begin(due.receiver)
            future = self._pool.submit(self._carry_out, due)
            self._going_on.add(future)
            future.add_done_callback(self._going_on.discard)
        return len(claimed)

    def _carry_out(self, due: Due) -> None:
        began, came = time.monotonic(), Came(False, "Something went wrong on our side.")
        try:
            came = self._try(due)
        except Exception as error:
            log.error("message %s was not sent\n%s", due.id, places(error))
        kind: Kind = "quick" if time.monotonic() - began < _QUICK_SECONDS else "silent" if came.is_silent else "slow"
        try:
            self._note(due, came)
        except Exception as error:  # the database is away, say; it is sent again when its lease has run out
            log.error("what became of message %s was not written down\n%s", due.id, places(error))
        self._turns.end(due.receiver, kind, pause=_PAUSE_SECONDS if came.is_overloaded or came.is_silent else 0.0)
        self._wake.set()

    # --- one try ---

    def _try(self, due: Due) -> Came:
        try:
            headers = self._headers(due)
            body = _body(due)
        except FormcallError as error:
            return Came(False, error.detail, is_over=error.code == "not_found")
        headers |= self._signature(due, body)
        try:
            return came_to(self._outbound.request("POST", due.url, headers=headers, body=body, seconds=self._try_seconds, max_bytes=0))
        except Refused as error:
            return Came(False, error.detail)
        except OutboundError as error:
            return Came(False, error.detail, is_silent=True)

    def _headers(self, due: Due) -> dict[str, str]:
        """The headers that the receiver asked for; ``not_found`` when it does not want to hear any more."""
        if not due.subscription_id:
            return {}
        row = self._subscriptions.find(due.subscription_id)
        if row is None or row.ended_ms:
            raise FormcallError("not_found", "The subscription has ended.")
        authorization = self._subscriptions.authorization(row)
        return {"Authorization": authorization} if authorization else {}

    def _signature(self, due: Due, body: bytes) -> dict[str, str]:
        at = dt.datetime.now(dt.UTC)
        signature = Webhook(self.sign_with(due.key_id)).sign(due.id, at, body.decode())
        head = {"webhook-id": due.id, "webhook-timestamp": str(int(at.timestamp())), "webhook-signature": signature}
        return {"Content-Type": "application/json", **head}

    def _note(self, due: Due, came: Came) -> None:
        if came.ok:
            self._deliveries.is_sent(due, came.detail)
        elif came.is_over or came.is_gone:
            self._drop(due, came)
        elif due.attempts > len(self._retries) or due.subject_id.endswith(SAMPLE_SUFFIX):
            self._deliveries.give_up(due, came.detail)
            log.warning("message %s to %s is given up: %s", due.id, due.receiver, came.detail)
        else:
            delay = max(self._retries[due.attempts - 1], came.again)
            self._deliveries.try_later(due, came.detail, delay * random.uniform(1, 1 + _JITTER))  # noqa: S311  it spreads tries

    def _drop(self, due: Due, came: Came) -> None:
        self._deliveries.give_up(due, came.detail, state="dropped")
        if came.is_gone and due.subscription_id:
            self._subscriptions.end(due.subscription_id, came.detail)
            self._deliveries.drop_waiting(due.subscription_id, came.detail)
        log.warning("message %s to %s is dropped: %s", due.id, due.receiver, came.detail)


def _body(due: Due) -> bytes:
    if due.body is None:
        raise FormcallError("not_found", "The message was deleted before it could be sent.")
    return fitted(due.url, due.body).encode("utf-8", "replace")


def came_to(answer: Answer) -> Came:
    """What an answer means: only 2xx says that a message has arrived."""
    said = f"The address answered {answer.status}."
    if 200 <= answer.status < 300:  # noqa: PLR2004
        return Came(True, said)
    if answer.status == _GONE:
        return Came(False, f"{said} It does not want to hear any more.", is_gone=True)
    if 300 <= answer.status < 400:  # noqa: PLR2004
        said += " Redirects are not followed."
    return Came(False, said, is_overloaded=answer.status in _OVERLOADED, again=retry_after(answer.headers))


def retry_after(headers: Mapping[str, str]) -> float:
    """The seconds that Retry-After asks for, as a number or as a date; 0 without it, at the most a day."""
    text = headers.get("Retry-After", "").strip()
    try:
        seconds = float(text) if text.isascii() and text.isdigit() else _until(text)
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(seconds, 0.0), _LONGEST_WAIT)


def _until(text: str) -> float:
    at = parsedate_to_datetime(text)
    return (at.replace(tzinfo=at.tzinfo or dt.UTC) - dt.datetime.now(dt.UTC)).total_seconds()


def read_retries(text: str) -> tuple[float, ...]:
    """The seconds of FORMCALL_DELIVERY_RETRIES; ``SettingsError`` when they are none."""
    try:
        found = tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        found = (math.nan,)
    if not all(0 <= seconds < math.inf for seconds in found):
        raise SettingsError(f"FORMCALL_DELIVERY_RETRIES must be seconds with commas between them, such as 5,300,1800; not {text!r}.")
    return found

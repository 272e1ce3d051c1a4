"""Sending webhooks to callbacks and subscribers: signed, and repeated until one attempt succeeds.

    ledger ──> deliveries ──> claim ──> signed POST ──> 2xx: sent
                    ^                        ├──> 410: dropped
                    └─── retried after ──────┘  else: 5 s, 5 min ... 24 h, then given up

A message has the same id in all its attempts. It may arrive twice, if the sending process dies
after it was received, but it is never lost. Slow receivers do not delay the others (``fairness``).
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

from connector.durable.steps import traceback_without_message
from connector.errors import FormcallError, SettingsError
from connector.outbound import Outbound, OutboundError, OutboundResponse, Refused
from connector.store.deliveries import LEASE_MS, Deliveries, DueDelivery
from connector.store.subscriptions import Subscriptions
from connector.webhooks.fairness import FairScheduler, Kind
from connector.webhooks.payloads import adapt

log = logging.getLogger("formcall")

ATTEMPT_SECONDS = 15.0
THREADS = 16
SAMPLE_SUFFIX = "_sample"  # of the subject id of sample messages, which are sent only once
_POLL_SECONDS = 1.0  # between polls for due messages; those of this process are sent at once
_MAX_RETRY_AFTER = 86_400.0
_JITTER = 0.1
_QUICK_SECONDS = 2.0
_PAUSE_SECONDS = 1.0
_GONE = 410
_LOOP = 508
_OVERLOADED = {429, 502, 503, 504}


@dataclass(frozen=True)
class DeliveryResult:
    """The result of one attempt.

    ``is_gone``: the receiver wants no further messages. ``is_final``: this message cannot be sent.
    ``retry_after``: seconds that the receiver asks to wait.
    """

    ok: bool
    detail: str
    is_gone: bool = False
    is_final: bool = False
    is_overloaded: bool = False
    no_response: bool = False
    retry_after: float = 0.0


class WebhookSender:
    """Sends due messages in a few threads. ``wake`` is set when this process has stored messages.

    ``secret_for`` returns the signing secret of a key. ``retries`` are the seconds before each
    further attempt. A claimed message is left to this process for ``lease_ms``. ``sender_id`` names
    this service in each message. Messages of a key that ``is_revoked`` are dropped.
    """

    def __init__(
        self,
        deliveries: Deliveries,
        subscriptions: Subscriptions,
        outbound: Outbound,
        *,
        secret_for: Callable[[str], str],
        retries: tuple[float, ...],
        sender_id: str = "",
        is_revoked: Callable[[str], bool] = lambda key_id: False,
        wake: threading.Event | None = None,
        lease_ms: int = LEASE_MS,
        attempt_seconds: float = ATTEMPT_SECONDS,
    ) -> None:
        self.secret_for = secret_for
        self.sender_id = sender_id
        self._is_revoked = is_revoked
        self._deliveries = deliveries
        self._subscriptions = subscriptions
        self._outbound = outbound
        self._retries = retries
        self._lease_ms = lease_ms
        self._attempt_seconds = attempt_seconds
        self._wake = wake or threading.Event()
        self._stopping = threading.Event()
        self._scheduler = FairScheduler(THREADS)
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="delivery")
        self._running: set[Future[None]] = set()
        self._thread = threading.Thread(target=self._poll, name="deliveries", daemon=True)

    def launch(self) -> None:
        """Start to send; call this after any fork."""
        self._thread.start()

    def wake(self) -> None:
        """Look for due messages now."""
        self._wake.set()

    def stop(self, seconds: float) -> None:
        """Start no more attempts and wait at most ``seconds`` for those that run.

        The next process sends the rest.
        """
        self._stopping.set()
        self._wake.set()
        if self._thread.ident:
            self._thread.join()
        self._pool.shutdown(wait=False)
        wait_for(list(self._running), seconds)

    # --- finding due messages ---

    def _poll(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            try:
                started = self._start_due()
            except Exception as error:  # such as an unavailable database
                log.warning(
                    "messages cannot be sent at the moment\n%s", traceback_without_message(error)
                )
                started = 0
            if not started:
                self._wake.wait(_POLL_SECONDS)

    def _start_due(self) -> int:
        """Start attempts for due messages, as many as threads are free; returns their number."""
        if not self._scheduler.has_free_thread:
            return 0
        slots = self._scheduler.allocate(self._deliveries.receivers())
        claimed = self._deliveries.claim(slots, self._lease_ms) if slots else []
        for due in claimed:
            self._scheduler.start(due.receiver)
            future = self._pool.submit(self._attempt, due)
            self._running.add(future)
            future.add_done_callback(self._running.discard)
        return len(claimed)

    def _attempt(self, due: DueDelivery) -> None:
        started = time.monotonic()
        result = DeliveryResult(False, "Something went wrong on our side.")
        try:
            result = self._send(due)
        except Exception as error:
            log.error("message %s was not sent\n%s", due.id, traceback_without_message(error))
        kind = _receiver_kind(result, time.monotonic() - started)
        try:
            self._record(due, result)
        except Exception as error:
            # such as an unavailable database; the message is sent again when its lease has expired
            log.error(
                "the result of message %s was not stored\n%s",
                due.id,
                traceback_without_message(error),
            )
        pause = _PAUSE_SECONDS if result.is_overloaded or result.no_response else 0.0
        self._scheduler.finish(due.receiver, kind, pause=pause)
        self._wake.set()

    # --- one attempt ---

    def _send(self, due: DueDelivery) -> DeliveryResult:
        try:
            headers = self._headers(due)
            body = _body(due)
        except FormcallError as error:
            return DeliveryResult(False, error.detail, is_final=error.code == "not_found")
        headers |= self._signature(due, body)
        try:
            response = self._outbound.request(
                "POST",
                due.url,
                headers=headers,
                body=body,
                seconds=self._attempt_seconds,
                max_bytes=0,
            )
        except Refused as error:
            return DeliveryResult(False, error.detail)
        except OutboundError as error:
            return DeliveryResult(False, error.detail, no_response=True)
        return classify_response(response)

    def _headers(self, due: DueDelivery) -> dict[str, str]:
        """The subscription's headers; ``FormcallError`` (not_found) if it or the key has ended."""
        if self._is_revoked(due.key_id):
            raise FormcallError("not_found", "The API key of this message was revoked.")
        if not due.subscription_id:
            return {}
        row = self._subscriptions.find(due.subscription_id)
        if row is None or row.ended_ms:
            raise FormcallError("not_found", "The subscription has ended.")
        authorization = self._subscriptions.authorization(row)
        return {"Authorization": authorization} if authorization else {}

    def _signature(self, due: DueDelivery, body: bytes) -> dict[str, str]:
        at = dt.datetime.now(dt.UTC)
        signature = Webhook(self.secret_for(due.key_id)).sign(due.id, at, body.decode())
        head = {
            "webhook-id": due.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": signature,
        }
        own = {"Formcall-Sender": self.sender_id} if self.sender_id else {}
        return {"Content-Type": "application/json", **head, **own}

    def _record(self, due: DueDelivery, result: DeliveryResult) -> None:
        if result.ok:
            self._deliveries.mark_sent(due, result.detail)
        elif result.is_final or result.is_gone:
            self._drop(due, result)
        elif due.attempts > len(self._retries) or due.subject_id.endswith(SAMPLE_SUFFIX):
            self._deliveries.give_up(due, result.detail)
            log.warning("message %s to %s is given up: %s", due.id, due.receiver, result.detail)
        else:
            delay = max(self._retries[due.attempts - 1], result.retry_after)
            self._deliveries.retry_later(due, result.detail, delay * random.uniform(1, 1 + _JITTER))  # noqa: S311  spreads retries

    def _drop(self, due: DueDelivery, result: DeliveryResult) -> None:
        self._deliveries.give_up(due, result.detail, state="dropped")
        if result.is_gone and due.subscription_id:
            self._subscriptions.end(due.subscription_id, result.detail)
            self._deliveries.drop_waiting(due.subscription_id, result.detail)
        log.warning("message %s to %s is dropped: %s", due.id, due.receiver, result.detail)


def _body(due: DueDelivery) -> bytes:
    if due.body is None:
        raise FormcallError("not_found", "The message was deleted before it could be sent.")
    return adapt(due.url, due.body).encode("utf-8", "replace")


def _receiver_kind(result: DeliveryResult, seconds: float) -> Kind:
    if seconds < _QUICK_SECONDS:
        return "quick"
    return "silent" if result.no_response else "slow"


def classify_response(response: OutboundResponse) -> DeliveryResult:
    """The result of an attempt; only a 2xx status means that the message has arrived."""
    status = response.status
    detail = f"The address answered {status}."
    if 200 <= status < 300:  # noqa: PLR2004
        return DeliveryResult(True, detail)
    if status == _LOOP:
        detail = "The address leads back to this service, which accepts no messages of its own."
        return DeliveryResult(False, detail, is_final=True)
    if status == _GONE:
        return DeliveryResult(False, f"{detail} It accepts no further messages.", is_gone=True)
    if 300 <= status < 400:  # noqa: PLR2004
        detail += " Redirects are not followed."
    return DeliveryResult(
        False,
        detail,
        is_overloaded=status in _OVERLOADED,
        retry_after=retry_after(response.headers),
    )


def retry_after(headers: Mapping[str, str]) -> float:
    """The seconds of Retry-After, a number or a date; at most a day, and 0 without it."""
    text = headers.get("Retry-After", "").strip()
    try:
        seconds = float(text) if text.isascii() and text.isdigit() else _seconds_until(text)
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(seconds, 0.0), _MAX_RETRY_AFTER)


def _seconds_until(text: str) -> float:
    date = parsedate_to_datetime(text)
    date = date.replace(tzinfo=date.tzinfo or dt.UTC)
    return (date - dt.datetime.now(dt.UTC)).total_seconds()


def parse_retries(text: str) -> tuple[float, ...]:
    """The seconds in FORMCALL_DELIVERY_RETRIES; ``SettingsError`` if they are invalid."""
    try:
        retries = tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        retries = (math.nan,)
    if not all(0 <= seconds < math.inf for seconds in retries):
        raise SettingsError(
            "FORMCALL_DELIVERY_RETRIES must be seconds separated by commas, such as "
            f"5,300,1800; not {text!r}."
        )
    return retries

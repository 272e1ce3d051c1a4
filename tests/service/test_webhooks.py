"""Webhooks: signed, sent once if accepted, repeated until they are, and independent of slow
receivers."""

from __future__ import annotations

import datetime as dt
import json
import logging
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import Engine, func, select, update
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from connector.errors import FormcallError, SettingsError
from connector.json_types import Json
from connector.outbound import Outbound
from connector.settings import Settings
from connector.store.database import open_database
from connector.store.deliveries import Deliveries, signing_secret
from connector.store.ids import now_ms
from connector.store.ledger.transaction import delivery_row, receiver_host
from connector.store.subscriptions import Subscriptions
from connector.store.tables import deliveries as table
from connector.webhooks import sender as sending
from connector.webhooks.fairness import FairScheduler
from connector.webhooks.sender import WebhookSender, parse_retries, retry_after
from tests.support.guards import hang_guard
from tests.support.receivers import Receiver, answering, drips, hangs, slowly, wait_until
from tests.support.running_service import RunningService, clean_environment, free_port, serving
from tests.support.samples import ROOT, TICKET
from tests.support.upstream import FakeUpstream, fault, gated
from tests.support.web_app import WebApp
from tests.unit.test_outbound import SPACED, TARGETS, Listener, listening, names
from tests.unit.test_outbound import answering as saying

SERVER = "postgres@127.0.0.1:5432"
SECRET = b"a service's secret"
BODY = '{"event": "run.completed", "ok": true, "result": "Länge ✓"}'
RETRIES = parse_retries(Settings().delivery_retries)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


def _own_postgresql() -> Iterator[str]:
    """The address of a new PostgreSQL database, which is dropped in the end."""
    psycopg = pytest.importorskip("psycopg", reason="no driver for PostgreSQL is installed")
    try:
        server = psycopg.connect(
            f"postgresql://{SERVER}/postgres", autocommit=True, connect_timeout=2
        )
    except psycopg.OperationalError:
        assert not os.environ.get("CI"), (
            "continuous integration has a PostgreSQL, so a skip there would hide a fault"
        )
        pytest.skip("there is no PostgreSQL at 127.0.0.1:5432 that lets the user postgres in")
    name = f"formcall_test_{secrets.token_hex(6)}"
    with server:
        server.execute(f"CREATE DATABASE {name}")
        yield f"postgresql+psycopg://{SERVER}/{name}"
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")
    server.close()


class Desk:
    """A database with messages in it, and the senders of a test."""

    def __init__(self, settings: Settings, stack: ExitStack) -> None:
        self.settings, self._stack = settings, stack
        self.database = self.opened()
        self.deliveries = Deliveries(self.database)
        self.subscriptions = Subscriptions(self.database, SECRET)

    def opened(self) -> Engine:
        """A connection pool of its own to the database, as another process has one."""
        database = open_database(self.settings)
        self._stack.callback(database.dispose)
        return database

    def add(self, url: str, *, count: int = 1, **more: Any) -> list[str]:
        """Messages that are due; their ids."""
        rows = [
            {
                **delivery_row(
                    "key_1", f"run_{n}", "run.completed", BODY, url=url, subscription_id=None
                ),
                **more,
            }
            for n in range(count)
        ]
        with self.database.begin() as connection:
            connection.execute(table.insert(), rows)
        return [row["id"] for row in rows]

    def sender(
        self,
        *,
        retries: tuple[float, ...] = RETRIES,
        begin: bool = True,
        outbound: Outbound | None = None,
        **how: Any,
    ) -> WebhookSender:
        """A sender, as another process would have it."""
        database = self.opened()
        made = WebhookSender(
            Deliveries(database),
            Subscriptions(database, SECRET),
            outbound or Outbound(["127.0.0.1"]),
            secret_for=lambda key_id: signing_secret(SECRET, key_id),
            retries=retries,
            **how,
        )
        self._stack.callback(made.stop, 20)
        if begin:
            made.launch()
        return made

    def row(self, delivery_id: str) -> Any:
        return self.deliveries.find(delivery_id)

    def tried(self, delivery_id: str, attempts: int = 1) -> Any:
        """The message, once a try of it has ended."""
        return wait_until(
            lambda: (
                (row := self.row(delivery_id)).attempts >= attempts
                and row.detail
                and _is_settled(row)
                and row
            )
        )

    def ended(self, delivery_id: str) -> Any:
        return wait_until(lambda: (row := self.row(delivery_id)).ended_ms and row)

    def states(self) -> dict[str, int]:
        with self.database.connect() as connection:
            return {
                row[0]: row[1]
                for row in connection.execute(
                    select(table.c.state, func.count()).group_by(table.c.state)
                )
            }

    def due_now(self, delivery_id: str) -> None:
        with self.database.begin() as connection:
            connection.execute(
                update(table).where(table.c.id == delivery_id).values(next_ms=now_ms(), detail=None)
            )


def _is_settled(row: Any) -> bool:
    """Not just claimed: a claim leaves it waiting for about a minute."""
    return row.state != "waiting" or not 50_000 < row.next_ms - now_ms() <= 60_000


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Desk]:
    """A desk over a new database of each kind."""
    for address in [""] if request.param == "sqlite" else _own_postgresql():
        with ExitStack() as stack:
            yield Desk(Settings(data_dir=tmp_path / "data", database_url=address), stack)


@pytest.fixture
def one(tmp_path: Path) -> Iterator[Desk]:
    """A desk over SQLite alone, for what the database has no part in."""
    with ExitStack() as stack:
        yield Desk(Settings(data_dir=tmp_path / "data"), stack)


# --- the message ----------------------------------------------------------------------------------


def test_a_message_is_signed(one: Desk) -> None:
    """A message is the text as it was written, with the headers of Standard Webhooks, which a
    receiver can verify with its key's secret."""
    with Receiver(500, 200) as there:
        one.add(there.url)
        one.sender(retries=(0.01,))
        first, second = there.wait(2)
    secret = signing_secret(SECRET, "key_1")
    for post in (first, second):
        assert post.verified(secret) == json.loads(BODY)
        assert post.body == BODY.encode()
        assert post.path == "/path-secret/in?token=query-secret"
        assert post.headers["content-type"] == "application/json"
        assert post.headers["user-agent"].startswith("Formcall/")
        assert abs(int(post.headers["webhook-timestamp"]) - time.time()) < 60
        assert "authorization" not in post.headers
        for other in (signing_secret(SECRET, "key_2"), signing_secret(b"another", "key_1")):
            with pytest.raises(WebhookVerificationError):
                Webhook(other).verify(post.body, post.headers)
    assert first.id == second.id


def test_a_forged_message_is_told(one: Desk) -> None:
    """A text that was changed on its way is found out."""
    with Receiver() as there:
        one.add(there.url)
        one.sender()
        post = there.wait()[0]
    with pytest.raises(WebhookVerificationError):
        Webhook(signing_secret(SECRET, "key_1")).verify(
            post.body.replace(b"true", b"false"), post.headers
        )


def test_the_receiver_of_an_address() -> None:
    """Of an address its host is kept, in lower case, and nothing that may be a secret."""
    for url, host in (
        ("https://Hooks.Example/a/b?c=d", "hooks.example"),
        ("http://127.0.0.1:9000/x@y", "127.0.0.1:9000"),
        ("HTTPS://[::1]:8443?token", "[::1]:8443"),
        ("https://user:password@host.example/", "host.example"),
        ("not an address", ""),
    ):
        assert receiver_host(url) == host


# --- what an answer means -------------------------------------------------------------------------

SENT = (200, 201, 202, 204)
NOT_SENT = (301, 302, 303, 307, 308, 400, 401, 403, 404, 413, 422, 429, 500, 502, 503, 504)


@pytest.mark.parametrize("status", SENT)
def test_it_has_arrived(one: Desk, status: int) -> None:
    """Any 2xx says that the message has arrived, and it is not sent again."""
    with Receiver(status) as there:
        [sent] = one.add(there.url)
        one.sender(retries=(0.01,))
        row = one.ended(sent)
        assert (row.state, row.attempts, row.detail) == (
            "sent",
            1,
            f"The address answered {status}.",
        )
        assert len(there.posts) == 1


@pytest.mark.parametrize("status", NOT_SENT)
def test_it_has_not_arrived(one: Desk, status: int) -> None:
    """Any other status is a failure, also a redirect, which is not followed; the message is tried
    again after five seconds."""
    with Receiver() as elsewhere, Receiver(answering(status, Location=elsewhere.url)) as there:
        [sent] = one.add(there.url)
        one.sender()
        row = one.tried(sent)
        assert (row.state, row.attempts, row.ended_ms) == ("waiting", 1, None)
        assert row.detail.startswith(f"The address answered {status}.")
        assert 3_000 < row.next_ms - now_ms() <= 5_500
        assert elsewhere.posts == []


def test_gone(desk: Desk) -> None:
    """410 ends the subscription, and nothing that waits for it is sent any more; other messages to
    the same host are."""
    with Receiver(410, 200) as there:
        row = desk.subscriptions.subscribe(
            "key_1", "run.completed", there.url, authorization="Bearer secret"
        )
        first, second, third = desk.add(there.url, count=3, subscription_id=row.id)
        other = desk.add(there.url.replace("path", "other"))[0]
        with desk.database.begin() as connection:  # in this order
            for number, sent in enumerate((first, other, second, third)):
                connection.execute(update(table).where(table.c.id == sent).values(next_ms=number))
        desk.sender()
        assert [desk.ended(sent).state for sent in (first, second, third, other)] == [
            "dropped",
            "dropped",
            "dropped",
            "sent",
        ]
        assert len(there.posts) == 2
    ended: Any = desk.subscriptions.find(row.id)
    assert ended.ended_ms and "410" in ended.reason
    assert ended.authorization is None
    assert desk.row(first).attempts == 1 and desk.row(second).attempts == 0


def test_gone_without_a_subscription(one: Desk) -> None:
    """A callback that is gone is dropped."""
    with Receiver(410) as there:
        [sent] = one.add(there.url)
        one.sender()
        assert one.ended(sent).state == "dropped"


def test_nothing_is_sent_to_an_ended_subscription(one: Desk) -> None:
    """What was written for a subscription just before its end is not sent after it."""
    with Receiver() as there:
        row = one.subscriptions.subscribe("key_1", "run.completed", there.url)
        one.subscriptions.end(row.id, "Enough.")
        sent = [one.add(there.url, subscription_id=wanted)[0] for wanted in (row.id, "sub_nothing")]
        one.sender()
        assert [one.ended(each).state for each in sent] == ["dropped", "dropped"]
        assert there.posts == []


def test_a_message_without_its_text(one: Desk) -> None:
    """A message whose text was deleted meanwhile is dropped; its subscription goes on."""
    with Receiver() as there:
        row = one.subscriptions.subscribe("key_1", "run.completed", there.url)
        [sent] = one.add(there.url, subscription_id=row.id, body=None)
        one.sender()
        assert (one.ended(sent).state, there.posts) == ("dropped", [])
        subscription = one.subscriptions.find(row.id)
        assert subscription is not None and subscription.ended_ms is None


WAITS = {
    "a number": ("60", 60),
    "zero": ("0", 5),
    "less than the next try": ("2", 5),
    "more than a day": ("999999", 86_400),
    "very many digits": ("9" * 400, 86_400),
    "below zero": ("-60", 5),
    "a fraction": ("7.5", 5),
    "a word": ("later", 5),
    "nothing": ("", 5),
    "a date": ("{in_two_hours} GMT", 7_200),
    "a date without a zone": ("{in_two_hours} -0000", 7_200),
    "a date that is past": ("Sun, 06 Nov 1994 08:49:37 GMT", 5),
    "a date far away": ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
}


@pytest.mark.parametrize(("header", "seconds"), WAITS.values(), ids=WAITS)
def test_retry_after(one: Desk, header: str, seconds: int) -> None:
    """A receiver that says when to come back is not asked before, within a day; one that says it
    wrongly is asked as usual."""
    later = dt.datetime.now(dt.UTC) + dt.timedelta(hours=2)
    with Receiver(
        answering(429, Retry_After=header.format(in_two_hours=f"{later:%a, %d %b %Y %H:%M:%S}"))
    ) as there:
        [sent] = one.add(there.url)
        one.sender()
        row = one.tried(sent)
    wait = (row.next_ms - now_ms()) / 1000
    assert seconds - 30 < wait <= seconds * 1.1 and (seconds > 5 or wait > 3)


def test_retry_after_of_anything() -> None:
    """Whatever stands in the header, there are seconds between none and a day."""
    for text in (
        "\udcff",
        "²",
        "0x10",
        "Mon, 99 Foo 2026 99:99:99 GMT",
        "Thu, 01 Jan 0000 00:00:00 GMT",
        "1e9",
        "∞",
        "٣",
    ):
        assert 0 <= retry_after({"Retry-After": text}) <= 86_400


# --- tries ----------------------------------------------------------------------------------------


def test_the_schedule(desk: Desk) -> None:
    """After each failure the next try is later, from five seconds to a day; after the last one the
    message is given up."""
    assert RETRIES == (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
    with Receiver(500) as there:
        [sent] = desk.add(there.url)
        sender = desk.sender()
        for attempt, seconds in enumerate(RETRIES, 1):
            row = desk.tried(sent, attempt)
            assert (row.state, row.attempts) == ("waiting", attempt)
            assert seconds - 3 < (row.next_ms - now_ms()) / 1000 <= seconds * 1.1
            desk.due_now(sent)
            sender.wake()
        row = desk.ended(sent)
        assert (row.state, row.attempts, row.detail) == (
            "given_up",
            10,
            "The address answered 500.",
        )
        assert {post.id for post in there.posts} == {sent}


def test_tries_are_spread(one: Desk) -> None:
    """Messages that failed together are not all tried again at the same moment."""
    with Receiver(500) as there:
        sent = one.add(there.url, count=20)
        one.sender(retries=(1_000,))
        rows = [one.tried(each) for each in sent]
    assert len({row.next_ms // 1000 for row in rows}) > 5


def test_down_then_up(desk: Desk) -> None:
    """A receiver that was down gets each message once when it is back."""
    port = free_port()
    sent = desk.add(f"http://127.0.0.1:{port}/in", count=5)
    desk.sender(retries=(0.1,) * 200)
    assert "No connection" in desk.tried(sent[0]).detail
    with Receiver(port=port) as there:
        rows = [desk.ended(each) for each in sent]
        time.sleep(0.5)
        assert sorted(post.id for post in there.posts) == sorted(sent)
    assert {row.state for row in rows} == {"sent"} and rows[0].attempts > 1


@pytest.mark.parametrize(
    ("step", "words"), [(hangs, "in time"), (drips, "in time")], ids=["hangs", "drips"]
)
def test_time_outs(one: Desk, step: Any, words: str) -> None:
    """A receiver that does not answer in time, or drips its answer, is left and tried again."""
    with Receiver(step, 200) as there:
        [sent] = one.add(there.url)
        one.sender(retries=(0.01,), attempt_seconds=0.4)
        assert words in wait_until(lambda: (row := one.row(sent)).detail and row.detail)
        assert one.ended(sent).state == "sent"
        assert len(there.posts) == 2


def test_an_answer_that_is_slow(one: Desk) -> None:
    """An answer that takes its time, within the limit, counts."""
    with Receiver(slowly(2.5)) as there:
        [sent] = one.add(there.url)
        one.sender()
        row = one.ended(sent)
        assert (row.state, row.attempts, len(there.posts)) == ("sent", 1, 1)


def test_a_body_is_not_waited_for(one: Desk) -> None:
    """What a receiver says beside its status is not read."""

    def endless(handler: Any) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while not handler.server.receiver.over.wait(0.01):
            handler.wfile.write(b"a" * 65_536)

    with Receiver(endless) as there:
        [sent] = one.add(there.url)
        one.sender()
        assert one.ended(sent).state == "sent"


@pytest.mark.parametrize("text", ["5,x", "-1", "nan", "inf", "5;300"])
def test_a_schedule_that_is_none(text: str, tmp_path: Path) -> None:
    """A schedule that cannot be read stops the start, with the setting's name."""
    with pytest.raises(SettingsError, match="FORMCALL_DELIVERY_RETRIES"):
        parse_retries(text)


def test_a_schedule_of_the_operator() -> None:
    """The operator may set the tries, also to one alone."""
    assert parse_retries(" 1, 2.5 ,") == (1.0, 2.5)
    assert parse_retries("") == ()


# --- several senders ------------------------------------------------------------------------------


def test_two_senders(desk: Desk) -> None:
    """Two processes that send from one database send each message once."""
    with Receiver(slowly(0.002)) as first, Receiver() as second:
        sent = {
            first.url: desk.add(first.url, count=150),
            second.url: desk.add(second.url, count=150),
        }
        for _ in range(2):
            desk.sender()
        for there in (first, second):
            there.wait(150)
        wait_until(lambda: desk.states() == {"sent": 300})
        for there in (first, second):
            assert sorted(post.id for post in there.posts) == sorted(sent[there.url])


def test_a_sender_that_died(desk: Desk) -> None:
    """What a dead sender had claimed is sent by another one, under the same id, once the lease has
    run out, and not before."""
    with Receiver() as there:
        [sent] = desk.add(there.url)
        claimed = desk.deliveries.claim({there.host: 5}, 1_500)
        assert [due.id for due in claimed] == [sent]
        assert desk.deliveries.claim({there.host: 5}) == []
        desk.sender()
        assert there.wait()[0].id == sent
        row = desk.ended(sent)
        assert (row.state, row.attempts, len(there.posts)) == ("sent", 2, 1)


def test_a_sender_that_is_late(desk: Desk) -> None:
    """A sender that comes back after its lease cannot spoil what another one has noted; what it has
    delivered counts."""
    [sent] = desk.add("http://127.0.0.1:1/")
    [late] = desk.deliveries.claim({"127.0.0.1:1": 1}, 0)
    time.sleep(0.01)
    [other] = desk.deliveries.claim({"127.0.0.1:1": 1}, 60_000)
    assert (late.attempts, other.attempts) == (1, 2)
    desk.deliveries.give_up(late, "late")
    desk.deliveries.retry_later(late, "late", 0)
    assert desk.row(sent).detail is None
    desk.deliveries.mark_sent(late, "It arrived after all.")
    desk.deliveries.retry_later(other, "The address answered 500.", 5)
    assert (desk.row(sent).state, desk.row(sent).detail) == ("sent", "It arrived after all.")


def test_claims_are_by_receiver(desk: Desk) -> None:
    """So many are claimed for each receiver as there are turns, the oldest first; what is not due
    is not claimed."""
    start_ms = now_ms() - 1_000
    for number, host in enumerate(("a.example", "b.example", "c.example")):
        for n in range(5):
            desk.add(f"https://{host}/{n}", next_ms=start_ms + 100 * n + number)
    desk.add("https://later.example/", next_ms=now_ms() + 60_000)
    desk.add("https://b.example/over", state="sent", next_ms=0)
    assert desk.deliveries.receivers() == ["a.example", "b.example", "c.example"]
    claimed = desk.deliveries.claim(
        {"a.example": 2, "c.example": 1, "later.example": 3, "nobody.example": 1}
    )
    assert sorted(due.url for due in claimed) == [
        "https://a.example/0",
        "https://a.example/1",
        "https://c.example/0",
    ]
    assert desk.deliveries.receivers() == ["b.example", "c.example", "a.example"]


def test_a_sender_that_stops(one: Desk) -> None:
    """A sender that stops lets its tries end, begins no more, and leaves the rest to the next
    one."""
    with Receiver(slowly(1.0), 200) as there:
        one.add(there.url, count=3)
        sender = one.sender()
        there.wait()
        sender.stop(20)
        assert one.states() == {"sent": 1, "waiting": 2}
        one.sender()
        wait_until(lambda: one.states() == {"sent": 3})
        assert len({post.id for post in there.posts}) == len(there.posts) == 3


def test_a_database_that_is_away(one: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """A sender that cannot look for messages goes on looking."""
    sender = one.sender(begin=False)
    receivers, calls = sender._deliveries.receivers, iter([True, False])
    sender._deliveries.receivers = lambda: receivers() if not next(calls, False) else _fail()  # type: ignore[method-assign]
    with Receiver() as there:
        one.add(there.url)
        sender.launch()
        there.wait()
    assert "cannot be sent at the moment" in caplog.text


def _fail() -> list[str]:
    raise OSError("the database is away")


def test_what_fails_on_our_side_is_tried_again(one: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """A fault of ours while sending is a failed try, told without its words; the message is not
    lost."""
    sender = one.sender(begin=False, retries=(0.01,))
    request, calls, words = sender._outbound.request, iter([True]), "hunter2"

    def broken(*given: Any, **named: Any) -> Any:
        if next(calls, False):
            raise RuntimeError(words)
        return request(*given, **named)

    sender._outbound.request = broken  # type: ignore[method-assign]
    with Receiver() as there:
        [sent] = one.add(there.url)
        sender.launch()
        assert (one.ended(sent).state, one.ended(sent).attempts) == ("sent", 2)
    assert "RuntimeError" in caplog.text and "hunter2" not in caplog.text


# --- receivers take turns -------------------------------------------------------------------------


def test_a_dead_receiver_holds_up_nobody(desk: Desk) -> None:
    """While one receiver with two thousand older messages hangs, others get theirs at once."""
    with Receiver(hangs) as dead, Receiver() as first, Receiver() as second:
        desk.add(dead.url, count=2_000, next_ms=now_ms() - 60_000)
        sender = desk.sender()
        dead.wait()
        for there in (first, second):
            desk.add(there.url, count=40)
        sender.wake()
        with hang_guard():
            for there in (first, second):
                there.wait(40, seconds=10)
        assert len(dead.posts) == 1


def test_many_dead_receivers_hold_up_nobody(one: Desk) -> None:
    """Receivers that hang, more of them than there are threads, leave room for those that
    answer."""
    with ExitStack() as stack:
        dead = [stack.enter_context(Receiver(hangs)) for _ in range(20)]
        there = stack.enter_context(Receiver())
        one.add(there.url)
        sender = one.sender()
        there.wait()
        for each in dead:
            one.add(each.url, count=3, next_ms=now_ms() - 60_000)
        wait_until(lambda: sum(len(each.posts) for each in dead) >= 12)
        one.add(there.url, count=30)
        sender.wake()
        there.wait(31, seconds=10)
        assert sum(len(each.posts) for each in dead) == 12


def test_a_receiver_that_asks_for_less_is_left_alone(one: Desk) -> None:
    """A receiver that says that it is overloaded is not sent its other messages at once."""
    with Receiver(503) as there:
        one.add(there.url, count=50)
        one.sender()
        there.wait(2)
        assert len(there.posts) <= 8
        assert there.posts[1].at - there.posts[0].at > 0.5


class TestTurns:
    """Who may have how many of sixteen threads."""

    @staticmethod
    def known(turns: FairScheduler, kind: Any, *names: str) -> list[str]:
        for name in names:
            turns.start(name)
            turns.finish(name, kind)
        return list(names)

    @staticmethod
    def begin(turns: FairScheduler, *names: str) -> dict[str, int]:
        """Take all turns that these receivers get."""
        granted = turns.allocate(names)
        for name, count in granted.items():
            for _ in range(count):
                turns.start(name)
        return granted

    def test_new_receivers_begin_with_one(self) -> None:
        """A receiver that is not known gets one message; all of them together three quarters of the
        threads."""
        turns = FairScheduler(16)
        assert turns.allocate(["a", "b"]) == {"a": 1, "b": 1}
        assert len(turns.allocate(map(str, range(100)))) == 12

    def test_quick_receivers_get_more(self) -> None:
        """A receiver that answers quickly gets four at a time, and may use every thread with others
        like it."""
        turns = FairScheduler(16)
        self.known(turns, "quick", *"abcde")
        assert turns.allocate("abcde") == {"a": 4, "b": 4, "c": 4, "d": 4}
        turns.start("a")
        assert turns.allocate("abcde") == {"a": 3, "b": 4, "c": 4, "d": 4}

    def test_each_kind_leaves_room_for_the_better_ones(self) -> None:
        """Those that do not answer have a quarter of the threads, with the slow ones half, with the
        new ones three quarters."""
        turns = FairScheduler(16)
        silent = self.known(turns, "silent", *(f"silent {n}" for n in range(20)))
        slow_ones = self.known(turns, "slow", "slow 1", "slow 2")
        quick = self.known(turns, "quick", "quick 1", "quick 2")
        new = [f"new {n}" for n in range(20)]
        assert self.begin(turns, *silent) == dict.fromkeys(silent[:4], 1)
        assert self.begin(turns, *silent, *slow_ones) == {"slow 1": 4}
        assert self.begin(turns, *silent, *slow_ones, *new) == dict.fromkeys(new[:4], 1)
        assert self.begin(turns, *silent, *slow_ones, *new, *quick) == {"quick 1": 4}
        assert (
            not turns.has_free_thread and self.begin(turns, *silent, *slow_ones, *new, *quick) == {}
        )

    def test_places_come_back(self) -> None:
        """What has ended makes room again, also for receivers that have become of another kind."""
        turns = FairScheduler(4)
        assert self.begin(turns, *"abc") == {"a": 1, "b": 1, "c": 1}
        turns.finish("a", "quick")
        turns.finish("b", "silent")
        assert self.begin(turns, *"abd") == {"a": 3}
        for _ in range(3):
            turns.finish("a", "silent")
        assert self.begin(turns, *"abd") == {"a": 1, "d": 1}

    def test_pauses(self) -> None:
        """A receiver that is to be left alone gets nothing for a while."""
        turns = FairScheduler(16)
        turns.start("a")
        turns.finish("a", "quick", pause=0.2)
        assert turns.allocate("ab") == {"b": 1}
        assert wait_until(lambda: turns.allocate("a"), 5) == {"a": 4}


# --- who may be called ----------------------------------------------------------------------------


@pytest.fixture
def canary() -> Iterator[Listener]:
    """A server inside that nobody is to reach."""
    with listening(saying(OK), hosts=("127.0.0.1", "::1")) as listener:
        yield listener


@contextmanager
def _names_known(made: WebApp) -> Iterator[None]:
    """The service looks names up in the tests' own list, and nothing inside is allowed."""
    service = made.service
    service.runner.admission.outbound = Outbound(resolver=names)
    yield
    with service.database.connect() as connection:
        assert connection.execute(select(func.count()).select_from(table)).scalar() == 0


@pytest.mark.parametrize("field", ["callback_url", "target_url"])
def test_addresses_inside_are_refused(
    make: Callable[..., WebApp], canary: Listener, field: str
) -> None:
    """No address inside, in whatever form, is taken as a callback or for a subscription; the field
    is named and nobody is called."""
    made = make()
    targets = [target.replace("{port}", str(canary.port)) for target in (*TARGETS.split(), *SPACED)]
    tried = 0
    with _names_known(made):
        for target in targets:
            if target.strip() in {"", "https://public.example/"} or {"\0", "\udcff"} & set(target):
                # an empty box, or an address that is right once it is read as each field is
                continue
            path, body = {
                "callback_url": ("/v1/actions/classify", TICKET),
                "target_url": ("/v1/subscriptions", {"event": "run.completed"}),
            }[field]
            response = made.client.post(path, headers=made.headers, json={**body, field: target})
            told = response.get_json(force=True)
            assert response.status_code == 422, (target, told)
            assert told["code"] in {"address_refused", "invalid_input"}, target
            assert told["errors"][0]["field"] == field
            assert str(canary.port) not in json.dumps(told)
            tried += told["code"] == "address_refused"
    assert tried > 110
    assert canary.count == 0
    key = made.keys.find(made.key)
    assert key is not None
    assert made.service.records.list_by_key(key.id) == []


def test_an_address_that_changed_its_mind(one: Desk, canary: Listener) -> None:
    """A name that leads inside when a message is sent, whatever it was before, is not called, and
    the sentence does not say where to."""
    urls = [
        f"https://{name}/"
        for name in ("private.example", "loop.example", "mixed.example", "mapped.example")
    ]
    urls += [
        f"http://127.0.0.1:{canary.port}/",
        f"http://[::1]:{canary.port}/",
        f"http://localhost:{canary.port}/",
    ]
    sent = [one.add(url)[0] for url in urls]
    one.sender(outbound=Outbound(resolver=names), retries=(0.01,))
    rows = [one.ended(each) for each in sent]
    assert {row.state for row in rows} == {"given_up"} and len({row.detail for row in rows}) == 1
    assert "public internet" in rows[0].detail
    assert canary.count == 0


def test_no_secret_is_logged(one: Desk, caplog: pytest.LogCaptureFixture) -> None:
    """Of where a message goes and what it says the log has the host alone, whatever becomes of
    it."""
    caplog.set_level(logging.DEBUG, "formcall")
    with Receiver(500, 410, 200) as there, Receiver(hangs) as hung:
        row = one.subscriptions.subscribe(
            "key_1", "run.completed", there.url, authorization="Bearer header-secret"
        )
        sent = [
            one.add(there.url)[0],
            one.add(there.url, subscription_id=row.id)[0],
            one.add(there.url)[0],
            one.add(hung.url)[0],
        ]
        one.sender(retries=(), attempt_seconds=0.5)
        rows = [one.ended(each) for each in sent]
    assert there.host in caplog.text
    told = caplog.text + "".join(row.detail for row in rows)
    for secret in ("path-secret", "query-secret", "header-secret", "Länge", "whsec_"):
        assert secret not in told


# --- the header for receivers that cannot verify --------------------------------------------------


def test_authorization(one: Desk) -> None:
    """A subscription's own Authorization header is sent with its messages and kept encrypted."""
    with Receiver() as there:
        row = one.subscriptions.subscribe(
            "key_1", "run.completed", there.url, authorization="Bearer header-secret"
        )
        assert row.authorization and "header-secret" not in row.authorization
        one.add(there.url, subscription_id=row.id)
        one.sender()
        assert there.wait()[0].headers["authorization"] == "Bearer header-secret"


def test_authorization_after_the_secret_has_changed(one: Desk) -> None:
    """A header that cannot be decrypted any more is a failure with a sentence; the message is not
    sent without it."""
    with Receiver() as there:
        row = Subscriptions(one.database, b"an older secret").subscribe(
            "key_1", "run.completed", there.url, authorization="Bearer x"
        )
        [sent] = one.add(there.url, subscription_id=row.id)
        one.sender(retries=())
        assert "secret has changed" in one.ended(sent).detail
        assert there.posts == []


# --- callbacks of runs, in a real service ---------------------------------------------------------


def hosted(upstream: FakeUpstream, **more: str) -> dict[str, str]:
    fast = {
        "FORMCALL_DELIVERY_RETRIES": "0.2,0.2,0.2,1,1,1,1,1,1,1,1,1,1,1,1",
        "FORMCALL_ALLOW_HOSTS": "127.0.0.1",
    }
    asked = {
        "FORMCALL_ENGINE": "openai",
        "OPENAI_API_KEY": "sk-x",
        "OPENAI_BASE_URL": upstream.base_url,
    }
    return {**asked, **fast, **more}


@pytest.fixture(scope="module")
def sends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service that may call 127.0.0.1."""
    with serving(
        tmp_path_factory.mktemp("sends"),
        FORMCALL_ALLOW_HOSTS="127.0.0.1",
        FORMCALL_DELIVERY_RETRIES="0.2,0.2,60",
    ) as service:
        wait_until(
            lambda: service.post(body={**TICKET, "wait_seconds": 0}).status_code == 202
        )  # its jobs are there
        yield service


def secret_of(service: RunningService) -> str:
    told = requests.get(
        f"{service.address}/v1/signing-secret", headers=service.headers, timeout=10
    ).json()
    return str(told["signing_secret"])


def test_a_run_that_takes_longer(tmp_path: Path) -> None:
    """A caller whose wait ends before the run does gets its id, and later the signed answer at the
    callback."""
    answered = threading.Event()
    with (
        FakeUpstream([gated(answered)]) as upstream,
        Receiver() as there,
        serving(tmp_path, **hosted(upstream)) as service,
    ):
        response = service.post(body={**TICKET, "wait_seconds": 1, "callback_url": there.url})
        assert response.status_code == 202
        assert there.posts == []
        answered.set()
        post = there.wait()[0]
        told = post.verified(secret_of(service))
        assert (told["event"], told["status"], told["id"]) == (
            "run.completed",
            "done",
            response.json()["id"],
        )
        kept = requests.get(
            response.json()["status_url"], headers=service.headers, timeout=10
        ).json()
        assert [kept[name] for name in ("result", "category", "cost_usd")] == [
            told[name] for name in ("result", "category", "cost_usd")
        ]
        assert len(there.posts) == 1


def test_what_zapier_resumes_with(sends: RunningService) -> None:
    """A callback is one flat JSON object, with the same keys as the answer itself and the event
    before them, also when nobody waited."""
    with Receiver() as there:
        answer = sends.post(body={**TICKET, "callback_url": there.url}).json()
        later = sends.post(body={**TICKET, "callback_url": there.url, "wait_seconds": 0})
        posts = {post.json["id"]: post for post in there.wait(2)}
    assert later.status_code == 202
    told = posts[answer["id"]].verified(secret_of(sends))
    assert list(told) == ["event", *answer]
    assert {**told, "event": None} == {**answer, "event": None}
    assert list(posts[later.json()["id"]].json) == list(told)
    assert not any(isinstance(value, dict) or "__" in key for key, value in told.items())


def test_a_callback_tells_of_failures(tmp_path: Path) -> None:
    """A run that failed or was cancelled is told at its callback as well, as its problem."""
    with (
        FakeUpstream([fault("quota")]) as upstream,
        Receiver() as there,
        serving(tmp_path, **hosted(upstream)) as service,
    ):
        assert service.post(body={**TICKET, "callback_url": there.url}).status_code == 402
        told = there.wait()[0].verified(secret_of(service))
    assert (told["event"], told["code"], told["run_status"]) == (
        "run.failed",
        "provider_quota",
        "failed",
    )


def test_who_asks_again_is_told_as_well(make: Callable[..., WebApp]) -> None:
    """The same idempotency key with another callback address: that one is told too, whether the run
    has ended or goes on."""
    made = make(allow_hosts="127.0.0.1", deadline_seconds=30.0)
    with Receiver() as first, Receiver() as second, Receiver() as third, made.launched():
        for there in (first, second, second):
            body = made.post(
                json={**TICKET, "idempotency_key": "one", "callback_url": there.url}
            ).json
        assert first.wait()[0].json["id"] == second.wait()[0].json["id"] == body["id"]
        cached = {**TICKET, "cache": "1h"}
        made.post(json=cached)
        again = made.post(json={**cached, "callback_url": third.url}).json
        assert third.wait()[0].json["id"] == again["id"]
        time.sleep(0.3)
        assert [len(there.posts) for there in (first, second, third)] == [1, 1, 1]


def test_who_asks_again_while_it_goes_on(tmp_path: Path) -> None:
    """A run that goes on tells every callback that was named for it, each once."""
    open_gate = threading.Event()
    with ExitStack() as stack:
        upstream = stack.enter_context(FakeUpstream([gated(open_gate)]))
        first, second = (stack.enter_context(Receiver()) for _ in range(2))
        service = stack.enter_context(serving(tmp_path, **hosted(upstream)))
        body = {**TICKET, "idempotency_key": "one", "wait_seconds": 0.2}
        told = [
            service.post(body={**body, "callback_url": there.url})
            for there in (first, second, second)
        ]
        assert [each.status_code for each in told] == [202] * 3
        open_gate.set()
        assert first.wait()[0].json["id"] == second.wait()[0].json["id"] == told[0].json()["id"]
        time.sleep(0.3)
        assert (len(first.posts), len(second.posts)) == (1, 1)
        assert len(upstream.requests) == 1


def test_it_is_sent_at_once(make: Callable[..., WebApp], monkeypatch: pytest.MonkeyPatch) -> None:
    """What this process has written is sent without waiting for the next look."""
    monkeypatch.setattr(sending, "_POLL_SECONDS", 3_600.0)
    made = make(allow_hosts="127.0.0.1")
    with Receiver() as there, made.launched():
        for number in range(3):
            made.post(json={**TICKET, "callback_url": there.url})
            there.wait(number + 1)


def test_killed_before_it_was_sent(tmp_path: Path) -> None:
    """A process killed between a run's end and the sending of its message leaves the message to the
    next one."""
    script = """
import os, signal, sys
from connector.settings import read_settings
from connector.web.app import create_app
app = create_app(read_settings())
_, key = app.extensions["formcall"].keys.create("killed")
form = {"text": "a", "categories": "b\\nc", "callback_url": sys.argv[1]}
answer = app.test_client().post("/v1/actions/classify", json=form, headers={"X-API-Key": key})
print(answer.json["id"], flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""
    allowed = {
        "FORMCALL_ALLOW_HOSTS": "127.0.0.1",
        "FORMCALL_DATA_DIR": str(tmp_path / "data"),
        "FORMCALL_ENGINE": "scripted",
    }
    with Receiver() as there:
        command, environment = (
            [sys.executable, "-c", script, there.url],
            clean_environment(**allowed),
        )
        killed = subprocess.run(
            command,
            env=environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        assert there.posts == []
        with serving(tmp_path, **allowed):
            assert there.wait()[0].json["id"] == killed.stdout.strip()
            time.sleep(1.5)
            assert len(there.posts) == 1


def test_killed_between_two_tries(tmp_path: Path) -> None:
    """A service killed while a message waits for its next try sends it after its restart, once and
    under the same id."""
    with FakeUpstream() as upstream, Receiver(503, 200) as there:
        variables = hosted(upstream, FORMCALL_DELIVERY_RETRIES="2,2,2,2")
        with serving(tmp_path, **variables) as service:
            run_id = service.post(body={**TICKET, "callback_url": there.url}).json()["id"]
            there.wait()
            key = service.key
            wait_until(lambda: _listed(service, key)[0]["detail"])
            _kill(service)
        with serving(tmp_path, **variables) as service:
            first, second = there.wait(2)
            told = wait_until(lambda: (found := _listed(service, key))[0]["ok"] and found)
        assert first.id == second.id == told[0]["id"]
        assert (told[0]["subject_id"], told[0]["attempts"], len(told), len(there.posts)) == (
            run_id,
            2,
            1,
            2,
        )


def test_killed_while_it_ran(tmp_path: Path) -> None:
    """A run that was cut off with its service tells its callback so: who waits there learns that no
    answer comes."""
    gate = threading.Event()
    with ExitStack() as stack:
        upstream = stack.enter_context(FakeUpstream([gated(gate)]))
        there = stack.enter_context(Receiver())
        with serving(tmp_path, **hosted(upstream)) as service:
            caller = threading.Thread(
                target=_post_in_vain, args=(service, {**TICKET, "callback_url": there.url})
            )
            caller.start()
            wait_until(lambda: upstream.in_flight)
            _kill(service)
            caller.join()
        gate.set()
        with serving(tmp_path, **hosted(upstream)):
            told = there.wait()[0].json
    assert (told["event"], told["code"], told["run_status"]) == (
        "run.failed",
        "interrupted",
        "interrupted",
    )


def _post_in_vain(service: RunningService, body: Json) -> None:
    with suppress(requests.ConnectionError):
        service.post(body=body)


def _kill(service: RunningService) -> None:
    """The service and its worker are gone from one moment to the next."""
    for pid in (*_children(service.process.pid), service.process.pid):
        os.kill(pid, signal.SIGKILL)
    service.process.wait()


def _listed(service: RunningService, key: str, query: str = "") -> Any:
    return requests.get(
        f"{service.address}/v1/deliveries{query}", headers={"X-API-Key": key}, timeout=10
    ).json()


def _children(pid: int) -> list[int]:
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    ).stdout
    return [int(line) for line in found.split()]


# --- looking at them ------------------------------------------------------------------------------


def test_messages_are_listed(sends: RunningService) -> None:
    """A key sees what was sent for it, the newest first: how each stands, and of its address the
    host alone."""
    with Receiver(500) as refuses, Receiver() as takes:
        first = sends.post(body={**TICKET, "callback_url": refuses.url}).json()
        second = sends.post(body={**TICKET, "callback_url": takes.url}).json()
        takes.wait()
        listed = partial(_listed, sends, sends.key)
        done = wait_until(lambda: listed(f"?state=sent&subject_id={second['id']}"))
        assert [
            (one["ok"], one["subject_id"], one["attempts"], one["next_try_at"]) for one in done
        ] == [(True, second["id"], 1, None)]
        waits = wait_until(
            lambda: [
                one
                for one in listed(f"?subject_id={first['id']}")
                if one["attempts"] == 3 and one["state"] == "waiting"
            ]
        )
        assert (waits[0]["receiver"], waits[0]["detail"]) == (
            refuses.host,
            "The address answered 500.",
        )
        assert waits[0]["next_try_at"] and waits[0]["ended_at"] is None
        newest = listed("?limit=2")
        assert [one["subject_id"] for one in newest] == [second["id"], first["id"]]
        text = requests.get(
            f"{sends.address}/v1/deliveries", headers=sends.headers, timeout=10
        ).text
        assert "secret" not in text
        one = requests.get(
            f"{sends.address}/v1/deliveries/{newest[0]['id']}", headers=sends.headers, timeout=10
        ).json()
        assert one == newest[0]


def test_lists_refuse_what_they_do_not_know(make: Callable[..., WebApp]) -> None:
    """A state that there is not, a number that is none and an id that is not one's own are told."""
    made = make()
    for query in ("?state=done", "?limit=0", "?limit=x"):
        response = made.client.get(f"/v1/deliveries{query}", headers=made.headers)
        assert (response.status_code, response.get_json(force=True)["code"]) == (
            422,
            "invalid_input",
        )
    assert made.client.get("/v1/deliveries").status_code == 401
    for path in ("/v1/deliveries/msg_x", "/v1/deliveries/msg_x/resend"):
        method = made.client.post if path.endswith("resend") else made.client.get
        assert method(path, headers=made.headers).status_code == 404


def test_send_it_again(make: Callable[..., WebApp]) -> None:
    """A message can be sent again under its own id, after it arrived or was given up; another key
    cannot do that."""
    made = make(allow_hosts="127.0.0.1", delivery_retries="0.1")
    with Receiver(200, 500, 500, 200) as there, made.launched() as service:
        made.post(json={**TICKET, "callback_url": there.url})
        sent = there.wait()[0].id
        wait_until(lambda: service.deliveries.find(sent).state == "sent")
        other = {"X-API-Key": made.keys.create("another")[1]}
        path = f"/v1/deliveries/{sent}/resend"
        assert made.client.post(path, headers=other).status_code == 404
        assert made.client.post(path, headers=made.headers).json["state"] in {"waiting", "sent"}
        row = wait_until(
            lambda: (found := service.deliveries.find(sent)).state == "given_up" and found
        )
        assert row.attempts == 2
        assert made.client.post(path, headers=made.headers).status_code == 200
        wait_until(lambda: service.deliveries.find(sent).state == "sent")
        assert [post.id for post in there.posts] == [sent] * 4


def test_what_is_on_its_way_is_not_sent_twice(desk: Desk) -> None:
    """To send a message again that may just be under way changes nothing; one that waits for hours
    goes at once."""
    [sent] = desk.add("https://a.example/")
    [due] = desk.deliveries.claim({"a.example": 1})
    desk.deliveries.resend(desk.row(sent))
    assert desk.deliveries.receivers() == []
    desk.deliveries.retry_later(due, "The address answered 500.", 7_200)
    desk.deliveries.resend(desk.row(sent))
    assert desk.deliveries.receivers() == ["a.example"]
    assert desk.row(sent).attempts == 0


def test_texts_that_are_not_kept(make: Callable[..., WebApp]) -> None:
    """Where texts are not kept, a message's text is deleted once it has arrived; it cannot be sent
    again, and that is said."""
    made = make(allow_hosts="127.0.0.1", store_text="off")
    with Receiver() as there, made.launched() as service:
        made.post(json={**TICKET, "callback_url": there.url})
        post = there.wait()[0]
        assert post.json["category"] == "billing"
        row = wait_until(
            lambda: (found := service.deliveries.find(post.id)).state == "sent" and found
        )
        assert row.body is None
        with pytest.raises(FormcallError, match="was not stored"):
            service.deliveries.resend(row)
        response = made.client.post(f"/v1/deliveries/{post.id}/resend", headers=made.headers)
        assert (response.status_code, response.get_json(force=True)["code"]) == (409, "conflict")


def test_the_signing_secret(make: Callable[..., WebApp], tmp_path: Path) -> None:
    """Each key has a secret of its own, the same at each time, over HTTP and on the command
    line."""
    from click.testing import CliRunner

    from connector.cli.main import main

    made = make()
    told = made.client.get("/v1/signing-secret", headers=made.headers).json
    again = made.client.get("/v1/signing-secret", headers=made.headers).json
    assert told == again and told["signing_secret"].startswith("whsec_")
    other = made.client.get(
        "/v1/signing-secret", headers={"X-API-Key": made.keys.create("another")[1]}
    ).json
    assert other["signing_secret"] != told["signing_secret"]
    assert made.client.get("/v1/signing-secret").status_code == 401
    shown = CliRunner().invoke(
        main, ["key", "secret", "key 0"], env={"FORMCALL_DATA_DIR": str(tmp_path / "data")}
    )
    assert shown.stdout.strip() == told["signing_secret"]
    assert (
        CliRunner()
        .invoke(
            main, ["key", "secret", "nobody"], env={"FORMCALL_DATA_DIR": str(tmp_path / "data")}
        )
        .exit_code
        == 1
    )

"""The same request again: one idempotency key is one run, paid once, whoever asks how often and in whatever moment."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.errors import KINDS as ERRORS
from connector.errors import FormcallError
from connector.jobs import admission
from connector.jobs.telling import Told
from connector.store.ids import now_ms
from connector.store.notes import Begin, Cancel, CutOff, Requeue
from tests.books import agree, entries, the_run
from tests.conftest import TICKET, Made, serving
from tests.databases import KINDS, database_url
from tests.shop import COST, Open, Shop, Till, look, new_key, over, send, shops, started, tell, until
from tests.upstream import FakeUpstream, Reply, Request, fault, forced_call, incomplete, refusal

Json = dict[str, Any]

WRONG = forced_call({"category": "nonsense"})

@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    with database_url(request.param) as found:
        yield found


@pytest.fixture
def open_shop(tmp_path: Path) -> Iterator[Open]:
    with shops(tmp_path) as one:
        yield one


def held(gate: threading.Event, till: Till) -> Callable[[Request], Reply]:
    """Answers once the gate is open."""

    def step(request: Request) -> Reply:
        gate.wait(30)
        return till(request)

    return step


def all_told(shop_of: Callable[[int], Shop], count: int, **fields: Any) -> list[Told]:
    with ThreadPoolExecutor(count) as clients:
        return list(clients.map(lambda number: shop_of(number).ask(**fields), range(count)))


# --- at the same moment, and one after the other -----------------------------------------------------------------------


def test_twenty_at_once(open_shop: Open, address: str) -> None:
    """Twenty equal requests at one moment, to two processes where there may be two, are one run and one paid call; those that come in
    while it goes on are told which run it is, and later all get the one answer."""
    till = Till()
    with FakeUpstream(till.script, delay=0.3) as upstream:
        pair = [open_shop(upstream, address, secret="s") for _ in range(2 if address else 1)]
        key = pair[0].new_key(day=10**9)
        told = all_told(lambda number: pair[number % len(pair)], 20, key=key, idempotency_key="order 7")
        assert len({one.id for one in told}) == 1
        assert Counter(one.status for one in told)["done"] >= 1
        assert {one.status for one in told} <= {"running", "done"}
        (body,) = {one.body for one in told if one.status == "done"}
        again = all_told(lambda number: pair[number % len(pair)], 20, key=key, idempotency_key="order 7")
        assert {one.body for one in again} == {body}
        assert (len(upstream.requests), agree(pair[0].database)) == (1, COST)


def test_while_it_goes_on(open_shop: Open) -> None:
    """Whoever asks while the run goes on hears at once that it does, and under which id; the first caller gets the answer."""
    gate, till = threading.Event(), Till()
    with FakeUpstream([held(gate, till)]) as upstream, ThreadPoolExecutor(1) as pool:
        shop = open_shop(upstream)
        first = pool.submit(shop.ask, idempotency_key="a")
        until(lambda: upstream.in_flight)
        for _ in range(3):
            told = shop.ask(idempotency_key="a")
            assert (told.status, told.body, told.is_open) == ("running", "", True)
        gate.set()
        assert first.result().status == "done"
        assert shop.ask(idempotency_key="a") == replace(first.result(), retry_after=None)
        assert told.id == first.result().id


def test_what_is_the_same(open_shop: Open) -> None:
    """What the action and its model see must be the same, however it was sent; how the run is waited for and paid may differ."""
    with FakeUpstream(Till().script) as upstream:
        shop = open_shop(upstream)
        first = shop.ask(idempotency_key="a", effort="low")
        same: list[Json] = [
            {"wait_seconds": 3}, {"tag": "x"}, {"max_cost_usd": "1"}, {"cache": "1h"}, {"categories": TICKET["categories"] + "\n"},
            {"multiple": "false"}, {"language": ""}, {"examples": None},
        ]  # fmt: skip
        for fields in same:
            assert shop.ask(idempotency_key="a", effort="Low", **fields).id == first.id, fields
        other: list[Json] = [{"text": "x"}, {"effort": "high"}, {"language": "German"}, {"instructions": "Be brief."}, {"multiple": 1}]
        for fields in other:
            assert shop.tried(idempotency_key="a", **{"effort": "low", **fields}) == "idempotency_mismatch", fields
        with pytest.raises(FormcallError, match="used for another request"):
            shop.ask("answer_with_tools", idempotency_key="a")
        assert len(upstream.requests) == 1


def test_two_keys_do_not_share(open_shop: Open) -> None:
    """The same words under two API keys are two runs, of which neither hears of the other."""
    with FakeUpstream(Till().script) as upstream:
        shop = open_shop(upstream)
        mine, other = shop.ask(idempotency_key="a"), shop.ask(idempotency_key="a", key=shop.new_key())
        assert mine.id != other.id
        assert shop.tried(idempotency_key="a", key=shop.new_key(), text="Another one.") == "done"
        assert len(upstream.requests) == 3


def test_after_a_day(open_shop: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    """After 24 hours a key is free again, for any request, and the old run keeps its answer; one that still goes on keeps its key."""
    gate, till = threading.Event(), Till()
    with FakeUpstream([till, till, till, held(gate, till)]) as upstream, ThreadPoolExecutor(1) as pool:
        shop = open_shop(upstream)
        first = shop.ask(idempotency_key="a")
        now = [now_ms() + admission.SAME_KEY_MS - 60_000]
        monkeypatch.setattr(admission, "now_ms", lambda: now[0])
        assert shop.ask(idempotency_key="a").id == first.id
        now[0] += 120_000
        told = all_told(lambda _: shop, 12, idempotency_key="a", text="Another one.")
        assert len({one.id for one in told}) == 1
        assert told[0].id != first.id
        assert shop.tried(idempotency_key="a") == "idempotency_mismatch"
        assert the_run(shop.database, first.id).answer == first.body
        assert shop.ask(idempotency_key="b").status == "done"
        slow = pool.submit(shop.ask, idempotency_key="c")
        until(lambda: upstream.in_flight)
        now[0] += 2 * admission.SAME_KEY_MS
        assert shop.ask(idempotency_key="c").status == "running"
        gate.set()
        assert slow.result().status == "done"
        assert len(upstream.requests) == 4


# --- after a failure ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (fault("disconnect"), "provider_unavailable"),
        (incomplete(), "output_truncated"),
        (WRONG, "invalid_output"),
        (refusal(), "refused"),
        (incomplete("content_filter"), "refused"),
        (fault("auth"), "provider_auth"),
        (fault("quota"), "provider_quota"),
        (fault("context"), "too_long"),
        (fault("html"), "provider_bad_reply"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_failed_run(open_shop: Open, step: Any, code: str) -> None:
    """What may pass is tried again under the same id, and its first attempt stays in the books; what will not is told again, word for
    word, and nobody is asked."""
    till = Till()
    calls = 2 if code in {"invalid_output", "output_truncated"} else 1
    with FakeUpstream([*[step] * calls, till]) as upstream:
        shop = open_shop(upstream)
        first = shop.ask(idempotency_key="a")
        assert first.code == code
        cost = the_run(shop.database, first.id).cost_nusd
        again = shop.ask(idempotency_key="a")
        assert again.id == first.id
        row = the_run(shop.database, first.id)
        if ERRORS[code].retryable:
            assert (again.status, row.attempt, len(upstream.requests)) == ("done", 2, calls + 1)
            assert row.cost_nusd == cost + COST == round(json.loads(again.body)["cost_usd"] * 1e9)
            assert shop.ask(idempotency_key="a").body == again.body
        else:
            assert (again.body, again.code, row.attempt, len(upstream.requests)) == (first.body, code, 1, calls)
        agree(shop.database)


def test_many_ask_again_after_a_failure(open_shop: Open, address: str) -> None:
    """When twenty ask again at once for a run that failed for the moment, one new attempt is made, and nobody is refused for it."""
    till = Till()
    with FakeUpstream([fault("disconnect"), *[till] * 30], delay=0.2) as upstream:
        pair = [open_shop(upstream, address, secret="s") for _ in range(2 if address else 1)]
        key = pair[0].new_key(day=10**9)
        first = pair[0].ask(key=key, idempotency_key="a")
        told = all_told(lambda number: pair[number % len(pair)], 20, key=key, idempotency_key="a")
        assert {one.id for one in told} == {first.id}
        assert {one.status for one in told} <= {"running", "done"}
        assert (len(upstream.requests), the_run(pair[0].database, first.id).attempt) == (2, 2)
        agree(pair[0].database)


def test_an_interrupted_run(open_shop: Open) -> None:
    """A run that was cut off runs again under its key and id; what it had reserved is booked as an estimate, once."""
    with FakeUpstream(Till().script) as upstream:
        shop = open_shop(upstream)
        asked = shop.workshop.runner.admission.ask(shop.key, "classify", {**TICKET, "idempotency_key": "a"})
        shop.workshop.journal.write(Begin(shop.workshop.runner.admission._row(asked), want=500, least=5))
        shop.workshop.journal.write(CutOff(asked.run.id, "{}"))
        told = shop.ask(idempotency_key="a")
        row = the_run(shop.database, asked.run.id)
        assert (told.id, told.status, row.attempt) == (asked.run.id, "done", 2)
        assert (row.cost_nusd, row.estimated_nusd, row.reserved_nusd) == (COST + 500, 500, 0)
        agree(shop.database)


@pytest.mark.parametrize("status", ["cancelled", "incomplete"])
def test_an_end_that_is_an_end(open_shop: Open, status: str) -> None:
    """A run that was cancelled, or that came to its own limits, is told again and not begun again; its owner may retry it."""
    with FakeUpstream(Till().script) as upstream:
        shop = open_shop(upstream)
        asked = shop.workshop.runner.admission.ask(shop.key, "classify", {**TICKET, "idempotency_key": "a"})
        row = {**shop.workshop.runner.admission._row(asked), "status": "queued", "attempt": 0}
        shop.workshop.journal.write(Begin(row))
        if status == "cancelled":
            shop.workshop.runner.cancel(asked.run.id)
        else:
            shop.workshop.runner.fail(the_run(shop.database, asked.run.id), FormcallError("max_steps", "Not finished."))
        first, again = (shop.ask(idempotency_key="a") for _ in range(2))
        assert first == again
        assert (first.id, first.code) == (asked.run.id, {"cancelled": "cancelled", "incomplete": "max_steps"}[status])
        assert not upstream.requests
        shop.workshop.journal.write(Requeue(asked.run.id))
        assert shop.ask(idempotency_key="a").status == "queued"
        assert shop.workshop.journal.write(Cancel(asked.run.id, "{}")) == "cancelled"


# --- with the other options --------------------------------------------------------------------------------------------


def test_with_the_cache(open_shop: Open) -> None:
    """A kept answer is a run of its own under a new key, and a key that is known means its own run, whatever is kept meanwhile."""
    with FakeUpstream([fault("disconnect"), *[Till()] * 5]) as upstream:
        shop = open_shop(upstream)
        failed = shop.ask(idempotency_key="a", cache="1d")
        kept = shop.ask(cache="1d")
        assert (failed.code, kept.status, len(upstream.requests)) == ("provider_unavailable", "done", 2)
        new = shop.ask(idempotency_key="b", cache="1d")
        assert new.id not in {failed.id, kept.id}
        assert (json.loads(new.body)["cost_usd"], len(upstream.requests)) == (0.0, 2)
        assert shop.ask(idempotency_key="b", cache="1d") == new == shop.ask(idempotency_key="b")
        again = shop.ask(idempotency_key="a", cache="1d")
        row = the_run(shop.database, failed.id)
        assert (again.id, again.status, row.status, row.reserved_nusd) == (failed.id, "done", "done", 0)
        assert shop.tried(idempotency_key="b", cache="1d", text="Another one.") == "idempotency_mismatch"
        agree(shop.database)
        assert {the_run(shop.database, one.id).status for one in (failed, kept, new)} == {"done"}


def test_many_from_the_cache(open_shop: Open) -> None:
    """Twenty at once for a kept answer with one key are one run, free."""
    with FakeUpstream(Till().script) as upstream:
        shop = open_shop(upstream)
        shop.ask(cache="1h")
        told = all_told(lambda _: shop, 20, idempotency_key="a", cache="1h")
        assert len({one.id for one in told}) == 1
        assert {one.status for one in told} <= {"running", "done"}
        assert (len(upstream.requests), len(entries(shop.database))) == (1, 1)


def test_a_dry_run_keeps_no_key(open_shop: Open) -> None:
    """A dry run is no run: it takes no key, and with a key that is taken it is a dry run all the same."""
    with FakeUpstream(Till().script) as upstream:
        shop = open_shop(upstream)
        for _ in range(2):
            assert shop.ask(idempotency_key="a", dry_run="yes").status == "dry_run"
        assert shop.ask(idempotency_key="a", text="Another one.").status == "done"
        assert shop.ask(idempotency_key="a", dry_run="1", wait_seconds=0).status == "dry_run"
        assert len(upstream.requests) == 1


@pytest.mark.parametrize("kept", ["hash", "off"])
def test_where_no_texts_are_kept(open_shop: Open, kept: str) -> None:
    """The answer of a run with a key is kept also where texts are not, since it was promised; its form is not."""
    with FakeUpstream(Till().script) as upstream:
        shop = open_shop(upstream, store_text=kept)
        first = shop.ask(idempotency_key="a")
        assert shop.ask(idempotency_key="a") == first
        row = the_run(shop.database, first.id)
        assert (row.form, row.answer) == (None, first.body)
        plain = shop.ask(cache="1h")
        assert the_run(shop.database, plain.id).answer is None
        from_cache = shop.ask(cache="1h", wait_seconds=0) if shop.workshop.runner.jobs else shop.ask(cache="1h")
        assert (the_run(shop.database, from_cache.id).answer, the_run(shop.database, from_cache.id).form) == (None, None)


# --- over HTTP ---------------------------------------------------------------------------------------------------------


def test_header_and_field(make: Callable[..., Made]) -> None:
    """The key may come as the header or as the field, or as both when they are the same; it may have any signs, and 255 of them."""
    made = make()
    first = made.post(json=TICKET, headers={"Idempotency-Key": "order 7"})
    for more in ({"json": {**TICKET, "idempotency_key": "order 7"}}, {"data": {**TICKET, "idempotency_key": "order 7"}}):
        assert made.post(**more).get_json()["id"] == first.get_json()["id"]
    both = made.post(json={**TICKET, "idempotency_key": "order 7"}, headers={"Idempotency-Key": "order 7"})
    assert both.get_json() == first.get_json()
    differ = made.post(json={**TICKET, "idempotency_key": "order 8"}, headers={"Idempotency-Key": "order 7"})
    assert (differ.status_code, differ.get_json()["errors"][0]["code"]) == (422, "not_the_same")
    number = made.post(json={**TICKET, "idempotency_key": 17})
    assert made.post(json=TICKET, headers={"Idempotency-Key": "17"}).get_json()["id"] == number.get_json()["id"]
    for empty in ("", "   ", None, []):
        ids = {made.post(json={**TICKET, "idempotency_key": empty}).get_json()["id"] for _ in range(2)}
        assert len(ids) == 2
    for name in ("Bestellung – ü 🎈", "x" * 255, "a\x00b", "\ud800", "'; DROP TABLE runs; --", "%s %(id)s :id ?"):
        ids = {made.post(json={**TICKET, "idempotency_key": name}).get_json()["id"] for _ in range(2)}
        assert len(ids) == 1, name
    for longer in ({"json": {**TICKET, "idempotency_key": "x" * 256}}, {"json": TICKET, "headers": {"Idempotency-Key": "x" * 256}}):
        refused = made.post(**longer)
        assert (refused.status_code, refused.get_json()["errors"][0]["field"]) == (422, "idempotency_key")


def test_a_client_that_gives_up(tmp_path: Path) -> None:
    """A client that gives up after a second and sends the same five times more pays once, and gets the one answer under the one id; a
    run that was not waited for at all is the same run, too."""
    till = Till()
    with FakeUpstream(till.script, delay=2.5) as upstream, serving(tmp_path, **over(upstream)) as service:
        headers = {"X-API-Key": service.key, "Idempotency-Key": "order 7"}
        came: list[requests.Response] = []
        for _ in range(6):
            try:
                came.append(requests.post(f"{service.address}/v1/actions/classify", json=TICKET, headers=headers, timeout=1))
            except requests.Timeout:
                pass
            time.sleep(0.4)
        assert {one.status_code for one in came} <= {200, 202}
        (run_id,) = {one.json()["id"] for one in came}
        for one in came:
            if one.status_code == 202:
                assert one.headers["Location"] == one.json()["status_url"] == f"{service.address}/v1/runs/{run_id}"
        last = until(lambda: (found := send(service, idempotency_key="order 7")).status_code == 200 and found).json()
        assert (last["id"], last["status"], len(upstream.requests)) == (run_id, "done", 1)
        shown = look(service, run_id)
        assert {name: shown[name] for name in last} == last
        later = [send(service, idempotency_key="later", wait_seconds=wait) for wait in (0, 0, 30, 0)]
        assert [one.status_code for one in later[:2]] == [202, 202]
        assert len({one.json()["id"] for one in later}) == 1
        ended = look(service, later[0].json()["id"], 30)
        assert (ended["status"], len(upstream.requests), till.money) == ("done", 2, 2 * COST)
        assert send(service, idempotency_key="later", wait_seconds=0).json()["status"] == "done"


def test_where_others_do_the_work(tmp_path: Path) -> None:
    """With web processes that only take in and workers elsewhere, equal requests to both webs at once are one run, also after a failure
    that may pass, and after it was not waited for."""
    till = Till()
    with database_url("postgresql") as database, FakeUpstream([till, fault("disconnect"), till, till], delay=0.3) as upstream:
        variables = over(upstream, FORMCALL_DATABASE_URL=database, FORMCALL_SECRET="s" * 32)
        web = ("serve", "--role", "web")
        with started(tmp_path / "a", *web, **variables) as a, started(tmp_path / "b", *web, **variables) as b:
            a.key = b.key = new_key(a)
            with ThreadPoolExecutor(12) as pool, started(tmp_path / "w", "worker", **variables):
                came = list(pool.map(lambda number: send((a, b)[number % 2], idempotency_key="x", wait_seconds=30), range(12)))
                assert len({one.json()["id"] for one in came}) == 1
                assert {one.status_code for one in came} <= {200, 202}
                assert 200 in {one.status_code for one in came}
                assert len(upstream.requests) == 1
                failed = send(a, idempotency_key="y", wait_seconds=30)
                assert (failed.status_code, failed.json()["code"]) == (502, "provider_unavailable")
                again = send(b, idempotency_key="y", wait_seconds=30)
                assert (again.status_code, again.json()["id"]) == (200, failed.json()["id"])
                assert look(a, failed.json()["id"])["attempt"] == 2
                unwaited = [send(one, idempotency_key="z", wait_seconds=0) for one in (a, b, a)]
                assert {one.status_code for one in unwaited} == {202}
                assert look(b, unwaited[0].json()["id"], 30)["status"] == "done"
                assert len(upstream.requests) == 4
                assert tell(a, unwaited[0].json()["id"], "retry").status_code == 409


def test_what_is_wrong_with_a_form_takes_no_key(make: Callable[..., Made]) -> None:
    """A request that is refused for its form leaves its key free for the right one."""
    made = make()
    wrong = made.post(json={**TICKET, "categories": "one", "idempotency_key": "a"})
    assert (wrong.status_code, wrong.get_json()["code"]) == (422, "invalid_input")
    assert made.post(json={**TICKET, "idempotency_key": "a"}).status_code == 200

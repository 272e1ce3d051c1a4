"""Repeated requests: one idempotency key is one run, paid once, however many callers repeat it and
whenever."""

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
from sqlalchemy import select

from connector.errors import KINDS as ERRORS
from connector.errors import FormcallError
from connector.json_types import Json
from connector.runs import admission
from connector.runs.responses import RunResponse
from connector.store.ids import now_ms
from connector.store.ledger.changes import CreateRun
from connector.store.ledger.control_changes import CancelRun, MarkInterrupted, RequeueRun
from connector.store.tables import cached_answers
from tests.support.databases import KINDS, database_url
from tests.support.ledger_asserts import assert_consistent, entries, run_row
from tests.support.running_service import serving
from tests.support.samples import TICKET
from tests.support.service_harness import (
    COST,
    FakePricing,
    LocalService,
    OpenLocal,
    formcall_process,
    get_run,
    hosted_environment,
    local_services,
    new_key,
    post_to_run,
    run_action,
    wait_until,
)
from tests.support.upstream import (
    FakeUpstream,
    Reply,
    Request,
    fault,
    forced_call,
    incomplete,
    refusal,
)
from tests.support.web_app import WebApp

WRONG = forced_call({"category": "nonsense"})


@pytest.fixture(params=KINDS)
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    with database_url(request.param) as found:
        yield found


@pytest.fixture
def open_local(tmp_path: Path) -> Iterator[OpenLocal]:
    with local_services(tmp_path) as one:
        yield one


def held(gate: threading.Event, pricing: FakePricing) -> Callable[[Request], Reply]:
    """Answers once the gate is open."""

    def step(request: Request) -> Reply:
        gate.wait(30)
        return pricing(request)

    return step


def all_told(
    shop_of: Callable[[int], LocalService], count: int, **fields: Any
) -> list[RunResponse]:
    with ThreadPoolExecutor(count) as clients:
        return list(clients.map(lambda number: shop_of(number).run(**fields), range(count)))


# --- at the same moment, and one after the other --------------------------------------------------


def test_twenty_at_once(open_local: OpenLocal, address: str) -> None:
    """Twenty equal requests at one moment, to two processes where there may be two, are one run and
    one paid call, and all get the one answer; all but the first are marked as replays."""
    pricing = FakePricing()
    with FakeUpstream(pricing.script, delay=0.3) as upstream:
        pair = [open_local(upstream, address, secret="s") for _ in range(2 if address else 1)]
        key = pair[0].new_key(day=10**9)
        told = all_told(
            lambda number: pair[number % len(pair)], 20, key=key, idempotency_key="order 7"
        )
        assert len({one.id for one in told}) == 1
        assert {one.status for one in told} == {"done"}
        (body,) = {one.body for one in told}
        assert Counter(one.is_replay for one in told) == {False: 1, True: 19}
        again = all_told(
            lambda number: pair[number % len(pair)], 20, key=key, idempotency_key="order 7"
        )
        assert {one.body for one in again} == {body}
        assert (len(upstream.requests), assert_consistent(pair[0].database)) == (1, COST)


def test_while_it_goes_on(open_local: OpenLocal) -> None:
    """A repeated request waits for the open run as long as it wants to, like the first one: it gets
    the same answer, or learns at the end of its own time that the run is still running."""
    gate, pricing = threading.Event(), FakePricing()
    with FakeUpstream([held(gate, pricing)]) as upstream, ThreadPoolExecutor(4) as pool:
        local = open_local(upstream)
        first = pool.submit(local.run, idempotency_key="a")
        wait_until(lambda: upstream.in_flight)
        waiting = [pool.submit(local.run, idempotency_key="a") for _ in range(3)]
        for seconds in (0, 0.05):
            told = local.run(idempotency_key="a", wait_seconds=seconds)
            assert (told.status, told.body, told.is_open) == ("running", "", True)
            assert told.is_replay
        assert not any(one.done() for one in waiting)
        gate.set()
        answer = first.result()
        assert (answer.status, answer.is_replay, answer.id) == ("done", False, told.id)
        for one in [*(one.result() for one in waiting), local.run(idempotency_key="a")]:
            assert (one.is_replay, one) == (True, replace(answer, retry_after=None))
        assert len(upstream.requests) == 1


def test_waiting_for_a_run_that_fails(open_local: OpenLocal) -> None:
    """Those who wait for a run that fails get its failure, like its first caller; no second attempt
    is made for them."""
    gate = threading.Event()

    def failing(request: Request) -> Reply:
        gate.wait(30)
        return refusal("No.")(request)

    with FakeUpstream([failing]) as upstream, ThreadPoolExecutor(3) as pool:
        local = open_local(upstream)
        first = pool.submit(local.run, idempotency_key="a")
        wait_until(lambda: upstream.in_flight)
        waiting = [pool.submit(local.run, idempotency_key="a") for _ in range(2)]
        gate.set()
        assert {one.result().body for one in waiting} == {first.result().body}
        assert {one.result().code for one in waiting} == {"refused"}
        assert len(upstream.requests) == 1


def test_what_is_the_same(open_local: OpenLocal) -> None:
    """What the action and its model see must be the same, however it was sent; how the run is
    waited for and paid may differ."""
    with FakeUpstream(FakePricing().script) as upstream:
        local = open_local(upstream)
        first = local.run(idempotency_key="a", effort="low")
        same: list[Json] = [
            {"wait_seconds": 3},
            {"tag": "x"},
            {"max_cost_usd": "1"},
            {"cache": "1h"},
            {"categories": TICKET["categories"] + "\n"},
            {"multiple": "false"},
            {"language": ""},
            {"examples": None},
        ]
        for fields in same:
            assert local.run(idempotency_key="a", effort="Low", **fields).id == first.id, fields
        other: list[Json] = [
            {"text": "x"},
            {"effort": "high"},
            {"language": "German"},
            {"instructions": "Be brief."},
            {"multiple": 1},
        ]
        for fields in other:
            assert (
                local.outcome(idempotency_key="a", **{"effort": "low", **fields})
                == "idempotency_mismatch"
            ), fields
        with pytest.raises(FormcallError, match="used for another request"):
            local.run("answer_with_tools", idempotency_key="a")
        assert len(upstream.requests) == 1


def test_two_keys_do_not_share(open_local: OpenLocal) -> None:
    """The same words under two API keys are two runs, of which neither hears of the other."""
    with FakeUpstream(FakePricing().script) as upstream:
        local = open_local(upstream)
        mine, other = (
            local.run(idempotency_key="a"),
            local.run(idempotency_key="a", key=local.new_key()),
        )
        assert mine.id != other.id
        assert (
            local.outcome(idempotency_key="a", key=local.new_key(), text="Another one.") == "done"
        )
        assert len(upstream.requests) == 3


def test_after_a_day(open_local: OpenLocal, monkeypatch: pytest.MonkeyPatch) -> None:
    """After 24 hours a key is free again, for any request, and the old run keeps its answer; one
    that still goes on keeps its key."""
    gate, pricing = threading.Event(), FakePricing()
    with (
        FakeUpstream([pricing, pricing, pricing, held(gate, pricing)]) as upstream,
        ThreadPoolExecutor(1) as pool,
    ):
        local = open_local(upstream)
        first = local.run(idempotency_key="a")
        now = [now_ms() + admission.IDEMPOTENCY_MS - 60_000]
        monkeypatch.setattr(admission, "now_ms", lambda: now[0])
        assert local.run(idempotency_key="a").id == first.id
        now[0] += 120_000
        told = all_told(lambda _: local, 12, idempotency_key="a", text="Another one.")
        assert len({one.id for one in told}) == 1
        assert told[0].id != first.id
        assert local.outcome(idempotency_key="a") == "idempotency_mismatch"
        assert run_row(local.database, first.id).answer == first.body
        assert local.run(idempotency_key="b").status == "done"
        slow = pool.submit(local.run, idempotency_key="c")
        wait_until(lambda: upstream.in_flight)
        now[0] += 2 * admission.IDEMPOTENCY_MS
        assert local.run(idempotency_key="c", wait_seconds=0).status == "running"
        gate.set()
        assert slow.result().status == "done"
        assert len(upstream.requests) == 4


# --- after a failure ------------------------------------------------------------------------------


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
def test_a_failed_run(open_local: OpenLocal, step: Any, code: str) -> None:
    """What may pass is tried again under the same id, and its first attempt stays in the books;
    what will not is told again, word for word, and nobody is asked."""
    pricing = FakePricing()
    calls = 2 if code in {"invalid_output", "output_truncated"} else 1
    with FakeUpstream([*[step] * calls, pricing]) as upstream:
        local = open_local(upstream)
        first = local.run(idempotency_key="a")
        assert first.code == code
        cost = run_row(local.database, first.id).cost_nusd
        again = local.run(idempotency_key="a")
        assert again.id == first.id
        row = run_row(local.database, first.id)
        if ERRORS[code].retryable:
            assert (again.status, row.attempt, len(upstream.requests)) == ("done", 2, calls + 1)
            assert row.cost_nusd == cost + COST == round(json.loads(again.body)["cost_usd"] * 1e9)
            assert local.run(idempotency_key="a").body == again.body
        else:
            assert (again.body, again.code, row.attempt, len(upstream.requests)) == (
                first.body,
                code,
                1,
                calls,
            )
        assert_consistent(local.database)


def test_many_ask_again_after_a_failure(open_local: OpenLocal, address: str) -> None:
    """When twenty ask again at once for a run that failed for the moment, one new attempt is made,
    and nobody is refused for it."""
    pricing = FakePricing()
    with FakeUpstream([fault("disconnect"), *[pricing] * 30], delay=0.2) as upstream:
        pair = [open_local(upstream, address, secret="s") for _ in range(2 if address else 1)]
        key = pair[0].new_key(day=10**9)
        first = pair[0].run(key=key, idempotency_key="a")
        told = all_told(lambda number: pair[number % len(pair)], 20, key=key, idempotency_key="a")
        assert {one.id for one in told} == {first.id}
        assert {one.status for one in told} == {"done"}
        assert (len(upstream.requests), run_row(pair[0].database, first.id).attempt) == (2, 2)
        assert_consistent(pair[0].database)


def test_an_interrupted_run(open_local: OpenLocal) -> None:
    """A run that was cut off runs again under its key and id; what it had reserved is booked as an
    estimate, once."""
    with FakeUpstream(FakePricing().script) as upstream:
        local = open_local(upstream)
        asked = local.service.runner.admission.prepare(
            local.key, "classify", {**TICKET, "idempotency_key": "a"}
        )
        local.service.ledger.write(
            CreateRun(local.service.runner.admission._new_row(asked), desired=500, minimum=5)
        )
        local.service.ledger.write(MarkInterrupted(asked.run.id, "{}"))
        told = local.run(idempotency_key="a")
        row = run_row(local.database, asked.run.id)
        assert (told.id, told.status, row.attempt) == (asked.run.id, "done", 2)
        assert (row.cost_nusd, row.estimated_nusd, row.reserved_nusd) == (COST + 500, 500, 0)
        assert_consistent(local.database)


@pytest.mark.parametrize("status", ["cancelled", "incomplete"])
def test_an_end_that_is_an_end(open_local: OpenLocal, status: str) -> None:
    """A run that was cancelled, or that came to its own limits, is told again and not begun again;
    its owner may retry it."""
    with FakeUpstream(FakePricing().script) as upstream:
        local = open_local(upstream)
        asked = local.service.runner.admission.prepare(
            local.key, "classify", {**TICKET, "idempotency_key": "a"}
        )
        row = {**local.service.runner.admission._new_row(asked), "status": "queued", "attempt": 0}
        local.service.ledger.write(CreateRun(row))
        if status == "cancelled":
            local.service.runner.cancel(asked.run.id)
        else:
            local.service.runner.fail(
                run_row(local.database, asked.run.id), FormcallError("max_steps", "Not finished.")
            )
        first, again = (local.run(idempotency_key="a") for _ in range(2))
        assert first == again
        assert (first.id, first.code) == (
            asked.run.id,
            {"cancelled": "cancelled", "incomplete": "max_steps"}[status],
        )
        assert not upstream.requests
        local.service.ledger.write(RequeueRun(asked.run.id))
        assert local.run(idempotency_key="a").status == "queued"
        assert local.service.ledger.write(CancelRun(asked.run.id, "{}")) == "cancelled"


# --- with the other options -----------------------------------------------------------------------


def test_with_the_cache(open_local: OpenLocal) -> None:
    """A kept answer is a run of its own under a new key, and a key that is known means its own run,
    whatever is kept meanwhile."""
    with FakeUpstream([fault("disconnect"), *[FakePricing()] * 5]) as upstream:
        local = open_local(upstream)
        failed = local.run(idempotency_key="a", cache="1d")
        kept = local.run(cache="1d")
        assert (failed.code, kept.status, len(upstream.requests)) == (
            "provider_unavailable",
            "done",
            2,
        )
        new = local.run(idempotency_key="b", cache="1d")
        assert new.id not in {failed.id, kept.id}
        assert (json.loads(new.body)["cost_usd"], len(upstream.requests)) == (0.0, 2)
        assert local.run(idempotency_key="b", cache="1d") == new == local.run(idempotency_key="b")
        again = local.run(idempotency_key="a", cache="1d")
        row = run_row(local.database, failed.id)
        assert (again.id, again.status, row.status, row.reserved_nusd) == (
            failed.id,
            "done",
            "done",
            0,
        )
        assert (
            local.outcome(idempotency_key="b", cache="1d", text="Another one.")
            == "idempotency_mismatch"
        )
        assert_consistent(local.database)
        assert {run_row(local.database, one.id).status for one in (failed, kept, new)} == {"done"}


def test_many_from_the_cache(open_local: OpenLocal) -> None:
    """Twenty at once for a kept answer with one key are one run, free."""
    with FakeUpstream(FakePricing().script) as upstream:
        local = open_local(upstream)
        local.run(cache="1h")
        told = all_told(lambda _: local, 20, idempotency_key="a", cache="1h")
        assert len({one.id for one in told}) == 1
        assert {one.status for one in told} == {"done"}
        assert (len(upstream.requests), len(entries(local.database))) == (1, 1)


def test_a_dry_run_keeps_no_key(open_local: OpenLocal) -> None:
    """A dry run is no run: it takes no key, and with a key that is taken it is a dry run all the
    same."""
    with FakeUpstream(FakePricing().script) as upstream:
        local = open_local(upstream)
        for _ in range(2):
            assert local.run(idempotency_key="a", dry_run="yes").status == "dry_run"
        assert local.run(idempotency_key="a", text="Another one.").status == "done"
        assert local.run(idempotency_key="a", dry_run="1", wait_seconds=0).status == "dry_run"
        assert len(upstream.requests) == 1


@pytest.mark.parametrize("kept", ["hash", "off"])
def test_where_no_texts_are_kept(open_local: OpenLocal, kept: str) -> None:
    """The answer of a run with a key is kept also where texts are not, since it was promised; its
    form is not."""
    with FakeUpstream(FakePricing().script) as upstream:
        local = open_local(upstream, store_text=kept)
        first = local.run(idempotency_key="a")
        assert local.run(idempotency_key="a") == first
        row = run_row(local.database, first.id)
        assert (row.form, row.answer) == (None, first.body)
        plain = local.run(cache="1h")
        assert run_row(local.database, plain.id).answer is None
        from_cache = (
            local.run(cache="1h", wait_seconds=0)
            if local.service.runner.queue.jobs
            else local.run(cache="1h")
        )
        assert (
            run_row(local.database, from_cache.id).answer,
            run_row(local.database, from_cache.id).form,
        ) == (None, None)


@pytest.mark.parametrize("kept", ["on", "hash", "off"])
def test_the_text_of_an_answer_is_not_kept(open_local: OpenLocal, kept: str) -> None:
    """Where texts are not kept, the stored answer has none in read_text; each repeat of the request
    gets its own."""
    asked: Json = {"read_text": "yes"}
    with FakeUpstream(FakePricing().script) as upstream:
        local = open_local(upstream, store_text=kept)
        first = local.run(idempotency_key="a", **asked)
        cached = [local.run(idempotency_key=name, cache="1h", **asked) for name in ("b", "c")]
        kept_text = TICKET["text"] if kept == "on" else None
        for name, response in zip("abc", [first, *cached], strict=True):
            assert json.loads(response.body)["read_text"] == TICKET["text"]
            stored = json.loads(run_row(local.database, response.id).answer or "")
            assert stored["read_text"] == kept_text
            again = local.run(idempotency_key=name, **asked)
            assert json.loads(again.body) == json.loads(response.body)
            assert json.loads(local.run(idempotency_key=name).body)["read_text"] == kept_text
        with local.database.connect() as connection:
            copies = connection.execute(select(cached_answers.c.answer)).scalars().all()
        assert [json.loads(copy)["read_text"] for copy in copies] == [None]


# --- over HTTP ------------------------------------------------------------------------------------


def test_header_and_field(make: Callable[..., WebApp]) -> None:
    """The key may come as the header or as the field, or as both when they are the same; it may
    have any signs, and 255 of them."""
    made = make()
    first = made.post(json=TICKET, headers={"Idempotency-Key": "order 7"})
    forms: tuple[Json, ...] = (
        {"json": {**TICKET, "idempotency_key": "order 7"}},
        {"data": {**TICKET, "idempotency_key": "order 7"}},
    )
    for more in forms:
        assert made.post(**more).get_json()["id"] == first.get_json()["id"]
    both = made.post(
        json={**TICKET, "idempotency_key": "order 7"}, headers={"Idempotency-Key": "order 7"}
    )
    assert both.get_json() == first.get_json()
    differ = made.post(
        json={**TICKET, "idempotency_key": "order 8"}, headers={"Idempotency-Key": "order 7"}
    )
    assert (differ.status_code, differ.get_json()["errors"][0]["code"]) == (422, "not_the_same")
    number = made.post(json={**TICKET, "idempotency_key": 17})
    assert (
        made.post(json=TICKET, headers={"Idempotency-Key": "17"}).get_json()["id"]
        == number.get_json()["id"]
    )
    empty_keys: tuple[Any, ...] = ("", "   ", None, [])
    for empty in empty_keys:
        ids = {
            made.post(json={**TICKET, "idempotency_key": empty}).get_json()["id"] for _ in range(2)
        }
        assert len(ids) == 2
    for name in (
        "Bestellung – ü 🎈",
        "x" * 255,
        "a\x00b",
        "\ud800",
        "'; DROP TABLE runs; --",
        "%s %(id)s :id ?",
    ):
        ids = {
            made.post(json={**TICKET, "idempotency_key": name}).get_json()["id"] for _ in range(2)
        }
        assert len(ids) == 1, name
    too_long: tuple[Json, ...] = (
        {"json": {**TICKET, "idempotency_key": "x" * 256}},
        {"json": TICKET, "headers": {"Idempotency-Key": "x" * 256}},
    )
    for longer in too_long:
        refused = made.post(**longer)
        assert (refused.status_code, refused.get_json()["errors"][0]["field"]) == (
            422,
            "idempotency_key",
        )


def test_a_client_that_gives_up(tmp_path: Path) -> None:
    """A client that gives up after a second and sends the same five times more pays once, and gets
    the one answer under the one id; a run that was not waited for at all is the same run, too."""
    pricing = FakePricing()
    with (
        FakeUpstream(pricing.script, delay=2.5) as upstream,
        serving(tmp_path, **hosted_environment(upstream)) as service,
    ):
        headers = {"X-API-Key": service.key, "Idempotency-Key": "order 7"}
        came: list[requests.Response] = []
        for _ in range(6):
            try:
                came.append(
                    requests.post(
                        f"{service.address}/v1/actions/classify",
                        json=TICKET,
                        headers=headers,
                        timeout=1,
                    )
                )
            except requests.Timeout:
                pass
            time.sleep(0.4)
        assert {one.status_code for one in came} <= {200, 202}
        (run_id,) = {one.json()["id"] for one in came}
        for one in came:
            if one.status_code == 202:
                assert (
                    one.headers["Location"]
                    == one.json()["status_url"]
                    == f"{service.address}/v1/runs/{run_id}"
                )
        last = wait_until(
            lambda: (
                (found := run_action(service, idempotency_key="order 7")).status_code == 200
                and found
            )
        ).json()
        assert (last["id"], last["status"], len(upstream.requests)) == (run_id, "done", 1)
        shown = get_run(service, run_id)
        assert {name: shown[name] for name in last} == last
        later = [
            run_action(service, idempotency_key="later", wait_seconds=wait)
            for wait in (0, 0, 30, 0)
        ]
        assert [one.status_code for one in later[:3]] == [202, 202, 200]
        assert len({one.json()["id"] for one in later}) == 1
        ended = get_run(service, later[0].json()["id"], 30)
        assert (ended["status"], len(upstream.requests), pricing.total) == ("done", 2, 2 * COST)
        assert (
            run_action(service, idempotency_key="later", wait_seconds=0).json()["status"] == "done"
        )


def test_where_others_do_the_work(tmp_path: Path) -> None:
    """With web processes that only take in and workers elsewhere, equal requests to both webs at
    once are one run, also after a failure that may pass, and after it was not waited for."""
    pricing = FakePricing()
    with (
        database_url("postgresql") as database,
        FakeUpstream([pricing, fault("disconnect"), pricing, pricing], delay=0.3) as upstream,
    ):
        variables = hosted_environment(
            upstream, FORMCALL_DATABASE_URL=database, FORMCALL_SECRET="s" * 32
        )
        web = ("serve", "--role", "web")
        with (
            formcall_process(tmp_path / "a", *web, **variables) as a,
            formcall_process(tmp_path / "b", *web, **variables) as b,
        ):
            a.key = b.key = new_key(a)
            with (
                ThreadPoolExecutor(12) as pool,
                formcall_process(tmp_path / "w", "worker", **variables),
            ):
                came = list(
                    pool.map(
                        lambda number: run_action(
                            (a, b)[number % 2], idempotency_key="x", wait_seconds=30
                        ),
                        range(12),
                    )
                )
                assert len({one.json()["id"] for one in came}) == 1
                assert {one.status_code for one in came} == {200}
                assert len(upstream.requests) == 1
                failed = run_action(a, idempotency_key="y", wait_seconds=30)
                assert (failed.status_code, failed.json()["code"]) == (502, "provider_unavailable")
                again = run_action(b, idempotency_key="y", wait_seconds=30)
                assert (again.status_code, again.json()["id"]) == (200, failed.json()["id"])
                assert get_run(a, failed.json()["id"])["attempt"] == 2
                unwaited = [
                    run_action(one, idempotency_key="z", wait_seconds=0) for one in (a, b, a)
                ]
                assert {one.status_code for one in unwaited} == {202}
                assert get_run(b, unwaited[0].json()["id"], 30)["status"] == "done"
                assert len(upstream.requests) == 4
                assert post_to_run(a, unwaited[0].json()["id"], "retry").status_code == 409


def test_what_is_wrong_with_a_form_takes_no_key(make: Callable[..., WebApp]) -> None:
    """A request that is refused for its form leaves its key free for the right one."""
    made = make()
    wrong = made.post(json={**TICKET, "categories": "one", "idempotency_key": "a"})
    assert (wrong.status_code, wrong.get_json()["code"]) == (422, "invalid_input")
    assert made.post(json={**TICKET, "idempotency_key": "a"}).status_code == 200

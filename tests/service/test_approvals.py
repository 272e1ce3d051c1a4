"""Calls that change something wait for approval: durably, without paying twice, and executed
once."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.json_types import Json
from tests.support.databases import database_url
from tests.support.fake_airline_api import SECRET, FakeAirline
from tests.support.receivers import Receiver
from tests.support.running_service import RunningService, serving
from tests.support.service_harness import formcall_process, kill, new_key
from tests.support.upstream import (
    FakeUpstream,
    Reply,
    Request,
    Script,
    Step,
    function_call,
    function_calls,
)

PRICE = ("stock_price", {"symbol": "ACME", "currency": None})
BOOK = ("book_flight", {"flight": "FC 12", "seats": 1, "name": "Ada Berg"})
FINAL = {
    "answer": "ACME stands at 101.25; seat B-1 is booked.",
    "value": "101.25",
    "found": True,
    "quotes": [],
}
ANSWER = function_call("answer_with_tools", FINAL)
FORM = {
    "question": "What is ACME at, and book FC 12 for Ada Berg.",
    "tools": "stock_price, book_flight",
}


def variables(folder: Path, agency: FakeAirline, upstream: FakeUpstream) -> dict[str, str]:
    """The settings of a service that asks ``upstream`` and may call ``agency``."""
    return {
        "FORMCALL_ENGINE": "openai",
        "OPENAI_BASE_URL": upstream.base_url,
        "OPENAI_API_KEY": "sk-test-1234567890",
        "FORMCALL_TOOLS": str(agency.tools(folder / "tools")),
        "FORMCALL_ALLOW_HOSTS": "127.0.0.1",
        "FORMCALL_SECRET_AIRLINE": SECRET,
    }


class Says:
    """What the model says next, each once."""

    def __init__(self, *steps: Step) -> None:
        self.steps = list(steps)

    def __call__(self, request: Request) -> Reply:
        return self.steps.pop(0)(request)


class Desk:
    """A service, the agency its tools call, and the model that it asks."""

    def __init__(
        self,
        service: RunningService,
        agency: FakeAirline,
        upstream: FakeUpstream,
        says: Says | None = None,
    ) -> None:
        self.service, self.agency, self.upstream, self._says = (
            service,
            agency,
            upstream,
            says or Says(),
        )

    def script(self, *steps: Step) -> None:
        self._says.steps[:] = steps

    def ask(self, **form: Any) -> requests.Response:
        return self.service.post("answer_with_tools", {**FORM, **form})

    def post(self, path: str, **body: Any) -> requests.Response:
        return requests.post(
            f"{self.service.address}/v1/runs/{path}",
            headers=self.service.headers,
            json=body,
            timeout=60,
        )

    def run(self, run_id: str, wait: float = 0) -> Json:
        url = f"{self.service.address}/v1/runs/{run_id}?wait_seconds={wait:g}"
        found: Json = requests.get(url, headers=self.service.headers, timeout=120).json()
        return found

    def results(self) -> dict[str, str]:
        """What the model was told of each call in its last turn, by the call's id."""
        items = self.upstream.requests[-1]["body"]["input"]
        return {
            item["call_id"]: item["output"]
            for item in items
            if item.get("type") == "function_call_output"
        }

    def ids(self) -> dict[str, str]:
        """The id of each call that the model has made, by the tool's name."""
        items = self.upstream.requests[-1]["body"]["input"]
        return {
            item["name"]: item["call_id"] for item in items if item.get("type") == "function_call"
        }


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One service for the tests that do not kill it."""
    folder = tmp_path_factory.mktemp("approvals")
    says = Says()
    with (
        FakeAirline() as agency,
        FakeUpstream(Script([says], repeat=True)) as upstream,
        serving(folder, **variables(folder, agency, upstream)) as running,
    ):
        yield Desk(running, agency, upstream, says)


@pytest.fixture
def desk(service: Desk) -> Desk:
    """The same with nothing on record."""
    service.agency.requests.clear()
    service.agency.broken = False
    service.agency.before = lambda asked: None
    return service


def test_two_calls_of_which_one_waits(desk: Desk) -> None:
    """The read is made at once, the write waits; after a yes the run goes on where it stood, and
    each result has its call's id."""
    desk.script(function_calls(PRICE, BOOK), ANSWER)
    before = len(desk.upstream.requests)
    response = desk.ask()
    body = response.json()
    assert (response.status_code, body["ok"], body["status"]) == (202, False, "needs_review")
    assert [
        (one["call"], one["tool"], json.loads(one["arguments"])) for one in body["approvals"]
    ] == [(2, "book_flight", BOOK[1])]
    assert body["approvals_text"] == (
        '2. Book a flight (flight: "FC 12", seats: 1, name: "Ada Berg")'
    )
    assert "Book a flight" in body["detail"]
    assert [one.method for one in desk.agency.requests] == ["GET"]
    waiting = desk.run(body["id"])
    assert (waiting["status"], waiting["reserved_usd"], waiting["approvals"]) == (
        "needs_review",
        0.0,
        body["approvals"],
    )

    told = requests.post(body["approve_url"], headers=desk.service.headers, timeout=60).json()
    assert (told["ok"], told["status"], told["value"]) == (True, "done", "101.25")
    assert [one.method for one in desk.agency.requests] == ["GET", "POST"]
    assert (
        len(desk.upstream.requests) - before == 2
    )  # the turn before the wait is not asked, or paid, again
    assert desk.run(body["id"])["cost_usd"] == pytest.approx(told["cost_usd"])
    ids, results = desk.ids(), desk.results()
    assert json.loads(results[ids["stock_price"]]) == {
        "symbol": "ACME",
        "price.amount": 101.25,
        "price.currency": "EUR",
    }
    assert json.loads(results[ids["book_flight"]]) == {"booking": "B-1", "status": "confirmed"}
    assert [(step["tool"], step["ok"]) for step in told["trace"]] == [
        ("stock_price", True),
        ("book_flight", True),
    ]
    assert told["input_tokens"] > waiting["input_tokens"] > 0


def test_what_goes_out_and_what_does_not_come_back(desk: Desk) -> None:
    """The locked values and the secret are in the call; neither the model, the trace nor the caller
    ever sees the secret."""
    desk.script(function_calls(PRICE, BOOK), ANSWER)
    before = len(desk.upstream.requests)
    told = desk.ask(approve="never").json()
    assert told["ok"]
    read, write = sorted(desk.agency.requests, key=lambda one: one.method)
    assert read.path == "/quotes/ACME?source=formcall&key=sk-airline%2F%2B82%3D71"
    assert (write.path, write.headers["authorization"], write.headers["x-agency"]) == (
        "/flights/FC%2012/bookings",
        f"Bearer {SECRET}",
        "formcall",
    )
    assert write.body == {"seats": 1, "passenger": {"name": "Ada Berg"}, "agent": {"id": 42}}
    assert write.headers["idempotency-key"].startswith(told["id"])
    seen = json.dumps([told, *desk.upstream.requests[before:]]) + desk.service.output_text()
    for written in (SECRET, "sk-airline%2F%2B82%3D71", "airline", "X-Agency"):
        assert written not in seen.replace("formcall", "")


def test_both_at_once(tmp_path: Path) -> None:
    """Without a wait both calls are under way at the same time: each waits for the other before it
    is answered."""
    with (
        FakeAirline(together=2) as agency,
        FakeUpstream([function_calls(PRICE, BOOK), ANSWER]) as upstream,
    ):
        with serving(tmp_path, **variables(tmp_path, agency, upstream)) as running:
            assert Desk(running, agency, upstream).ask(approve="never").json()["ok"]
        assert agency.max_concurrent == 2


def test_one_fails_and_the_other_stays(desk: Desk) -> None:
    """A write that fails leaves the read's result; the model is told why, without the secret that
    the service sent back."""
    desk.agency.broken = True
    desk.script(function_calls(PRICE, BOOK), ANSWER)
    waiting = desk.ask().json()
    told = desk.post(f"{waiting['id']}/approve").json()
    assert [(step["tool"], step["ok"]) for step in told["trace"]] == [
        ("stock_price", True),
        ("book_flight", False),
    ]
    output = desk.results()[desk.ids()["book_flight"]]
    assert output.startswith("Error: Book a flight answered 500")
    assert "no seats" in output and "[hidden]" in output and SECRET not in json.dumps(told)


def test_refused(desk: Desk) -> None:
    """After a no the call is never made; the model hears it, with the person's words, and answers
    without it."""
    desk.script(function_calls(PRICE, BOOK), ANSWER)
    waiting = desk.ask().json()
    told = desk.post(f"{waiting['id']}/refuse", note="Too dear.").json()
    assert told["ok"] and not desk.agency.bookings
    assert "Too dear." in desk.results()[desk.ids()["book_flight"]]
    assert told["tools_used"] == ["stock_price"]


def test_some_are_allowed(desk: Desk) -> None:
    """Of several calls those are made that are named; the others are refused."""
    other = ("book_flight", {"flight": "FC 99", "seats": 2, "name": "Bo Lind"})
    desk.script(function_calls(BOOK, other), ANSWER)
    waiting = desk.ask().json()
    assert [one["call"] for one in waiting["approvals"]] == [1, 2]
    assert desk.post(f"{waiting['id']}/approve", calls="3").json()["code"] == "conflict"
    assert desk.post(f"{waiting['id']}/approve", calls="two").json()["code"] == "invalid_input"
    assert desk.post(f"{waiting['id']}/approve", calls="2").json()["ok"]
    assert [one.path for one in desk.agency.bookings] == ["/flights/FC%2099/bookings"]


def test_some_are_allowed_in_the_console(desk: Desk) -> None:
    """A person ticks those of the calls that are allowed; without a tick nothing is decided."""
    other = ("book_flight", {"flight": "FC 77", "seats": 2, "name": "<b>Bo</b>"})
    desk.script(function_calls(BOOK, other), ANSWER)
    waiting = desk.ask().json()
    address = f"{desk.service.address}/console"
    with requests.Session() as browser:

        def send(path: str, **form: Any) -> requests.Response:
            page = browser.get(f"{address}{path}", timeout=60).text
            token = re.findall(r'name="form-token" value="([^"]+)"', page)[0]
            return browser.post(f"{address}{path}", {"form-token": token, **form}, timeout=60)

        assert send("/sign-in", key=desk.service.key).ok
        path = f"/reviews/{waiting['id']}"
        page = browser.get(f"{address}{path}", timeout=60).text
        assert page.count('name="calls"') == 2
        assert "&lt;b&gt;Bo&lt;/b&gt;" in page
        none = send(path, decision="accept")
        assert (none.status_code, "No call is ticked" in none.text) == (400, True)
        assert send(path, decision="accept", calls="2").ok
    assert desk.run(waiting["id"], wait=60)["ok"]
    assert [one.path for one in desk.agency.bookings] == ["/flights/FC%2077/bookings"]


def test_ask_before_every_call(desk: Desk) -> None:
    """With "Every call" the read waits too."""
    desk.script(function_calls(PRICE), ANSWER)
    waiting = desk.ask(approve="all").json()
    assert (waiting["status"], desk.agency.requests) == ("needs_review", [])
    assert desk.post(f"{waiting['id']}/approve").json()["ok"]


def test_a_decision_counts_once(desk: Desk) -> None:
    """Of many who decide at the same moment one is heard; the call is made once, and later ones are
    told how it stands."""
    desk.script(function_calls(BOOK), ANSWER)
    run_id = desk.ask().json()["id"]
    answers: list[requests.Response] = []
    threads = [
        threading.Thread(target=lambda: answers.append(desk.post(f"{run_id}/approve")))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(one.status_code for one in answers) == [200, 409, 409, 409, 409, 409]
    assert len(desk.agency.bookings) == 1
    assert desk.post(f"{run_id}/refuse").json()["code"] == "conflict"


def test_whose_run_it_is(desk: Desk) -> None:
    """Nobody but the run's own key decides; a waiting run can be cancelled, asked for again, and is
    then not run again by retry."""
    desk.script(function_calls(BOOK), ANSWER)
    first = desk.ask(idempotency_key="trip-1")
    again = desk.ask(idempotency_key="trip-1")
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    run_id = first.json()["id"]
    url = f"{desk.service.address}/v1/runs/{run_id}/approve"
    assert requests.post(url, headers={"X-API-Key": "fc_wrong"}, timeout=60).status_code == 401
    assert desk.post(f"{run_id}/retry").json()["code"] == "conflict"
    assert desk.post(f"{run_id}/cancel").json()["status"] == "cancelled"
    assert desk.post(f"{run_id}/approve").json()["code"] == "conflict"
    assert not desk.agency.bookings


def test_who_waits_is_told(desk: Desk) -> None:
    """The callback hears that a person is asked, and after that how the run ended."""
    with Receiver() as receiver:
        desk.script(function_calls(BOOK), ANSWER)
        waiting = desk.ask(callback_url=receiver.url).json()
        asked = receiver.wait(1)[0].json
        assert (asked["event"], asked["approvals"]) == ("run.needs_review", waiting["approvals"])
        assert desk.post(f"{waiting['id']}/approve").json()["ok"]
        assert [post.json["event"] for post in receiver.wait(2)] == [
            "run.needs_review",
            "run.completed",
        ]


def test_a_batch_asks_nobody(desk: Desk) -> None:
    """A row of a batch cannot wait for a person: it fails with the way out in a sentence, and
    nothing is changed."""
    desk.script(function_calls(BOOK), ANSWER)
    body = {
        "action": "answer_with_tools",
        "rows": [{"question": "Book FC 12."}],
        "fixed": {"tools": "book_flight"},
    }
    batch = requests.post(
        f"{desk.service.address}/v1/batches", headers=desk.service.headers, json=body, timeout=60
    ).json()
    until = time.monotonic() + 30
    while batch["status"] == "running" and time.monotonic() < until:
        time.sleep(0.1)
        batch = requests.get(
            f"{desk.service.address}/v1/batches/{batch['id']}",
            headers=desk.service.headers,
            timeout=60,
        ).json()
    rows = requests.get(
        f"{desk.service.address}/v1/batches/{batch['id']}/results.jsonl",
        headers=desk.service.headers,
        timeout=60,
    ).text
    assert "approval_needed" in rows and "Set Ask before to Nothing" in rows
    assert not desk.agency.bookings


def test_a_yes_after_the_service_died(tmp_path: Path) -> None:
    """A run waits through the death of its process, and goes on in another one: the model's turn is
    not paid again."""
    with FakeAirline() as agency, FakeUpstream([function_calls(PRICE, BOOK), ANSWER]) as upstream:
        settings = variables(tmp_path, agency, upstream)
        with serving(tmp_path, **settings) as first:
            waiting = Desk(first, agency, upstream).ask().json()
            key = first.key
            kill(first)
        with serving(tmp_path, **settings) as second:
            second.key = key
            desk = Desk(second, agency, upstream)
            assert desk.run(waiting["id"])["status"] == "needs_review"
            told = desk.post(f"{waiting['id']}/approve").json()
        assert told["ok"] and len(upstream.requests) == 2
        assert [one.method for one in agency.requests] == ["GET", "POST"]


def test_a_write_is_never_made_again(tmp_path: Path) -> None:
    """The process dies while a booking is under way. The run goes on after that, the booking is not
    made a second time, and it says so."""
    reached = threading.Event()
    hold = threading.Event()

    def stands(asked: Any) -> None:
        if asked.method == "POST":
            reached.set()
            hold.wait(20)

    with (
        FakeAirline(before=stands) as agency,
        FakeUpstream([function_calls(PRICE, BOOK), ANSWER]) as upstream,
    ):
        settings = variables(tmp_path, agency, upstream)
        with serving(tmp_path, **settings) as first:
            run_id = Desk(first, agency, upstream).ask(approve="never", wait_seconds=0).json()["id"]
            assert reached.wait(20)
            key = first.key
            kill(first)
            hold.set()
        with serving(tmp_path, **settings) as second:
            second.key = key
            desk = Desk(second, agency, upstream)
            told = desk.run(run_id, wait=60)
        assert (told["status"], len(agency.bookings), len(upstream.requests)) == ("done", 1, 2)
        assert "its result is unknown" in " ".join(told["warnings"])
        assert ("book_flight", False) in [(step["tool"], step["ok"]) for step in told["trace"]]


def test_several_machines(tmp_path: Path) -> None:
    """Where one process takes runs in and another carries them out, a run waits in their database,
    and goes on at the worker."""
    with (
        database_url("postgresql") as url,
        FakeAirline() as agency,
        FakeUpstream([function_calls(PRICE, BOOK), ANSWER]) as upstream,
    ):
        settings = {
            **variables(tmp_path, agency, upstream),
            "FORMCALL_DATABASE_URL": url,
            "FORMCALL_SECRET": "the same for both",
        }
        with (
            formcall_process(tmp_path, "serve", "--role", "web", **settings) as web,
            formcall_process(tmp_path, "worker", **settings),
        ):
            web.key = new_key(web)
            desk = Desk(web, agency, upstream)
            waiting = desk.ask(wait_seconds=60).json()
            assert (waiting["status"], [one["call"] for one in waiting["approvals"]]) == (
                "needs_review",
                [2],
            )
            told = desk.post(f"{waiting['id']}/approve", wait_seconds=60).json()
        assert (told["status"], len(agency.bookings), len(upstream.requests)) == ("done", 1, 2)

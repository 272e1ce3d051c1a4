"""Runs: waiting, early responses, reading, cancelling, retrying and dry runs; the same response
everywhere."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.catalogue import load_catalogue
from connector.errors import KINDS, FormcallError
from connector.json_types import Json
from connector.runs.responses import RunResponse
from connector.store.ledger.changes import CreateRun
from connector.store.ledger.money import cost_to_nano
from tests.support.databases import database_url
from tests.support.ledger_asserts import assert_consistent, entries, run_row
from tests.support.model_actions import MODEL_ACTIONS
from tests.support.running_service import RunningService, serving
from tests.support.samples import TICKET, sample_input
from tests.support.service_harness import (
    BOTH,
    CALCULATE,
    COST,
    TOOL_ANSWER,
    FakePricing,
    Gate,
    LocalService,
    OpenLocal,
    by_turn,
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
    Script,
    Step,
    Usage,
    automatic,
    fault,
    forced_call,
    function_call,
    incomplete,
    refusal,
)
from tests.support.web_app import WebApp

ACTIONS = tuple(load_catalogue())
FORMS_OF = {action.id: action.form for action in load_catalogue().values()}
EMPTY: Json = dict.fromkeys(load_catalogue()["classify"].options)
EVERY = {**dict.fromkeys(EMPTY, ""), "wait_seconds": "25"}

# the values of an answer that is not there yet
NO_VALUES: tuple[Any, ...] = (None, "", [], {}, False, "none")


@pytest.fixture
def open_local(tmp_path: Path) -> Iterator[OpenLocal]:
    with local_services(tmp_path) as one:
        yield one


# --- handed over ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def slow_house(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[RunningService, FakeUpstream, Gate]]:
    """A service whose provider answers once the gate is open."""
    gate = Gate()
    with (
        FakeUpstream(Script([gate], repeat=True)) as upstream,
        serving(tmp_path_factory.mktemp("slow"), **hosted_environment(upstream)) as service,
    ):
        yield service, upstream, gate


@pytest.mark.parametrize("wait", [0, 0.5, 2])
def test_a_caller_whose_patience_ends(
    slow_house: tuple[RunningService, FakeUpstream, Gate], wait: float
) -> None:
    """When the answer takes longer than the caller waits, it hears in time which run goes on, where
    it is and when to ask; the run is running, then done, and its answer is what a patient caller
    gets."""
    service, upstream, gate = slow_house
    gate.close()
    before = len(upstream.requests)
    with ThreadPoolExecutor(1) as pool:
        patient = pool.submit(run_action, service)
        response = run_action(service, wait_seconds=wait, tag="impatient")
        assert (response.status_code, response.headers["Content-Type"]) == (202, "application/json")
        body = response.json()
        run_id = body["id"]
        url = f"{service.address}/v1/runs/{run_id}"
        assert response.headers["Location"] == body["status_url"] == url
        assert response.headers["Retry-After"] == str(body["retry_after"]) == "2"
        assert re.fullmatch(r"[\w.-]+", response.headers["X-Request-ID"])
        assert (
            body["ok"],
            body["status"] in {"queued", "running"},
            body["result"],
            body["action"],
        ) == (False, True, "", "classify")
        shown = wait_until(
            lambda: (found := get_run(service, run_id))["status"] == "running" and found
        )
        assert (shown["ok"], shown["status_url"], shown["tag"], shown["attempt"]) == (
            False,
            url,
            "impatient",
            1,
        )
        assert shown["reserved_usd"] > 0
        short = get_run(service, run_id, 0.3)
        assert short["status"] == "running"
        gate.open()
        ended, given = get_run(service, run_id, 60), patient.result().json()
    assert ended["status"] == "done"
    for name in set(given) - {"id", "duration_ms"}:
        assert ended[name] == given[name], name
    # what a workflow branches on is there before there is an answer, and empty
    assert [name for name in body if name in given] == list(given)
    assert not [
        name for name in set(given) - {"id", "action", "status"} if body[name] not in NO_VALUES
    ]
    assert (ended["reserved_usd"], ended["estimated_usd"], ended["cost_usd"]) == (0, 0, COST / 1e9)
    assert len(upstream.requests) == before + 2


def test_many_are_handed_over_at_once(
    slow_house: tuple[RunningService, FakeUpstream, Gate],
) -> None:
    """Forty callers lose patience in the same second: each hears of its own run in time, and all
    runs are done, each paid once."""
    service, upstream, gate = slow_house
    gate.close()
    before = len(upstream.requests)
    with ThreadPoolExecutor(40) as pool:
        came = list(pool.map(lambda _: run_action(service, wait_seconds=1), range(40)))
        gate.open()
        ids = {one.json()["id"] for one in came}
        assert ({one.status_code for one in came}, len(ids)) == ({202}, 40)
        assert {
            found["status"] for found in pool.map(lambda run_id: get_run(service, run_id, 60), ids)
        } == {"done"}
    assert len(upstream.requests) == before + 40


def test_where_the_server_has_no_socket(open_local: OpenLocal) -> None:
    """Handing over does not need the web server's help; a run that ended in the same moment is
    answered."""
    gate = Gate()
    with FakeUpstream([gate, FakePricing()]) as upstream:
        process = open_local(upstream)
        told = process.run(wait_seconds=0.3)
        assert told == RunResponse(told.id, "running")
        row = run_row(process.database, told.id)
        assert (row.durable, row.status) == (True, "running")
        assert json.loads(row.form)["text"] == TICKET["text"]
        gate.open()
        ended = process.service.runner.wait(told.id, 30)
        assert (ended.status, json.loads(ended.body)["cost_usd"]) == ("done", COST / 1e9)
        assert process.run(wait_seconds=30).status == "done"
        assert process.service.runner.active_count == 0


def test_what_is_not_kept_is_kept_for_who_was_promised_it(open_local: OpenLocal) -> None:
    """Where texts are not kept, the answer of a run that was handed over is, until it is old; its
    form goes when it ends."""
    gate = Gate()
    with FakeUpstream([FakePricing(), gate]) as upstream:
        process = open_local(upstream, store_text="off")
        answered = process.run()
        row = run_row(process.database, answered.id)
        assert (row.answer, row.form) == (None, None)
        told = process.run(wait_seconds=0.2)
        assert run_row(process.database, told.id).form
        gate.open()
        assert json.loads(process.service.runner.wait(told.id, 30).body)["category"]
        row = run_row(process.database, told.id)
        assert (bool(row.answer), row.form) == (True, None)


# --- looked at ------------------------------------------------------------------------------------


def test_runs_of_others(make: Callable[..., WebApp]) -> None:
    """Another key's run is not there, to look at, to cancel or to retry, and in no list; a key with
    the scope admin sees all."""
    made = make()
    run_id = made.post(json=TICKET).get_json()["id"]
    _, stranger = made.keys.create("stranger")
    _, admin = made.keys.create("admin", ("actions", "admin"))
    calls = [("get", ""), ("post", "/cancel"), ("post", "/retry")]
    for method, end in calls:
        for key, wanted in (
            (stranger, 404),
            (admin, 409 if end == "/retry" else 200),
            (made.key, 409 if end == "/retry" else 200),
        ):
            response = getattr(made.client, method)(
                f"/v1/runs/{run_id}{end}", headers={"X-API-Key": key}
            )
            assert response.status_code == wanted, (end, response.get_json())
    hidden = made.client.get(f"/v1/runs/{run_id}", headers={"X-API-Key": stranger}).get_json()
    unknown = made.client.get(
        f"/v1/runs/{run_id[:-1]}x", headers={"X-API-Key": stranger}
    ).get_json()
    assert {**hidden, "id": ""} == {**unknown, "id": ""}
    assert made.client.get("/v1/runs", headers={"X-API-Key": stranger}).get_json() == []
    for odd in ("x", "run_", "'; DROP TABLE runs; --", "%00", "run_" + "a" * 5_000, "💥"):
        assert made.client.get(f"/v1/runs/{odd}", headers=made.headers).status_code == 404


def test_the_list_of_runs(make: Callable[..., WebApp]) -> None:
    """A key's newest runs come first; they can be asked for by status, tag and action, so many at
    most; odd questions are refused."""
    made = make()
    ids = []
    for number in range(5):
        time.sleep(0.005)  # the list is in the order of milliseconds
        ids.append(made.post(json={**TICKET, "tag": f"t{number % 2}"}).get_json()["id"])
    time.sleep(0.005)
    extract = made.post("summarize", json=sample_input("summarize")).get_json()["id"]

    def listed(query: str = "") -> Any:
        return made.client.get(f"/v1/runs{query}", headers=made.headers).get_json()

    assert [run["id"] for run in listed()] == [extract, *reversed(ids)]
    assert [run["id"] for run in listed("?tag=t1")] == [ids[3], ids[1]]
    assert [run["id"] for run in listed("?action=summarize&status=done")] == [extract]
    assert len(listed("?limit=2")) == 2
    assert listed("?status=failed") == listed("?tag=nothing") == []
    assert all(
        {"ok", "status", "result", "id", "cost_usd", "created_at"} <= set(run) for run in listed()
    )
    for query in ("?status=odd", "?limit=0", "?limit=101", "?limit=x"):
        assert listed(query)["code"] == "invalid_input", query
    for wait in ("-1", "101", "x"):
        assert (
            made.client.get(
                f"/v1/runs/{extract}?wait_seconds={wait}", headers=made.headers
            ).status_code
            == 422
        )
    assert (
        made.client.get(f"/v1/runs/{extract}?wait_seconds=", headers=made.headers).status_code
        == 200
    )


@pytest.mark.parametrize("code", KINDS)
def test_a_failure_is_told_the_same_everywhere(make: Callable[..., WebApp], code: str) -> None:
    """A failure of each code has its status over HTTP, also when it is told again; its record shows
    it flat, with what it cost."""
    made = make()
    runner = made.service.runner
    key = made.keys.list_all()[0]
    asked = runner.admission.prepare(key, "classify", {**TICKET, "idempotency_key": "a"})
    row = {**runner.admission._new_row(asked), "status": "queued", "attempt": 0}
    runner.ledger.write(CreateRun(row))
    runner.fail(
        run_row(made.service.database, asked.run.id),
        FormcallError(code, "It went wrong."),
    )
    shown = made.client.get(f"/v1/runs/{asked.run.id}", headers=made.headers)
    body = shown.get_json()
    assert (shown.status_code, body["ok"], body["status"], body["code"], body["result"]) == (
        200,
        False,
        "failed",
        code,
        "",
    )
    assert (body["detail"], body["retryable"], body["cost_usd"], body["id"]) == (
        "It went wrong.",
        KINDS[code].retryable,
        0,
        asked.run.id,
    )
    again = made.post(json={**TICKET, "idempotency_key": "a"})
    if KINDS[code].retryable:
        assert (again.status_code, again.get_json()["id"]) == (200, asked.run.id)
        return
    problem = again.get_json()
    assert (again.status_code, again.mimetype) == (KINDS[code].status, "application/problem+json")
    assert (problem["code"], problem["status"], problem["run_status"]) == (
        code,
        KINDS[code].status,
        "failed",
    )
    assert (problem["id"], problem["type"]) == (asked.run.id, f"urn:formcall:problem:{code}")
    assert ("Retry-After" in again.headers) is (again.status_code in {429, 503})


# --- cancelled ------------------------------------------------------------------------------------


def test_cancelling_a_run_that_waits_or_has_ended(tmp_path: Path) -> None:
    """A queued run is cancelled at once and never begins; one that has ended stays what it was;
    both may be asked for again and again."""
    gate = Gate()
    with (
        FakeUpstream([gate, refusal(), FakePricing()]) as upstream,
        serving(tmp_path, **hosted_environment(upstream, FORMCALL_MAX_IN_FLIGHT="1")) as service,
    ):
        first = run_action(service, wait_seconds=0).json()["id"]
        wait_until(lambda: upstream.in_flight)
        waits = run_action(service, wait_seconds=0).json()["id"]
        for _ in range(2):
            told = post_to_run(service, waits, "cancel").json()
            assert (told["status"], told["code"], told["ok"], told["cost_usd"]) == (
                "cancelled",
                "cancelled",
                False,
                0,
            )
        gate.open()
        assert get_run(service, first, 30)["status"] == "done"
        failed = run_action(service)
        assert failed.status_code == 422
        for run_id, status in ((first, "done"), (failed.json()["id"], "failed")):
            before = get_run(service, run_id)
            assert post_to_run(service, run_id, "cancel").json() == before
            assert before["status"] == status
        assert run_action(service).status_code == 200
        time.sleep(0.6)
        assert (get_run(service, waits)["status"], len(upstream.requests)) == ("cancelled", 3)


@pytest.mark.parametrize("elsewhere", [False, True], ids=["here", "from another process"])
def test_cancelling_a_tool_loop(open_local: OpenLocal, elsewhere: bool) -> None:
    """A run that asks its model again and again stops before its next call; the call it was at is
    paid, and its trace is told."""
    gate = Gate(FakePricing(CALCULATE))
    with ExitStack() as stack:
        address = stack.enter_context(database_url("postgresql")) if elsewhere else ""
        upstream = stack.enter_context(
            FakeUpstream([FakePricing(CALCULATE), gate, *[FakePricing(CALCULATE)] * 9])
        )
        pool = stack.enter_context(ThreadPoolExecutor(1))
        process = open_local(upstream, address, secret="s")
        other = open_local(upstream, address, secret="s") if elsewhere else process
        told = pool.submit(process.run, "answer_with_tools", wait_seconds=60)
        wait_until(lambda: len(upstream.requests) == 2)
        (run_id,) = {row.id for row in process.service.records.list_open()}
        assert other.service.runner.cancel(run_id) == "running"
        gate.open()
        ended = told.result()
        body = json.loads(ended.body)
        assert (ended.status, ended.code, len(upstream.requests)) == ("cancelled", "cancelled", 2)
        assert (cost_to_nano(body["cost_usd"]), len(body["trace"])) == (2 * COST, 1)
        assert assert_consistent(process.database) == 2 * COST
        assert run_row(process.database, run_id).reserved_nusd == 0


# --- retried --------------------------------------------------------------------------------------


def test_retrying(tmp_path: Path) -> None:
    """What ended without an answer can be run again, again and again, under its id; what has its
    answer, or goes on, cannot."""
    gate = Gate()
    script: list[Step] = [
        refusal(),
        FakePricing(),
        FakePricing(),
        gate,
        FakePricing(),
        incomplete("content_filter"),
        refusal(),
        FakePricing(),
    ]
    with (
        FakeUpstream(script) as upstream,
        serving(tmp_path, **hosted_environment(upstream, FORMCALL_MAX_IN_FLIGHT="1")) as service,
    ):
        failed = run_action(service).json()["id"]
        assert post_to_run(service, failed, "retry").status_code == 202
        ended = get_run(service, failed, 30)
        assert (ended["status"], ended["attempt"]) == ("done", 2)
        refused = post_to_run(service, failed, "retry")
        assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
        assert "it has its answer" in refused.json()["detail"]
        assert run_action(service).status_code == 200
        holds = run_action(service, wait_seconds=0).json()["id"]
        wait_until(lambda: upstream.in_flight)
        assert "it is running" in post_to_run(service, holds, "retry").json()["detail"]
        waits = run_action(service, wait_seconds=0).json()["id"]
        for _ in range(3):  # each time it has a place in the queue of its own
            assert "it is queued" in post_to_run(service, waits, "retry").json()["detail"]
            assert post_to_run(service, waits, "cancel").json()["status"] == "cancelled"
            response = post_to_run(service, waits, "retry")
            assert (response.status_code, response.json()["status"]) == (202, "queued")
            assert response.headers["Location"].endswith(waits)
        gate.open()
        assert get_run(service, waits, 30)["status"] == "done"
        often = run_action(service).json()["id"]
        for wanted in ("failed", "done"):
            assert post_to_run(service, often, "retry").status_code == 202
            assert get_run(service, often, 30)["status"] == wanted
        assert get_run(service, often)["attempt"] == 3
        assert not upstream.script.left


def test_a_run_that_cannot_begin_can_be_retried(tmp_path: Path) -> None:
    """A queued run whose key was revoked meanwhile fails without a call, and says so; every retry
    is tried, and says so again."""
    gate = Gate()
    with (
        FakeUpstream([gate]) as upstream,
        serving(tmp_path, **hosted_environment(upstream, FORMCALL_MAX_IN_FLIGHT="1")) as service,
    ):
        other = new_key(service, "--scope", "actions")
        run_action(service, wait_seconds=0)
        wait_until(lambda: upstream.in_flight)
        waits = run_action(service, key=other, wait_seconds=0).json()["id"]
        with local_services(tmp_path) as open_it:
            process = open_it(upstream)
            process.service.keys.revoke(run_row(process.database, waits).key_id)
        gate.open()
        admin = new_key(service)
        for attempt in (1, 2, 3):
            ended = get_run(service, waits, 30, key=admin)
            assert (ended["status"], ended["code"], ended["attempt"]) == (
                "failed",
                "unauthorized",
                attempt,
            )
            assert post_to_run(service, waits, "retry", key=admin).status_code == 202
        assert len(upstream.requests) == 1


def test_retrying_what_was_not_kept(open_local: OpenLocal) -> None:
    """Without the form that was asked a run cannot be run again from here; who has it sends it
    again. A row of a batch is its batch's."""
    with FakeUpstream([refusal()]) as upstream:
        process = open_local(upstream, store_text="off")
        told = process.run()
        with pytest.raises(FormcallError, match="not stored") as caught:
            process.service.runner.retry(told.id)
        assert caught.value.code == "conflict"
        with pytest.raises(FormcallError, match="no such run"):
            process.service.runner.retry("run_x")


# --- a dry run ------------------------------------------------------------------------------------

FORMS = {action.id: dict(action.examples[0].input) for action in load_catalogue().values()}
FORMS["answer_with_tools"] = {
    "question": "What is 15% of 80?",
    "tools": "calculate, dates, search_context",
    "context": "It is 80. " * 50,
}


def dry(process: LocalService, action: str, **fields: Any) -> Json:
    form = {**FORMS[action], **fields}
    asked = process.service.runner.admission.prepare(
        process.key, action, {**form, "dry_run": "true"}
    )
    found: Json = json.loads(process.service.runner.run(asked).body)
    return found


def real(process: LocalService, action: str, **fields: Any) -> Json:
    asked = process.service.runner.admission.prepare(
        process.key, action, {**FORMS[action], **fields}
    )
    found: Json = json.loads(process.service.runner.run(asked).body)
    return found


def without_pictures(body: Json) -> Json:
    """A request whose pictures are shown as a dry run shows them."""
    pictures = set(
        re.findall(r'"(data:image/[^"]+)"', text := json.dumps(body, ensure_ascii=False))
    )
    for picture in pictures:
        text = text.replace(picture, f"{picture[:40]}… ({len(picture):,} characters)")
    found: Json = json.loads(text)
    return found


@pytest.mark.parametrize("dialect", ["responses", "chat"])
@pytest.mark.parametrize("action", MODEL_ACTIONS)
def test_a_dry_run_shows_what_is_sent(open_local: OpenLocal, action: str, dialect: str) -> None:
    """A dry run sends nothing, and shows to the letter what the real run then sends (of a picture
    its beginning and its size), also where a limit shortens its answer; there is no key and no
    password in it."""
    with FakeUpstream(
        FakePricing().script if dialect == "responses" else None, api_key="sk-x"
    ) as upstream:
        process = open_local(upstream, dialect=dialect)
        options: tuple[Json, ...] = (
            {},
            {"effort": "high", "language": "German", "instructions": "Be brief."},
            {"max_cost_usd": 0.02},
        )
        for given in options:
            fields = {name: one for name, one in given.items() if name in FORMS_OF[action]}
            before = len(upstream.requests)
            forecast = dry(process, action, **fields)
            assert (len(upstream.requests), len(entries(process.database))) == (
                before,
                before,
            )
            (shown,) = forecast["requests"]
            assert json.loads(forecast["requests_json"]) == forecast["requests"]
            real(process, action, **fields)
            sent = upstream.requests[before]
            assert (shown["body"], shown["method"]) == (without_pictures(sent["body"]), "POST")
            assert shown["url"] == upstream.base_url + sent["path"].removeprefix("/v1")
            assert "sk-x" not in json.dumps(forecast)
            assert (
                forecast["ok"],
                forecast["status"],
                forecast["cost_usd"],
                forecast["engine"],
            ) == (True, "dry_run", 0, "openai")
            assert not [
                row
                for row in process.service.records.list_by_key(process.key.id)
                if row.id == forecast["id"]
            ]


def test_a_dry_run_tells_no_password(open_local: OpenLocal) -> None:
    """An address of the provider with a name, a password or a question in it is shown without
    them."""
    with FakeUpstream() as upstream:
        address = upstream.base_url.replace("http://", "http://me:secret@")
        process = open_local(upstream, openai_base_url=f"{address}/")
        text = json.dumps(dry(process, "classify"))
        assert upstream.base_url in text
        assert "secret" not in text
        assert not upstream.requests


@pytest.mark.parametrize("engine", ["scripted", "local"])
def test_a_dry_run_of_what_costs_nothing(open_local: OpenLocal, engine: str) -> None:
    """An engine of our own asks nobody, so there is no request to show and nothing to pay."""
    with FakeUpstream() as upstream:
        found = dry(open_local(upstream, engine=engine), "classify", max_cost_usd=0)
        assert (found["requests"], found["max_cost_usd"], found["first_call_max_usd"]) == ([], 0, 0)
        assert found["result"] == "This engine costs nothing."


WRONG = forced_call({"nonsense": "x" * 300})
DEAR: dict[str, Callable[[Request], Reply]] = {
    "at once": automatic,
    "a repair": by_turn(WRONG, automatic),
    "cut off, then wrong, then cut off": lambda request: (
        WRONG if request.number == 1 else incomplete()
    )(request),
    "wrong, then cut off twice": by_turn(WRONG, incomplete()),
    "always wrong": WRONG,
    "always cut off": incomplete(),
    "tools for ever": BOTH,
    "tools, then an answer": by_turn(
        CALCULATE, CALCULATE, function_call("answer_with_tools", TOOL_ANSWER)
    ),
    "lost": fault("disconnect"),
}


@pytest.mark.parametrize("effort", ["low", "medium", "high"])
@pytest.mark.parametrize("action", MODEL_ACTIONS)
def test_a_run_costs_no_more_than_was_forecast(
    open_local: OpenLocal, action: str, effort: str
) -> None:
    """Whatever the model does, each call as dear as it can be, the whole run costs no more than the
    dry run said, and its first call no more than that."""
    for name, step in DEAR.items():
        # a token of input has at least four bytes of the body, a token of output is one that the
        # request allows
        pricing = FakePricing(
            step, usage=lambda request: Usage(math.ceil(request.size / 4), 0, None, 0)
        )
        with FakeUpstream(pricing.script) as upstream:
            process = open_local(upstream)
            forecast = dry(process, action, effort=effort)
            given = real(process, action, effort=effort)
            most, first = (
                cost_to_nano(forecast["max_cost_usd"]),
                cost_to_nano(forecast["first_call_max_usd"]),
            )
            paid = [call.nusd for call in entries(process.database, given["id"])]
            assert most and first and sum(paid) <= most, name
            assert paid[0] <= first <= most, name
            assert cost_to_nano(given["cost_usd"]) == sum(paid), name
            capped = dry(process, action, effort=effort, max_cost_usd="0.05")
            assert capped["max_cost_usd"] <= 0.05


def test_a_dry_run_that_would_be_refused(open_local: OpenLocal) -> None:
    """A dry run of what may not cost so much says what it would cost, and that it would be refused;
    the real run is."""
    with FakeUpstream() as upstream:
        process = open_local(upstream)
        found = dry(process, "classify", max_cost_usd="0.0001")
        assert found["max_cost_usd"] == 0.0001 < found["first_call_max_usd"]
        assert "may cost $0.0001 in all, so it would be refused" in found["result"]
        with pytest.raises(FormcallError, match="Raise the limit"):
            real(process, "classify", max_cost_usd="0.0001")
        unknown = dry(open_local(upstream, model="unheard-of"), "classify")
        assert (unknown["max_cost_usd"], unknown["first_call_max_usd"]) == (None, None)
        assert "not known" in unknown["result"]


# --- answers and options --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "action", [action.id for action in load_catalogue().values() if action.local]
)
def test_the_record_says_what_was_answered(live_local: RunningService, action: str) -> None:
    """What a run's own address shows has everything that its answer had, with the same values; both
    are flat and have no empty body."""
    response = send_form(live_local, action, FORMS[action])
    answer = response.json()
    shown = get_run(live_local, answer["id"])
    assert {name: shown[name] for name in answer} == answer
    assert list(shown)[:3] == ["ok", "status", "result"] == list(answer)[:3]
    more = set(shown) - set(answer)
    assert more == {
        "detail",
        "code",
        "estimated_usd",
        "reserved_usd",
        "created_at",
        "ended_at",
        "attempt",
        "tag",
        "status_url",
    }
    for name, value in answer.items():
        assert "__" not in name
        assert not isinstance(value, dict) or name == "data", name
    assert (shown["attempt"], shown["tag"], shown["reserved_usd"], shown["estimated_usd"]) == (
        1,
        "",
        0,
        0,
    )


def send_form(service: RunningService, action: str, body: Json) -> requests.Response:
    response = service.post(action, body)
    assert response.status_code == 200, response.text
    return response


def test_options_as_forms_send_them(make: Callable[..., WebApp]) -> None:
    """Options may be empty, null, text or numbers, in JSON or in a form; an empty one means that it
    was not given."""
    made = make()
    full = {
        "max_cost_usd": "0.5",
        "dry_run": "off",
        "idempotency_key": "k",
        "wait_seconds": "7.5",
        "cache": "1 hour",
        "effort": "HIGH",
    }
    bodies: list[Json] = [
        {"json": {**TICKET, **EVERY}},
        {"data": {**TICKET, **EVERY}},
        {"json": {**TICKET, **EMPTY}},
        {"json": {**TICKET, **full}},
        {"data": {**TICKET, **full, "idempotency_key": "other"}},
        {
            "json": {
                **TICKET,
                "max_cost_usd": 1,
                "dry_run": False,
                "wait_seconds": 100,
                "cache": "off",
            }
        },
        {
            "json": {
                **TICKET,
                "max_cost_usd": 0,
                "dry_run": 0,
                "wait_seconds": 0.5,
                "idempotency_key": 5,
                "tag": 7,
            }
        },
        {"data": {**TICKET, "dry_run": "false"}, "content_type": "multipart/form-data"},
    ]
    for body in bodies:
        response = made.post(**body)
        assert (response.status_code, response.get_json()["status"]) == (200, "done"), (
            body,
            response.get_json(),
        )
    for on in ("true", "1", "on", "yes", True, 1):
        assert made.post(json={**TICKET, "dry_run": on}).get_json()["status"] == "dry_run"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("wait_seconds", -1),
        ("wait_seconds", 100.5),
        ("wait_seconds", "101"),
        ("wait_seconds", "soon"),
        ("wait_seconds", True),
        ("wait_seconds", [1, 2]),
        ("wait_seconds", "1e2"),
        ("max_cost_usd", -0.01),
        ("max_cost_usd", "five"),
        ("max_cost_usd", 1_000_001),
        ("max_cost_usd", "$5"),
        ("dry_run", "maybe"),
        ("dry_run", 2),
        ("cache", "2h"),
        ("cache", True),
        ("tag", "x" * 101),
        ("tag", ["a"]),
        ("idempotency_key", {"a": 1}),
        ("callback_url", "x" * 2_001),
        ("callback_url", 1),
        ("effort", "maximal"),
        ("language", "x" * 61),
        ("wait", 5),
        ("max_cost", 1),
        ("idempotencyKey", "x"),
        ("stream", True),
    ],
)
def test_options_that_are_not_right(make: Callable[..., WebApp], name: str, value: Any) -> None:
    """An option that is not right, or that there is not, is refused by its name, and nothing is
    run."""
    made = make()
    response = made.post(json={**TICKET, name: value})
    body = response.get_json()
    assert response.status_code == 422, body
    assert body["code"] in {"invalid_input", "address_refused"}
    assert [error["field"] for error in body["errors"]] == [name]
    assert made.client.get("/v1/runs", headers=made.headers).get_json() == []


def test_the_scope_for_tools(make: Callable[..., WebApp]) -> None:
    """Who may not use tools may not name one, in a real run or a dry one; with an empty box the
    question is answered without."""
    made = make()
    question = sample_input("answer_with_tools")
    for scopes, wanted in ((("actions",), 403), (("actions", "tools"), 200), (("admin",), 200)):
        _, plain = made.keys.create("-".join(scopes), scopes)
        for fields in ({}, {"dry_run": True}):
            response = made.post(
                "answer_with_tools", json={**question, **fields}, headers={"X-API-Key": plain}
            )
            assert response.status_code == wanted, response.get_json()
        assert (
            made.post(
                "answer_with_tools",
                json={**question, "tools": "", "dry_run": 1},
                headers={"X-API-Key": plain},
            ).status_code
            == 200
        )


def test_texts_stay_out_of_logs_and_sentences(tmp_path: Path) -> None:
    """Neither the words of a form nor those of an answer nor a key come into the log, whatever
    becomes of the run."""
    said = "BANANENKUCHEN"
    script: list[Step] = [
        forced_call({"nonsense": said}),
        forced_call({"nonsense": said}),
        fault("html"),
        fault("server_error"),
        FakePricing(),
        FakePricing(),
    ]
    with (
        FakeUpstream(script) as upstream,
        serving(tmp_path, **hosted_environment(upstream, FORMCALL_DEADLINE_SECONDS="3")) as service,
    ):
        for fields in (
            {},
            {},
            {"cache": "1h"},
            {"wait_seconds": 0, "tag": said},
            {"max_cost_usd": 0},
        ):
            response = run_action(
                service,
                text=said,
                instructions=said,
                idempotency_key=f"{said} {len(fields)} {time.monotonic()}",
                **fields,
            )
            if response.status_code == 202:
                get_run(service, response.json()["id"], 30)
            elif response.status_code >= 500:
                assert (
                    said not in response.json()["detail"]
                    or response.json()["code"] == "invalid_output"
                )
        # the greeting before the log shows the key
        lines = service.output_text().splitlines()
        log = "\n".join(line for line in lines if line.startswith("{"))
        assert log.count('"event":"run"') >= 3
        assert said not in log
        assert service.key not in log
        assert "sk-test" not in log


ODD = (
    "x" * 2_000_000,
    "🎈" * 200_000,
    "a\x00b\x1f\x7f",
    "\ud800 half",
    "'; DROP TABLE runs; --",
    "{{ 7*7 }} %s :id ?",
    "a\u2028b\u202e",
)


def test_odd_and_huge_forms(tmp_path: Path) -> None:
    """Texts of any signs and of two million of them are run, kept and shown as they are; halves of
    characters become whole ones."""
    with FakeUpstream(FakePricing().script) as upstream, ExitStack() as stack:
        address = stack.enter_context(database_url("postgresql"))
        model = {"FORMCALL_MODEL": "gpt-6-luna"}  # its window holds each of these texts
        for variables in (model, {**model, "FORMCALL_DATABASE_URL": address}):
            service = stack.enter_context(
                serving(tmp_path / str(len(variables)), **hosted_environment(upstream, **variables))
            )
            service.key = service.key or new_key(service)
            for text in ODD:
                body = json.dumps({**TICKET, "text": text, "tag": text[:20], "wait_seconds": 0.5})
                headers = {**service.headers, "Content-Type": "application/json"}
                response = requests.post(
                    f"{service.address}/v1/actions/classify", data=body, headers=headers, timeout=60
                )
                assert response.status_code in {200, 202}, response.text[:300]
                shown = get_run(service, response.json()["id"], 30)
                assert shown["status"] == "done"
                assert shown["tag"] == re.sub("[\x00\ud800-\udfff]", "\ufffd", text[:20])
            runs = requests.get(
                f"{service.address}/v1/runs", headers=service.headers, timeout=20
            ).json()
            assert len(runs) == len(ODD)


def test_web_processes_only_take_in(tmp_path: Path) -> None:
    """Where other machines do the work a run is waited for, handed over, cancelled and retried just
    the same."""
    gate = Gate()
    with (
        database_url("postgresql") as database,
        FakeUpstream([FakePricing(), gate, *[FakePricing()] * 3]) as upstream,
    ):
        variables = hosted_environment(
            upstream,
            FORMCALL_DATABASE_URL=database,
            FORMCALL_SECRET="s" * 32,
            FORMCALL_MAX_IN_FLIGHT="1",
        )
        with (
            formcall_process(tmp_path / "web", "serve", "--role", "web", **variables) as web,
            ExitStack() as stack,
        ):
            web.key = new_key(web)
            waiting = run_action(web, wait_seconds=0.5)
            assert (waiting.status_code, waiting.json()["status"]) == (202, "queued")
            assert post_to_run(web, waiting.json()["id"], "cancel").json()["status"] == "cancelled"
            stack.enter_context(formcall_process(tmp_path / "worker", "worker", **variables))
            assert post_to_run(web, waiting.json()["id"], "retry").status_code == 202
            assert get_run(web, waiting.json()["id"], 60)["status"] == "done"
            held = run_action(web, wait_seconds=1)
            assert held.status_code == 202
            wait_until(lambda: upstream.in_flight)
            assert get_run(web, held.json()["id"])["status"] == "running"
            queued = run_action(web, wait_seconds=0)
            gate.open()
            given = run_action(web, wait_seconds=60)
            assert given.status_code == 200
            assert [get_run(web, one.json()["id"], 30)["status"] for one in (held, queued)] == [
                "done",
                "done",
            ]
            shown = get_run(web, given.json()["id"])
            assert {name: shown[name] for name in given.json()} == given.json()
            assert len(upstream.requests) == 4

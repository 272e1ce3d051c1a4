"""The promises of a run on real services: no overspending, no double payment, no lost run, and
cancellation."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
import requests

from connector.json_types import Json
from tests.support.running_service import FORMCALL, RunningService, serving
from tests.support.samples import TICKET
from tests.support.upstream import FakeUpstream, dearest, function_call, gated, refusal, slow

Start = Callable[..., RunningService]

ANSWER = {"category": "billing", "confidence": 0.9, "reason": "Charged twice.", "runner_up": None}
USAGE = (412, 0, 96, 0)
COST = 875_600  # nano-dollars of that usage: 412 x 1.10 and 96 x 4.40 dollars for a million
CLIENTS = 64


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a service on a fake provider, again and again on the same folder if wanted."""
    with ExitStack() as stack:

        def one(upstream: FakeUpstream, name: str = "service", **variables: str) -> RunningService:
            settings = {
                "FORMCALL_ENGINE": "openai",
                "OPENAI_API_KEY": "sk-test",
                "OPENAI_BASE_URL": upstream.base_url,
                # else a call may cost what the dearer replacement costs
                "FORMCALL_RETIRED": "error",
                **variables,
            }
            service = stack.enter_context(serving(tmp_path / name, **settings))
            service.key = service.key or kept_key(service)
            return service

        yield one


def kept_key(service: RunningService) -> str:
    return new_key(
        service,
        f"key {time.monotonic_ns()}",
        "--scope",
        "actions",
        "--scope",
        "tools",
        "--scope",
        "admin",
    )


def new_key(service: RunningService, name: str, *options: str) -> str:
    command = [str(FORMCALL), "key", "create", name, *options]
    done = subprocess.run(
        command,
        env=service.environment,
        cwd=service.folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def ask(
    service: RunningService, *, key: str = "", headers: Json | None = None, **fields: Any
) -> requests.Response:
    sent = {"X-API-Key": key or service.key, **(headers or {})}
    return requests.post(
        f"{service.address}/v1/actions/classify",
        json={**TICKET, **fields},
        headers=sent,
        timeout=60,
    )


def look(service: RunningService, run_id: str, wait: float = 0) -> Json:
    query = {"wait_seconds": str(wait)} if wait else {}
    found = requests.get(
        f"{service.address}/v1/runs/{run_id}", params=query, headers=service.headers, timeout=60
    )
    assert found.status_code == 200, found.text
    body: Json = found.json()
    return body


def until(what: Callable[[], bool], seconds: float = 120) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come to that in time"
        time.sleep(0.05)


def table(service: RunningService, query: str) -> list[Any]:
    with closing(sqlite3.connect(service.folder / "data" / "formcall.db")) as database:
        return database.execute(query).fetchall()


def kill(service: RunningService) -> None:
    """The whole service at once, as when the machine loses power."""
    children = (
        Path(f"/proc/{service.process.pid}/task/{service.process.pid}/children").read_text().split()
    )
    for pid in (service.process.pid, *map(int, children)):
        os.kill(pid, signal.SIGKILL)
    service.process.wait()


# --- money ----------------------------------------------------------------------------------------


def _all_at_once(service: RunningService, key: str) -> Counter[tuple[int, str]]:
    def one(_: int) -> tuple[int, str]:
        response = ask(service, key=key, wait_seconds=30)
        body = response.json()
        if response.status_code == 429:
            assert response.headers["Retry-After"].isdigit()
        return response.status_code, str(body.get("code") or body["status"])

    with ThreadPoolExecutor(CLIENTS) as clients:
        return Counter(clients.map(one, range(CLIENTS)))


def _books(service: RunningService) -> tuple[int, int, int, int]:
    """(spent, reserved, ledger, runs) in nano-dollars: what one key has cost by each of the
    books."""
    [(spent, reserved)] = table(
        service, "SELECT spent_nusd, reserved_nusd FROM spending WHERE length(period) = 10"
    )
    [(ledger,)] = table(service, "SELECT sum(nusd) FROM ledger")
    [(runs,)] = table(service, "SELECT sum(cost_nusd) FROM runs")
    return spent, reserved, ledger, runs


def test_a_budget_is_never_overspent(start: Start) -> None:
    """Sixty-four at once on a budget for ten of the dearest calls: ten are paid, to the last
    nano-dollar, and none too many."""
    with FakeUpstream(delay=0.2, usage=dearest(412)) as upstream:
        service = start(upstream)
        most = ask(service, dry_run=True).json()["first_call_max_usd"]
        key = new_key(service, "ten", "--budget-usd-day", f"{10 * most:.9f}")
        came = _all_at_once(service, key)
        budget = round(10 * most * 1e9)
        spent, reserved, ledger, runs = _books(service)
        assert (reserved, ledger, runs) == (0, spent, spent)
        assert spent <= budget
        assert came[200, "done"] >= 10
        assert set(came) <= {(200, "done"), (402, "budget_exceeded"), (429, "budget_reserved")}
        assert len(upstream.requests) == came[200, "done"]
        # what is left does not pay for another call, also with the least room for its answer
        assert ask(service, key=key).json()["code"] == "budget_exceeded"


def test_who_meets_only_reservations_waits(start: Start) -> None:
    """All reserve far more than they cost, so only few can be under way at once; in the end all are
    paid, since the money allows it."""
    with FakeUpstream(delay=0.05, usage=USAGE) as upstream:
        service = start(upstream)
        key = new_key(service, "all", "--budget-usd-day", f"{CLIENTS * COST / 1e9 + 0.01:.9f}")
        assert _all_at_once(service, key) == {(200, "done"): CLIENTS}
        assert _books(service) == (CLIENTS * COST, 0, CLIENTS * COST, CLIENTS * COST)


def test_the_cost_of_answers_is_what_usage_says(start: Start) -> None:
    """What the answers cost, one by one, is what the report of usage adds up to."""
    with FakeUpstream(usage=USAGE) as upstream:
        service = start(upstream)
        cost = sum(ask(service).json()["cost_usd"] for _ in range(7))
        usage = requests.get(
            f"{service.address}/v1/usage",
            params={"by": "action,model"},
            headers=service.headers,
            timeout=60,
        ).json()
        assert sum(row["cost_usd"] for row in usage["rows"]) == pytest.approx(cost, abs=1e-12)


def test_a_dry_run_asks_nobody(start: Start) -> None:
    """A dry run shows the very body that is then sent, and a price that the run does not pass;
    nothing is sent or spent."""
    with FakeUpstream(usage=USAGE) as upstream:
        service = start(upstream)
        forecast = ask(service, dry_run="yes").json()
        assert (forecast["status"], forecast["cost_usd"], len(upstream.requests)) == (
            "dry_run",
            0,
            0,
        )
        answer = ask(service).json()
        assert upstream.requests[0]["body"] == forecast["requests"][0]["body"]
        assert answer["cost_usd"] <= forecast["first_call_max_usd"] <= forecast["max_cost_usd"]
        assert "sk-test" not in str(forecast)


def test_a_run_may_not_cost_more_than_it_may(start: Start) -> None:
    """A limit that pays for no answer refuses the run before it is sent; one that pays for a short
    one makes room for that only."""
    with FakeUpstream(usage=USAGE) as upstream:
        service = start(upstream)
        refused = ask(service, max_cost_usd="0.0001")
        assert (refused.status_code, refused.json()["code"], len(upstream.requests)) == (
            422,
            "cost_limit",
            0,
        )
        usual = ask(service, dry_run=True).json()
        most = usual["first_call_max_usd"]
        assert ask(service, max_cost_usd=f"{0.9 * most:.6f}").status_code == 200
        assert upstream.requests[0]["body"]["max_output_tokens"] < usual["output_tokens"]


def test_the_same_request_is_answered_from_the_cache(start: Start) -> None:
    """Who asks for it gets the same answer again for free; another key never sees it."""
    with FakeUpstream(usage=USAGE) as upstream:
        service = start(upstream)
        first, again = ask(service, cache="1h").json(), ask(service, cache="1h").json()
        assert (first["category"], again["cost_usd"]) == (again["category"], 0)
        assert first["id"] != again["id"]
        assert len(upstream.requests) == 1
        ask(service, key=new_key(service, "other"), cache="1h")
        ask(service)
        assert len(upstream.requests) == 3


# --- the same request again -----------------------------------------------------------------------


def test_replays_are_one_run(start: Start) -> None:
    """A client that gives up after a second and asks five times more, with one idempotency key,
    pays once and gets one answer."""
    with FakeUpstream(delay=2.5, usage=USAGE) as upstream:
        service = start(upstream)
        headers = {"X-API-Key": service.key, "Idempotency-Key": "order 17"}
        came: list[Json] = []
        for _ in range(6):
            try:
                response = requests.post(
                    f"{service.address}/v1/actions/classify",
                    json=TICKET,
                    headers=headers,
                    timeout=1,
                )
                came.append({"status": response.status_code, **response.json()})
            except requests.Timeout:
                pass
            time.sleep(0.7)
        assert len(upstream.requests) == 1
        assert len({one["id"] for one in came}) == 1
        last = ask(service, idempotency_key="order 17").json()
        assert last["id"] == came[0]["id"]
        assert last["status"] == "done"
        assert look(service, last["id"])["cost_usd"] == COST / 1e9
        other = ask(service, idempotency_key="order 17", text="Another one.")
        assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")


def test_equal_requests_at_the_same_moment(start: Start) -> None:
    """Twenty equal requests at once with one key are one run: one of them carries it out, the
    others are told where it is."""
    with FakeUpstream(delay=0.5, usage=USAGE) as upstream:
        service = start(upstream)
        with ThreadPoolExecutor(20) as clients:
            came = list(clients.map(lambda _: ask(service, idempotency_key="once"), range(20)))
        assert len(upstream.requests) == 1
        assert {one.status_code for one in came} <= {200, 202}
        assert len({one.json()["id"] for one in came}) == 1


# --- handed over, cut off, cancelled --------------------------------------------------------------


def test_a_long_run_is_handed_over(start: Start) -> None:
    """When the caller's patience ends first it gets the run's id, the run goes on, and its answer
    is there later."""
    gate = threading.Event()
    with FakeUpstream([gated(gate, function_call("classify", ANSWER))], usage=USAGE) as upstream:
        service = start(upstream)
        response = ask(service, wait_seconds=1)
        assert response.status_code == 202
        assert response.headers["Retry-After"].isdigit()
        body = response.json()
        assert (
            response.headers["Location"]
            == body["status_url"]
            == f"{service.address}/v1/runs/{body['id']}"
        )
        assert look(service, body["id"])["status"] == "running"
        gate.set()
        ended = look(service, body["id"], wait=20)
        assert (ended["status"], ended["category"], ended["attempt"]) == ("done", "billing", 1)
        assert len(upstream.requests) == 1


@pytest.mark.parametrize("wait", ["0", "1"])
def test_what_was_promised_goes_on_after_a_crash(start: Start, wait: str) -> None:
    """A run whose caller was told that it goes on is carried out again after kill -9; the call
    nobody saw the end of is booked as well."""
    gate = threading.Event()
    with FakeUpstream([gated(gate, function_call("classify", ANSWER))], usage=USAGE) as upstream:
        service = start(upstream)
        run_id = ask(service, wait_seconds=wait).json()["id"]
        until(lambda: upstream.in_flight == 1)
        kill(service)
        gate.set()
        service = start(upstream)
        ended = look(service, run_id, wait=30)
        assert (ended["status"], ended["attempt"], len(upstream.requests)) == ("done", 2, 2)
        assert ended["estimated_usd"] > 0
        assert ended["cost_usd"] == pytest.approx(ended["estimated_usd"] + COST / 1e9)


def test_what_was_cut_off_says_so(start: Start) -> None:
    """A run nobody was promised is found after kill -9, keeps its reservation, and is run again
    under its idempotency key or by retry."""
    gate = threading.Event()
    with FakeUpstream(
        [gated(gate, function_call("classify", ANSWER))] * 2, usage=USAGE
    ) as upstream:
        service = start(upstream)
        waiting = [
            threading.Thread(target=_ignoring, args=(service, name))
            for name in ("by its key", "by retry")
        ]
        for thread in waiting:
            thread.start()
        until(lambda: upstream.in_flight == 2)
        kill(service)
        for thread in waiting:
            thread.join()
        gate.set()
        service = start(upstream)
        rows = dict(table(service, "SELECT idempotency_key, id FROM runs"))
        until(lambda: look(service, rows["by retry"])["status"] == "interrupted")
        cut_off = look(service, rows["by its key"])
        assert (cut_off["status"], cut_off["code"]) == ("interrupted", "interrupted")
        assert cut_off["reserved_usd"] > 0
        assert len(upstream.requests) == 2
        again = requests.post(
            f"{service.address}/v1/runs/{rows['by retry']}/retry",
            headers=service.headers,
            timeout=60,
        )
        assert again.status_code == 202
        ended = look(service, rows["by retry"], wait=30)
        assert (ended["status"], ended["attempt"], ended["reserved_usd"]) == ("done", 2, 0)


def _ignoring(service: RunningService, name: str) -> None:
    try:
        ask(service, idempotency_key=name)
    except requests.RequestException:
        pass


def test_a_cut_off_run_goes_on_under_its_key(start: Start) -> None:
    """The caller who sends the same request with the same key after a crash gets the answer, of the
    same run."""
    gate = threading.Event()
    with FakeUpstream([gated(gate, function_call("classify", ANSWER))], usage=USAGE) as upstream:
        service = start(upstream)
        key = service.key
        thread = threading.Thread(target=_ignoring, args=(service, "step 4"))
        thread.start()
        until(lambda: upstream.in_flight == 1)
        kill(service)
        thread.join()
        gate.set()
        service = start(upstream)
        [(run_id,)] = table(service, "SELECT id FROM runs")
        until(lambda: table(service, "SELECT status FROM runs") == [("interrupted",)])
        answer = ask(service, key=key, idempotency_key="step 4")
        assert (answer.status_code, answer.json()["id"], answer.json()["category"]) == (
            200,
            run_id,
            "billing",
        )


def test_a_cancelled_run_asks_no_more(start: Start) -> None:
    """A run that is cancelled while the model answers pays for that answer, and does not ask for
    the repair that it would need."""
    gate = threading.Event()
    with FakeUpstream(
        [gated(gate, function_call("classify", {**ANSWER, "category": "nonsense"}))], usage=USAGE
    ) as upstream:
        service = start(upstream)
        run_id = ask(service, wait_seconds=0).json()["id"]
        until(lambda: upstream.in_flight == 1)
        requests.post(
            f"{service.address}/v1/runs/{run_id}/cancel", headers=service.headers, timeout=20
        ).raise_for_status()
        gate.set()
        ended = look(service, run_id, wait=20)
        assert (ended["status"], ended["code"]) == ("cancelled", "cancelled")
        assert len(upstream.requests) == 1
        assert ended["cost_usd"] == COST / 1e9


def test_a_failed_run_is_told_again(start: Start) -> None:
    """A refusal is the run's end: the same key gives the same refusal again and asks nobody."""
    with FakeUpstream([refusal()], usage=USAGE) as upstream:
        service = start(upstream)
        first, again = ask(service, idempotency_key="a"), ask(service, idempotency_key="a")
        assert (first.status_code, first.json()) == (again.status_code, again.json())
        assert first.json()["code"] == "refused"
        assert len(upstream.requests) == 1


def test_a_stop_loses_nothing(start: Start) -> None:
    """SIGTERM while runs are under way: who waits gets the answer, and who was told to come back
    finds it."""
    with FakeUpstream([slow(2, function_call("classify", ANSWER))] * 2, usage=USAGE) as upstream:
        service = start(upstream)
        later = ask(service, wait_seconds=0).json()["id"]
        with ThreadPoolExecutor(1) as client:
            answer = client.submit(ask, service)
            until(lambda: upstream.in_flight == 2)
            service.process.send_signal(signal.SIGTERM)
            assert answer.result().status_code == 200
        service.process.wait(timeout=60)
        service = start(upstream)
        assert look(service, later, wait=20)["status"] == "done"
        assert len(upstream.requests) == 2

"""Batches: every row ends, the counts always add up, and no unnecessary call is made or paid."""

from __future__ import annotations

import csv
import io
import json
import threading
import time
import tracemalloc
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import requests
from sqlalchemy import update

from connector.batches import row_runner
from connector.batches import runner as carrying
from connector.batches.progress import batch_view
from connector.batches.request import read_batch_request
from connector.batches.results import Results
from connector.batches.rows import read_rows
from connector.batches.workbook import write_xlsx
from connector.errors import FormcallError
from connector.json_types import Json
from connector.store.ids import now_ms
from connector.store.tables import batches as batch_table
from connector.store.tables import runs as run_table
from tests.support.batch_client import (
    CATEGORIES,
    COUNTS,
    PATIENCE,
    BatchClient,
    check,
    engine,
    local_bench,
    serving_over,
    statuses,
    texts,
)
from tests.support.databases import KINDS, database_url
from tests.support.guards import hang_guard
from tests.support.receivers import Receiver
from tests.support.running_service import RunningService, serving
from tests.support.upstream import (
    Chance,
    FakeUpstream,
    Reply,
    Request,
    Script,
    Step,
    dearest,
    fault,
    forced_call,
    gated,
    json_reply,
)
from tests.support.upstream.sockets import Flights

ANSWER = {"category": "billing", "confidence": 0.9, "reason": "Charged twice.", "runner_up": None}
SURE = forced_call(ANSWER)
UNSURE = forced_call({**ANSWER, "category": None})


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    """A service whose model is always sure, for all tests that look at what is asked and
    answered."""
    with (
        FakeUpstream(Script([SURE], repeat=True)) as upstream,
        serving(tmp_path_factory.mktemp("batches"), **engine(upstream.base_url)) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def client(service: RunningService) -> BatchClient:
    return BatchClient(service.address, service.key, service)


# --- in and out -----------------------------------------------------------------------------------


def test_every_row_is_answered_in_its_order(client: BatchClient) -> None:
    """A batch is taken in at once and told of; in the end each row has its answer, in order, and
    the counts and costs add up."""
    response = client.post(
        json={
            "action": "classify",
            "rows": texts(25),
            "fixed": {"categories": CATEGORIES},
            "tag": "may",
        }
    )
    taken = check(response.json())
    assert (response.status_code, response.headers["Location"]) == (202, taken["status_url"])
    assert int(response.headers["Retry-After"]) > 0
    assert taken["status"] == "running" and taken["total"] == 25 and taken["tag"] == "may"
    ended = client.wait_finished(taken["id"])
    assert set(ended) == set(taken)
    assert (ended["status"], ended["done"], ended["percent"], ended["eta_seconds"]) == (
        "done",
        25,
        100.0,
        None,
    )
    rows = client.rows(taken["id"])
    assert [row["row"] for row in rows] == list(range(1, 26))
    assert [row["text"] for row in rows] == [row["text"] for row in texts(25)]
    assert {(row["status"], row["category"], row["reason"]) for row in rows} == {
        ("done", "billing", "Charged twice.")
    }
    assert (
        ended["cost_usd"] == pytest.approx(sum(row["cost_usd"] for row in rows))
        and ended["cost_usd"] > 0
    )
    assert ended["estimated_usd"] == ended["reserved_usd"] == 0
    assert ended["rows_per_second"] > 0 and ended["ended_at"] > ended["created_at"]


CSV = 'id;message\r\n7;"I was charged; twice"\r\n\r\n8;"Two\r\nlines"\r\n'
ROWS = [{"id": "7", "message": "I was charged; twice"}, {"id": "8", "message": "Two\r\nlines"}]
XLSX = b"".join(write_xlsx([["id", "message"], *(list(row.values()) for row in ROWS)]))
FIELDS = {
    "action": "classify",
    "fixed": json.dumps({"categories": CATEGORIES}),
    "mapping": "text: message",
}


def post_table(content: bytes, kind: str, client: BatchClient, **query: str) -> requests.Response:
    """A table as the body, with the fields in the query."""
    return client.post(data=content, headers={"Content-Type": kind}, params={**FIELDS, **query})


def post_part(name: str, part: tuple[Any, ...], client: BatchClient) -> requests.Response:
    """A table as a part of a multipart form."""
    return client.post(files={name: part}, data=FIELDS)


WAYS: dict[str, Callable[[BatchClient], requests.Response]] = {
    "objects": lambda client: client.post(
        json={
            "action": "classify",
            "fixed": {"categories": CATEGORIES},
            "mapping": {"text": "message"},
            "rows": [
                {"id": "7", "message": "I was charged; twice"},
                {"id": "8", "message": "Two\r\nlines"},
            ],
        }
    ),
    "text in JSON": lambda client: client.post(
        json={
            "action": "classify",
            "fixed": {"categories": CATEGORIES},
            "mapping": {"text": "message"},
            "rows": CSV,
        }
    ),
    "file": lambda client: client.post(
        files={"file": ("rows.csv", CSV.encode("utf-8-sig"))},
        data={
            "action": "classify",
            "fixed": ("categories:\n  billing: invoices\n  technical: errors"),
            "mapping": "text: message",
        },
    ),
    "body": lambda client: client.post(
        data=CSV.encode(),
        headers={"Content-Type": "text/csv; charset=utf-8"},
        params={
            "action": "classify",
            "fixed": json.dumps({"categories": CATEGORIES}),
            "mapping": "text: message",
        },
    ),
    "form": lambda client: client.post(
        data={
            "action": "classify",
            "fixed": json.dumps({"categories": CATEGORIES}),
            "mapping": "text: message",
            "rows": CSV,
        }
    ),
    **{
        f"body as {kind}": partial(post_table, CSV.encode(), kind)
        for kind in (
            "application/csv",
            "application/vnd.ms-excel",
            "text/comma-separated-values; charset=utf-8",
            "application/octet-stream",
            "text/plain",
        )
    },
    "body in UTF-16": partial(post_table, CSV.encode("utf-16"), "text/csv"),
    "body in a declared charset": partial(
        post_table, CSV.encode("cp1252"), "text/csv; charset=windows-1252"
    ),
    "charset in the query": partial(
        post_table, CSV.encode("cp1252"), "text/csv", charset="windows-1252"
    ),
    "body as JSON lines": partial(
        post_table, "\n".join(map(json.dumps, ROWS)).encode(), "application/x-ndjson"
    ),
    "a part under any name": partial(post_part, "data0", ("Tickets.csv", CSV)),
    "a part with its charset": partial(
        post_part, "file", ("a.csv", CSV.encode("cp1252"), "text/csv; charset=windows-1252")
    ),
    "a part without a file name": partial(post_part, "file", (None, CSV)),
    "a spreadsheet": partial(post_part, "file", ("Tickets.xlsx", XLSX)),
    "a spreadsheet as the body": partial(
        post_table, XLSX, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_rows_come_in_every_way(client: BatchClient, way: str) -> None:
    """Objects, a CSV as text, as a file and as the body are the same batch; a column that is no
    field comes back as it was."""
    taken = WAYS[way](client)
    assert taken.status_code == 202, taken.text
    assert taken.json()["warnings"] == [
        "These columns do not match a field of the action; they are only copied to the results: id."
    ]
    client.wait_finished(taken.json()["id"])
    rows = client.rows(taken.json()["id"])
    assert [(row["id"], row["message"], row["category"]) for row in rows] == [
        ("7", "I was charged; twice", "billing"),
        ("8", "Two\r\nlines", "billing"),
    ]


def test_results_in_the_form_that_a_spreadsheet_opens(client: BatchClient) -> None:
    """The delimiter may be given as itself or by its name; the XLSX file has the same table; what
    is not known is refused with what is."""
    batch = client.create([{"text": "+49 170 1234567 was charged twice"}])
    client.wait_finished(batch["id"])
    path = f"/{batch['id']}/results"
    for delimiter in ("%3B", ";", "semicolon"):
        response = client.get(f"{path}.csv?delimiter={delimiter}&bom=1")
        assert response.content.startswith(b"\xef\xbb\xbfrow;status;text;"), response.text
    assert client.get(f"{path}.csv?bom=0").content.startswith(b"row,status,text,")
    table = client.get(f"{path}.xlsx")
    assert batch["results_url_xlsx"].endswith(f"{path}.xlsx")
    assert table.headers["Content-Type"].endswith("spreadsheetml.sheet")
    row = read_rows(table.content).records[0]
    assert (row["row"], row["text"], row["category"]) == (
        "1",
        "+49 170 1234567 was charged twice",
        "billing",
    )
    for query, field in (("delimiter=x", "delimiter"), ("bom=maybe", "bom"), ("bomb=1", "bomb")):
        refused = client.get(f"{path}.csv?{query}")
        assert refused.status_code == 422 and refused.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"files": [("a", ("a.csv", CSV)), ("b", ("b.csv", CSV))]}, "has 2 files"),
        ({"files": {"a": ("a.csv", CSV)}, "data": {"rows": CSV}}, "Send the rows once"),
        ({"files": {"a": ("a.csv", CSV.encode("cp1252") + b"\xfc")}}, "windows-1252"),
        ({"files": {"a": ("a.xlsx", XLSX)}, "data": {"sheet": "May"}}, 'no sheet "May"'),
        ({"files": {"a": ("a.csv", CSV)}, "data": {"sheet": "May"}}, "is for spreadsheets"),
    ],
)
def test_uploads_that_have_no_one_reading_are_refused(
    client: BatchClient, more: Json, words: str
) -> None:
    """Two tables, or none that can be read, are answered with what to send."""
    response = client.post(**{**more, "data": {**FIELDS, **more.get("data", {})}})
    assert response.status_code in {400, 422}, response.text
    assert words in response.json()["detail"]


def test_a_wrong_row_fails_alone(client: BatchClient) -> None:
    """A row that the form does not take has failed from the beginning, with the form's own
    sentence; the others are answered."""
    rows = [
        {"text": "row-1"},
        {"text": ""},
        {"text": "row-3", "multiple": "perhaps"},
        17,
        {"text": "row-5", "effort": "high"},
    ]
    state = client.wait_finished(client.create(rows)["id"])
    assert (state["done"], state["failed"], state["total"]) == (2, 3, 5)
    found = client.rows(state["id"])
    assert [row["status"] for row in found] == ["done", "failed", "failed", "failed", "done"]
    assert [row["error_code"] for row in found] == [
        "",
        "invalid_input",
        "invalid_input",
        "invalid_input",
        "",
    ]
    assert (
        "Text" in found[1]["error"]
        and "Allow multiple" in found[2]["error"]
        and "object" in found[3]["error"]
    )
    run = requests.get(
        f"{client.address}/v1/runs/{found[1]['run_id']}", headers=client.headers, timeout=30
    ).json()
    assert (run["status"], run["code"], run["cost_usd"]) == ("failed", "invalid_input", 0.0)


def test_a_batch_without_a_right_row_is_refused(client: BatchClient) -> None:
    """When no row is right nothing is kept, and the first few are named by their numbers."""
    response = client.post(
        json={"action": "classify", "rows": [{"text": ""}] * 9, "fixed": {"categories": CATEGORIES}}
    )
    problem = response.json()
    assert (response.status_code, problem["code"]) == (422, "invalid_input")
    assert len(problem["errors"]) == 5
    assert problem["detail"].startswith('Row 1: "Text" is empty')
    assert "Row 5: " in problem["errors"][4]["message"]


@pytest.mark.parametrize(
    ("body", "status", "code", "words"),
    [
        ({"rows": [{"text": "a"}]}, 422, "invalid_input", '"Action" is empty'),
        (
            {"action": "clasify", "rows": [{"text": "a"}]},
            404,
            "unknown_action",
            'Did you mean "classify"?',
        ),
        ({"action": "classify", "rows": "text,text\na,b"}, 422, "invalid_input", 'called "text"'),
        (
            {"action": "classify", "rows": [{"x": "a"}]},
            422,
            "invalid_input",
            "No column of the rows",
        ),
        (
            {"action": "classify", "rows": [{"text": "a"}], "fixed": {"categories": "one"}},
            422,
            "invalid_input",
            "at least 2",
        ),
        (
            {"action": "classify", "rows": [{"text": "a"}], "callback_url": "http://10.0.0.1/x"},
            422,
            "address_refused",
            "Callback URL",
        ),
        (
            {"action": "classify", "rows": [{"text": "a"}], "budget": 3},
            422,
            "invalid_input",
            "budget",
        ),
    ],
)
def test_orders_that_are_not_right_are_refused(
    client: BatchClient, body: Json, status: int, code: str, words: str
) -> None:
    """What is wrong with an order is one sentence with the name of the part, before anything is
    kept."""
    before = len(client.get().json())
    response = client.post(json={"fixed": {"categories": CATEGORIES}, **body})
    assert (response.status_code, response.json()["code"]) == (status, code)
    assert words in response.json()["detail"]
    assert len(client.get().json()) == before


def test_files_that_are_not_right_are_refused(client: BatchClient) -> None:
    """A spreadsheet that is damaged, a file that is no text, and a type that is not understood,
    each with its own sentence."""
    fields = {"action": "classify", "fixed": json.dumps({"categories": CATEGORIES})}
    damaged = client.post(files={"file": b"PK\x03\x04\xff\xff"}, data=fields)
    assert damaged.status_code == 422 and "damaged" in damaged.json()["detail"]
    not_text = client.post(files={"file": b"%PDF-1.7\xff\xff"}, data=fields)
    assert not_text.status_code == 422 and "CSV UTF-8" in not_text.json()["detail"]
    other = client.post(data=b"<rows/>", headers={"Content-Type": "application/xml"})
    assert (other.status_code, other.json()["code"]) == (415, "unsupported_media_type")


def test_only_its_owner_sees_a_batch(client: BatchClient) -> None:
    """Another key finds nothing, whatever it asks for; a key of the operator sees all; lists hold
    one's own alone."""
    own = client.wait_finished(client.create(texts(1))["id"])
    other = client.other("other")
    paths = [f"/{own['id']}{rest}" for rest in ("", "/results.csv", "/results.jsonl")]
    assert [other.get(path).status_code for path in paths] == [404] * 3
    assert [
        other.post(f"/{own['id']}/{what}").status_code for what in ("cancel", "resume", "retry")
    ] == [404] * 3
    assert other.get().json() == []
    mine = client.get("?limit=2&status=done").json()
    assert mine[0]["id"] == own["id"] and len(mine) <= 2
    assert requests.get(f"{client.address}/v1/batches", timeout=60).status_code == 401
    assert client.get("?status=over").status_code == 422


def test_the_same_key_is_the_same_batch(client: BatchClient) -> None:
    """An idempotency key gives the same batch again, also when many come at once; other rows under
    it are refused."""
    body = {
        "action": "classify",
        "rows": texts(3),
        "fixed": {"categories": CATEGORIES},
        "idempotency_key": "order-17",
    }
    with ThreadPoolExecutor(4) as pool:
        ids = {
            future.result().json()["id"]
            for future in [pool.submit(client.post, json=body) for _ in range(4)]
        }
    assert len(ids) == 1
    header = client.post(
        json={**body, "idempotency_key": ""}, headers={"Idempotency-Key": "order-17"}
    )
    assert header.json()["id"] in ids
    other = client.post(json={**body, "rows": texts(4)})
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    assert client.wait_finished(ids.pop())["done"] == 3


def test_ten_thousand_rows_are_taken_in_at_once(client: BatchClient) -> None:
    """The largest batch is checked and kept within one call; cancelled, its rows have ended at
    once."""
    rows = texts(10_000)
    with hang_guard():
        taken = client.create(rows)
    assert taken["total"] == 10_000
    assert client.post(json={"action": "classify", "rows": [*rows, rows[0]]}).status_code == 422
    assert client.post(f"/{taken['id']}/cancel").status_code == 200
    ended = client.wait_until(taken["id"], lambda state: state["left"] == 0)
    assert ended["cancelled"] > 9_000
    assert len(client.rows(taken["id"])) == 10_000


# --- while it runs --------------------------------------------------------------------------------


def test_counts_add_up_in_every_moment(tmp_path: Path) -> None:
    """Whoever looks whenever sees counts that add up, rows that only ever end, and results of every
    row."""
    steps: list[Any] = [SURE, UNSURE, SURE, fault("content_filter")] * 60
    with serving_over(
        tmp_path, steps, chance=Chance(errors=0.05, limited=0.02, jitter=0.9, seed=3), delay=0.05
    ) as (_, client):
        taken = client.create([*texts(200), {"text": ""}])
        seen: list[Json] = []
        with ThreadPoolExecutor(3) as pool:

            def is_finished(state: Json) -> bool:
                seen.append(state)
                return bool(state["left"] == 0)

            watchers = [pool.submit(client.wait_until, taken["id"], is_finished) for _ in range(3)]
            partial = client.rows(taken["id"])
            assert len(partial) == 201
            assert all(
                (row["category"] is None) == (row["status"] != "done") or row["status"] == "done"
                for row in partial
            )
            for watcher in watchers:
                watcher.result()
        ended = client.wait_finished(taken["id"])
        rows = client.rows(taken["id"])
    assert len({state["left"] for state in seen}) > 3
    assert (
        ended["failed"] == statuses(rows)["failed"]
        and ended["done"] + ended["unknown"] == statuses(rows)["done"]
    )
    assert (
        ended["unknown"]
        == sum(row["status"] == "done" and row["category"] is None for row in rows)
        > 0
    )
    assert ended["failed"] > 1 and {row["error_code"] for row in rows} <= {
        "",
        "refused",
        "invalid_input",
    }


def test_no_more_rows_at_once_than_allowed(tmp_path: Path) -> None:
    """The rows of all batches together stay within FORMCALL_ROWS_AT_ONCE, and use it."""
    flights, full = Flights(), threading.Event()

    def counted(request: Request) -> Reply:
        # a call ends before its reply is sent, so before the service can begin the next one
        flights.take_off()
        if flights.peak >= 3:
            full.set()
        full.wait(30)
        time.sleep(0.05)
        flights.land()
        return SURE(request)

    steps = Script([counted], repeat=True)
    with serving_over(tmp_path, steps, FORMCALL_ROWS_AT_ONCE="3") as (_, client):
        taken = [client.create(texts(20, first)) for first in (1, 101)]
        for one in taken:
            assert client.wait_finished(one["id"])["done"] == 20
    assert flights.peak == 3


def test_keys_take_turns(tmp_path: Path) -> None:
    """A small batch of one key does not wait for the large one that another key ordered before."""
    with serving_over(
        tmp_path, Script([SURE], repeat=True), delay=0.05, FORMCALL_ROWS_AT_ONCE="4"
    ) as (
        _,
        client,
    ):
        large, small = client, client.other("small")
        first = large.create(texts(1_500))
        large.wait_until(first["id"], lambda state: state["done"] > 20)
        second = small.create(texts(12))
        assert small.wait_finished(second["id"])["done"] == 12
        state = large.state(first["id"])
        assert state["status"] == "running" and state["left"] > 700
        large.post(f"/{first['id']}/cancel")


# --- money ----------------------------------------------------------------------------------------


def test_a_budget_pauses_and_resumes(tmp_path: Path) -> None:
    """A batch never costs more than its budget: it pauses, says why, asks for nothing more, and
    goes on with a higher one."""
    variables: Json = {"FORMCALL_RETIRED": "error", "FORMCALL_ROWS_AT_ONCE": "4"}
    with serving_over(tmp_path, Script([SURE], repeat=True), usage=dearest(100), **variables) as (
        upstream,
        client,
    ):
        taken = client.create(texts(30), budget_usd=0.15)
        paused = client.wait_finished(taken["id"])
        assert (paused["status"], paused["code"], paused["budget_usd"]) == (
            "paused",
            "budget_exceeded",
            0.15,
        )
        assert (
            "The budget of this batch ($0.15)" in paused["detail"] and "resume" in paused["detail"]
        )
        assert 0 < paused["cost_usd"] <= 0.15 and paused["failed"] == 0 and 0 < paused["done"] < 30
        asked = len(upstream.requests)
        assert (
            asked
            == paused["done"]
            == client.wait_until(taken["id"], lambda state: state["reserved_usd"] == 0)["done"]
        )
        assert statuses(client.rows(taken["id"])) == {
            "done": paused["done"],
            "queued": paused["left"],
        }
        too_low = client.post(f"/{taken['id']}/resume", json={"budget_usd": 0.001})
        assert too_low.status_code == 422 and "must be more than" in too_low.json()["detail"]
        assert client.post(f"/{taken['id']}/resume", json={"budget": 3}).status_code == 422
        resumed = client.post(f"/{taken['id']}/resume", json={"budget_usd": 5})
        assert (resumed.status_code, resumed.json()["status"], resumed.json()["budget_usd"]) == (
            202,
            "running",
            5.0,
        )
        ended = client.wait_finished(taken["id"])
        assert (ended["status"], ended["done"], ended["code"], ended["detail"]) == (
            "done",
            30,
            "",
            "",
        )
        again = client.post(f"/{taken['id']}/resume")
        assert (again.status_code, again.json()["code"]) == (409, "conflict")
        assert len(upstream.requests) == 30


def test_the_budget_of_a_key_pauses_as_well(tmp_path: Path) -> None:
    """When the key has nothing left for today the batch waits; its rows do not fail one by one."""
    with serving_over(
        tmp_path, Script([SURE], repeat=True), usage=dearest(100), FORMCALL_RETIRED="error"
    ) as (_, client):
        poor = client.other("poor", "--budget-usd-day", "0.10")
        paused = poor.wait_finished(poor.create(texts(20))["id"])
        assert (paused["status"], paused["code"]) == ("paused", "budget_exceeded")
        assert "budget of this API key for today" in paused["detail"]
        assert paused["cost_usd"] <= 0.10 and paused["failed"] == 0


def rejects(message: str, param: str | None, code: str) -> Step:
    error = {"message": message, "type": "invalid_request_error", "param": param, "code": code}
    return lambda _: json_reply({"error": error}, 400)


@pytest.mark.parametrize(
    ("step", "code", "words"),
    [
        (fault("auth"), "provider_auth", "OPENAI_API_KEY"),
        (
            rejects("Unknown parameter: 'store'.", "store", "unknown_parameter"),
            "provider_rejected",
            "FORMCALL_PROFILE=generic",
        ),
    ],
    ids=["key", "parameter"],
)
def test_what_stops_every_row_pauses_the_batch(
    step: Step, code: str, words: str, tmp_path: Path
) -> None:
    """A provider that takes no call at all pauses a batch, with its own sentence; resumed, the same
    rows are answered."""
    with serving_over(tmp_path, [step] * 4 + [SURE] * 20, FORMCALL_ROWS_AT_ONCE="2") as (
        _,
        client,
    ):
        paused = client.wait_finished(client.create(texts(8))["id"])
        assert (paused["status"], paused["code"]) == ("paused", code)
        assert words in paused["detail"]
        state = client.wait_until(paused["id"], lambda state: state["left"] == 8)
        while state["status"] == "paused":
            client.post(f"/{paused['id']}/resume")
            state = client.wait_finished(paused["id"])
        assert (state["status"], state["done"]) == ("done", 8)


def test_a_row_that_the_provider_rejects_stops_no_other(tmp_path: Path) -> None:
    """A request that is rejected for what is in it fails its own row; the others are answered."""
    refused = rejects("The text has a mark that is not allowed.", "input", "invalid_value")
    with serving_over(tmp_path, [refused, *[SURE] * 8], FORMCALL_ROWS_AT_ONCE="1") as (_, client):
        state = client.wait_finished(client.create(texts(4))["id"])
        assert (state["status"], state["done"], state["failed"]) == ("done", 3, 1)


def test_a_cancelled_batch_spends_nothing_more(tmp_path: Path) -> None:
    """Rows that wait are cancelled at once; those that ask the model end with that call; nobody is
    asked after that."""
    go_on = threading.Event()
    with (
        Receiver() as receiver,
        serving_over(
            tmp_path,
            Script([gated(go_on, SURE)], repeat=True),
            FORMCALL_ROWS_AT_ONCE="4",
            FORMCALL_ALLOW_HOSTS=receiver.host,
        ) as (upstream, client),
    ):
        taken = client.create(texts(100), callback_url=receiver.url)
        wait_for(lambda: upstream.in_flight == 4)
        cancelled = check(client.post(f"/{taken['id']}/cancel").json())
        assert (cancelled["status"], cancelled["cancelled"], cancelled["left"]) == (
            "cancelled",
            96,
            4,
        )
        assert cancelled["ended_at"] is None
        go_on.set()
        ended = client.wait_until(taken["id"], lambda state: state["ended_at"])
        assert (ended["done"], ended["cancelled"], ended["left"]) == (4, 96, 0)
        again = client.post(f"/{taken['id']}/cancel")
        assert (again.status_code, again.json()["ended_at"]) == (200, ended["ended_at"])
        assert [
            client.post(f"/{taken['id']}/{what}").status_code for what in ("resume", "retry")
        ] == [409, 409]
        told = receiver.wait()[0].json
        assert (told["event"], told["status"], told["cancelled"]) == (
            "batch.completed",
            "cancelled",
            96,
        )
        left_out = [row for row in client.rows(taken["id"]) if row["status"] == "cancelled"]
        assert len(left_out) == 96 and all(
            row["error_code"] == "cancelled" and row["error"] for row in left_out
        )
        assert len(upstream.requests) == 4


def wait_for(holds: Callable[[], object], seconds: float = PATIENCE) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


# --- failures -------------------------------------------------------------------------------------


def test_failed_rows_are_run_again_when_asked(tmp_path: Path) -> None:
    """A retry asks again for rows that failed, and for nothing else; rows that are not right
    themselves stay as they are."""
    script = Script([fault("content_filter")] * 3 + [SURE] * 30)
    with serving_over(tmp_path, script) as (upstream, client):
        state = client.wait_finished(client.create([*texts(8), {"text": ""}])["id"])
        assert (state["done"], state["failed"]) == (5, 4)
        retried = client.post(f"/{state['id']}/retry")
        assert (retried.status_code, retried.json()["status"], retried.json()["left"]) == (
            202,
            "running",
            3,
        )
        ended = client.wait_finished(state["id"])
        assert (ended["done"], ended["failed"]) == (8, 1)
        again = client.post(f"/{state['id']}/retry")
        assert (again.status_code, again.json()["code"]) == (409, "conflict")
        assert len(upstream.requests) == 11
        assert {row["status"] for row in client.rows(state["id"]) if row["row"] <= 8} == {"done"}


@pytest.fixture
def quick_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses between tries of a row are short."""
    monkeypatch.setattr(carrying, "_RETRY_DELAYS", (0.05, 0.05))


@pytest.mark.usefixtures("quick_rounds")
def test_a_failure_that_passes_is_tried_twice_more(tmp_path: Path) -> None:
    """A row whose provider is down gets two more rounds, and fails after the third; what it cost is
    nothing."""
    down = [fault("unavailable", retry_after=60)]
    with (
        FakeUpstream(Script(down, repeat=True)) as upstream,
        local_bench(tmp_path, upstream, deadline_seconds=5) as bench,
    ):
        state = bench.wait_finished(bench.create(texts(3))["id"])
        assert state["failed"] == 3
        assert {row.attempt for row in bench.rows(state["id"])} == {3}
        assert {row.code for row in bench.rows(state["id"])} == {"provider_unavailable"}
        assert len(upstream.requests) == 9


@pytest.mark.usefixtures("quick_rounds")
def test_a_row_that_failed_for_a_moment_is_answered(tmp_path: Path) -> None:
    """A row that met a short outage is done in a later round, and is never counted as failed at the
    end."""
    script = [fault("unavailable", retry_after=60)] * 2 + [SURE] * 5
    with (
        FakeUpstream(script) as upstream,
        local_bench(tmp_path, upstream, deadline_seconds=5) as bench,
    ):
        state = bench.wait_finished(bench.create(texts(4))["id"])
        assert (state["done"], state["failed"]) == (4, 0)
        assert sorted(row.attempt for row in bench.rows(state["id"])) in (
            [1, 1, 2, 2],
            [1, 1, 1, 3],
        )


@pytest.mark.usefixtures("quick_rounds")
def test_a_call_that_may_be_billed_is_not_made_again(tmp_path: Path) -> None:
    """When the provider broke off, nobody knows what it billed: the row fails, at the most it can
    have cost."""
    with (
        FakeUpstream([fault("disconnect"), SURE, SURE]) as upstream,
        local_bench(tmp_path, upstream) as bench,
    ):
        state = bench.wait_finished(bench.create(texts(2))["id"])
        assert (state["done"], state["failed"]) == (1, 1)
        assert state["estimated_usd"] > 0 and len(upstream.requests) == 2


@pytest.mark.usefixtures("quick_rounds")
def test_a_fault_of_ours_fails_the_row_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row that cannot be carried out at all is given up after the third round; the rows after it
    are answered before that."""
    with (
        FakeUpstream(Script([SURE], repeat=True)) as upstream,
        local_bench(tmp_path, upstream, rows_at_once=1) as bench,
    ):
        carry_out = bench.service.runner.run_stored

        def fail_second(row: Any, **more: Any) -> Any:
            if row.row_no == 2:
                raise OSError("a fault of ours")
            return carry_out(row, **more)

        monkeypatch.setattr(bench.service.runner, "run_stored", fail_second)
        state = bench.wait_finished(bench.create(texts(5))["id"])
        assert (state["done"], state["failed"]) == (4, 1)
        assert bench.rows(state["id"])[1].code == "internal"


def test_a_lead_that_fails_leaves_a_batch_that_can_be_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the work that leads a batch fails, the batch does not seem to go on for ever: it waits,
    and says so."""
    with (
        FakeUpstream(Script([SURE], repeat=True)) as upstream,
        local_bench(tmp_path, upstream) as bench,
    ):
        runner = bench.service.batch_runner
        with monkeypatch.context() as patch:
            patch.setattr(bench.service.batches, "open_row_numbers", lambda *_: 1 / 0)
            taken = bench.create(texts(2))
            wait_for(lambda: bench.service.jobs.status(f"{taken['id']}.1") == "failed")
        runner.recover()
        paused = bench.wait_finished(taken["id"], "paused")
        assert paused["code"] == "internal"
        runner.resume(taken["id"])
        assert bench.wait_finished(taken["id"])["done"] == 2


def test_a_batch_whose_process_died_too_early_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A batch that was kept, but whose work was never put into a queue, begins with the next look
    at all batches."""
    with (
        FakeUpstream(Script([SURE], repeat=True)) as upstream,
        local_bench(tmp_path, upstream) as bench,
    ):
        with monkeypatch.context() as patch:
            patch.setattr(bench.service.jobs, "enqueue", lambda *_, **__: 1 / 0)
            taken = bench.create(texts(2))
            assert taken["status"] == "running"
        bench.service.batch_runner.recover()
        assert bench.wait_finished(taken["id"])["done"] == 2


def test_a_long_turn_is_given_up_for_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When its turn is over a piece of work puts the rest of its rows behind the others; none is
    lost or done twice."""
    monkeypatch.setattr(row_runner, "_CHUNK_SECONDS", 0.0)
    with (
        FakeUpstream(Script([SURE], repeat=True)) as upstream,
        local_bench(tmp_path, upstream, rows_at_once=2) as bench,
    ):
        state = bench.wait_finished(bench.create(texts(12))["id"])
        assert state["done"] == 12 == len(upstream.requests)
        assert {row.attempt for row in bench.rows(state["id"])} == {1}


def test_a_row_that_another_process_carries_out_is_left_to_it(tmp_path: Path) -> None:
    """A row that a living process has begun is not begun a second time; one whose process is gone
    is."""
    with (
        FakeUpstream(Script([SURE], repeat=True)) as upstream,
        local_bench(tmp_path, upstream) as bench,
    ):
        runner = bench.service.batch_runner._rows
        hosts = runner._hosts
        with bench.service.database.begin() as connection:
            connection.execute(update(run_table).values(host="x"))
        row = run_table_row(status="running", host="elsewhere")
        hosts.beat("elsewhere", "worker")
        assert runner.is_active(row)
        hosts.remove("elsewhere")
        assert not runner.is_active(row)
        assert not runner.is_active(run_table_row(status="running", host=bench.service.runner.host))


def run_table_row(**values: Any) -> Any:
    return SimpleNamespace(id="run_x", **values)


@pytest.mark.parametrize("kind", KINDS)
def test_what_an_owner_does_holds_on_each_database(tmp_path: Path, kind: str) -> None:
    """Ordering, pausing, resuming, cancelling and retrying are each one change that holds or does
    not, on SQLite and PostgreSQL."""
    steps = [fault("content_filter")] * 2 + [SURE] * 2 + [UNSURE] * 50
    with (
        database_url(kind) as address,
        FakeUpstream(steps) as upstream,
        Receiver() as receiver,
        local_bench(
            tmp_path, upstream, database_url=address, rows_at_once=2, allow_hosts=receiver.host
        ) as bench,
    ):
        runner, batches = bench.service.batch_runner, bench.service.batches
        first = bench.wait_finished(
            bench.create([*texts(6), {"text": ""}], idempotency_key="k", callback_url=receiver.url)[
                "id"
            ]
        )
        assert [first[name] for name in COUNTS] == [2, 2, 3, 0, 0]
        assert (
            bench.create([*texts(6), {"text": ""}], idempotency_key="k", callback_url=receiver.url)[
                "id"
            ]
            == first["id"]
        )
        with pytest.raises(FormcallError) as raised:
            bench.create(texts(7), idempotency_key="k")
        assert raised.value.code == "idempotency_mismatch"
        assert check(batch_view(runner.retry(first["id"])))["left"] == 2
        again = bench.wait_finished(first["id"])
        assert [again[name] for name in COUNTS] == [2, 4, 1, 0, 0]
        told = [post.json for post in receiver.wait(2)]  # once for each time that it ended
        assert [(body["event"], body["failed"]) for body in told] == [
            ("batch.completed", 3),
            ("batch.completed", 1),
        ]

        second = bench.create(texts(400))
        assert not batches.pause(second["id"], "internal", "Of the last time.", generation=0)
        assert batches.pause(second["id"], "internal", "Wait.") and not batches.pause(
            second["id"], "internal", "Wait."
        )
        paused = bench.state(second["id"])
        assert (paused["status"], paused["detail"], paused["eta_seconds"]) == (
            "paused",
            "Wait.",
            None,
        )
        assert check(batch_view(runner.resume(second["id"])))["status"] == "running"
        with pytest.raises(FormcallError) as raised:
            runner.resume(second["id"])
        assert raised.value.code == "conflict"
        assert check(batch_view(runner.cancel(second["id"])))["cancelled"] > 300
        wait_for(lambda: bench.state(second["id"])["ended_at"])
        assert bench.state(second["id"])["left"] == 0
        assert [progress.batch.id for progress in batches.list_by_key(bench.key.id)] == [
            second["id"],
            first["id"],
        ]
        assert [
            progress.batch.id
            for progress in batches.list_by_key(bench.key.id, status="done", limit=1)
        ] == [first["id"]]


# --- the end --------------------------------------------------------------------------------------


def test_the_end_is_told_once_to_everybody(tmp_path: Path) -> None:
    """The callback and each subscriber hear of the end, once, with the whole state; of single rows
    nobody hears."""
    with Receiver() as receiver, Receiver() as subscriber:
        allowed = f"{receiver.host},{subscriber.host}"
        with serving_over(tmp_path, Script([SURE], repeat=True), FORMCALL_ALLOW_HOSTS=allowed) as (
            _,
            client,
        ):
            for event in ("batch.completed", "run.completed"):
                body = {"event": event, "target_url": f"{subscriber.url}&event={event}"}
                made = requests.post(
                    f"{client.address}/v1/subscriptions",
                    json=body,
                    headers=client.headers,
                    timeout=60,
                )
                assert made.status_code in {200, 201}, made.text
            state = client.wait_finished(
                client.create([*texts(3), {"text": ""}], callback_url=receiver.url, tag="t")["id"]
            )
            told = [receiver.wait()[0].json, subscriber.wait()[0].json]
            time.sleep(0.5)
            assert (len(receiver.posts), len(subscriber.posts)) == (1, 1)
    for body in told:
        assert body["event"] == "batch.completed"
        assert {name: body[name] for name in COUNTS} == {name: state[name] for name in COUNTS}
        assert (body["id"], body["status"], body["tag"], body["ended_at"]) == (
            state["id"],
            "done",
            "t",
            state["ended_at"],
        )


@pytest.mark.parametrize("kept", ["hash", "off"])
def test_texts_that_are_not_to_be_kept_go_with_their_rows(tmp_path: Path, kept: str) -> None:
    """With FORMCALL_STORE_TEXT=hash or off a row's form goes when it ends, the rest with the batch;
    the answers can still be fetched."""
    script = Script([fault("content_filter"), *[SURE] * 10])
    with (
        FakeUpstream(script) as upstream,
        local_bench(tmp_path, upstream, store_text=kept) as bench,
    ):
        taken = bench.create([*texts(3), {"text": ""}])
        state = bench.wait_finished(taken["id"])
        rows = bench.rows(state["id"])
        assert [row.form for row in rows] == [None] * 4
        assert bench.service.batches.get(state["id"]).fixed is None
        assert [bool(row.digest) for row in rows] == [kept == "hash"] * 3 + [False]
        results = Results(
            bench.service.catalogue.find("classify"), bench.service.batches.get(state["id"])
        )
        found = list(csv.DictReader(io.StringIO("".join(results.csv(rows)), newline="")))
        assert Counter(row["category"] for row in found) == {"billing": 2, "": 2}
        with pytest.raises(FormcallError) as raised:
            bench.service.batch_runner.retry(state["id"])
        assert raised.value.code == "conflict"


def test_an_old_key_may_be_used_again(tmp_path: Path) -> None:
    """A day after it, the idempotency key of a batch that has ended stands for a new one."""
    with (
        FakeUpstream(Script([SURE], repeat=True)) as upstream,
        local_bench(tmp_path, upstream) as bench,
    ):
        first = bench.wait_finished(bench.create(texts(1), idempotency_key="k")["id"])
        assert bench.create(texts(1), idempotency_key="k")["id"] == first["id"]
        with bench.service.database.begin() as connection:
            connection.execute(
                update(batch_table).values(created_ms=now_ms() - carrying.SAME_KEY_MS - 1)
            )
        second = bench.create(texts(2), idempotency_key="k")
        assert second["id"] != first["id"] and bench.wait_finished(second["id"])["done"] == 2


def test_results_need_no_memory_for_all_rows(tmp_path: Path) -> None:
    """Thousands of rows with long answers are written in pieces: what is held at a time does not
    grow with them."""
    with FakeUpstream() as upstream, local_bench(tmp_path, upstream, rows_at_once=1) as bench:
        batches = bench.service.batches
        order = read_batch_request(
            {"action": "classify", "rows": texts(3_000), "fixed": {"categories": CATEGORIES}}
        )
        batch, rows = bench.service.batch_runner._validator.records(bench.key, order)
        answer = json.dumps({**ANSWER, "categories_text": "billing", "reason": "r" * 5_000})
        for row in rows:
            row.update(status="done", answer=answer)
        batches.add({**batch, "status": "done"}, rows)
        results = Results(bench.service.catalogue.find("classify"), batches.get(batch["id"]))
        for write in (results.csv, results.jsonl):
            tracemalloc.start()
            size = sum(len(piece) for piece in write(batches.rows(batch["id"])))
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            assert size > 15_000_000 and peak < 6_000_000


def test_the_tools_of_a_key_hold_for_rows(tmp_path: Path) -> None:
    """A key without the scope for tools cannot use them through a batch either."""
    with serving_over(tmp_path, []) as (_, owner):
        client = owner.other("plain", "--scope", "actions")
        body = {
            "action": "answer_with_tools",
            "rows": [{"question": "2+2?"}],
            "fixed": {"tools": "calculate"},
        }
        wait_for(lambda: client.post(json=body).status_code != 503)
        refused = client.post(json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert client.get().json() == []


def test_a_batch_may_run_any_action(client: BatchClient) -> None:
    """What a row may hold is what the action's own form takes: other actions, their lists and their
    options."""
    taken = client.create(
        [{"text": "Long text.", "language": "German", "max_cost_usd": "1"}],
        "summarize",
        fixed={"length": "short"},
    )
    assert client.wait_finished(taken["id"])["total"] == 1
    with pytest.raises(AssertionError, match="invalid_input"):
        client.create([{"text": "a"}], "summarize", fixed={"length": "endless"})


def test_signs_that_no_encoding_carries_are_replaced(client: BatchClient) -> None:
    """Half a sign or a NUL in a row or a name does no harm: it is replaced, and the row is
    answered."""
    body = (
        '{"action": "classify", "rows": [{"text": "a\\ud800b\\u0000c", "x\\ud800": 1}], '
        '"fixed": {"categories": "a\\ud800, b"}}'
    )
    taken = client.post(data=body, headers={"Content-Type": "application/json"})
    assert taken.status_code == 202, taken.text
    assert client.wait_finished(taken.json()["id"])["total"] == 1
    assert "x\ufffd" in client.rows(taken.json()["id"])[0]

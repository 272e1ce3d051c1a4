"""The fake's Batch API, driven by the official SDK and held to its types."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, get_args

import openai
import pytest
import requests
from openai import OpenAI
from openai.types import Batch, FilePurpose, batch_create_params
from openai.types.chat import ChatCompletion
from openai.types.responses import Response

from tests.support.upstream import (
    FakeUpstream,
    fault,
    function_call,
    gated,
    read_log,
    refusal,
    slow,
    text,
)
from tests.support.upstream.batches import usage_of
from tests.support.upstream.batchrules import KEYS, OPTIONAL
from tests.support.upstream.cases import DROP, C, R, body
from tests.support.upstream.files import PURPOSES
from tests.support.upstream.load import Log

Line = dict[str, Any]


def line(custom_id: str, path: str = R, **changes: Any) -> Line:
    """One line of an input file with the good body."""
    return {"custom_id": custom_id, "method": "POST", "url": path, "body": body(path, **changes)}


def lines(count: int, path: str = R) -> list[Line]:
    return [line(f"r{number}", path) for number in range(count)]


def jsonl(entries: list[Any]) -> bytes:
    return "\n".join(
        entry if isinstance(entry, str) else json.dumps(entry) for entry in entries
    ).encode()


def submit(client: OpenAI, entries: list[Any], path: str = R, **more: Any) -> Batch:
    """Upload and create, as every user of the API does it."""
    file = client.files.create(file=("rows.jsonl", jsonl(entries)), purpose="batch")
    assert path in (R, C)
    endpoint: Any = path
    return client.batches.create(
        input_file_id=file.id, endpoint=endpoint, completion_window="24h", **more
    )


def results(client: OpenAI, file_id: str | None) -> dict[str, Line]:
    """The lines of an output or error file by their custom_id."""
    if file_id is None:
        return {}
    found = [json.loads(each) for each in client.files.content(file_id).text.splitlines()]
    assert len({each["custom_id"] for each in found}) == len(found)
    return {each["custom_id"]: each for each in found}


@contextmanager
def serving(*steps: Any, **options: Any) -> Iterator[tuple[FakeUpstream, OpenAI]]:
    """A server with a script, and a real client of it that does not retry."""
    with (
        FakeUpstream(steps, **options) as upstream,
        OpenAI(base_url=upstream.base_url, api_key="k", max_retries=0) as client,
    ):
        yield upstream, client


def counts(batch: Batch) -> tuple[int, int, int]:
    assert batch.request_counts is not None
    return batch.request_counts.total, batch.request_counts.completed, batch.request_counts.failed


def test_keys_are_the_sdks() -> None:
    """What may be said when a batch is created or a file is uploaded is what the installed SDK
    knows."""
    assert {*KEYS, *OPTIONAL} == set(batch_create_params.BatchCreateParams.__annotations__)
    assert set(PURPOSES) == set(get_args(FilePurpose))


def test_files() -> None:
    """An uploaded file is described, read back byte for byte, and gone once it is deleted."""
    content = jsonl(lines(2)) + "\r\n--é\n\n".encode()
    with serving() as (upstream, client):
        file = client.files.create(file=("rows.jsonl", content), purpose="batch")
        assert (file.bytes, file.filename, file.purpose, file.status) == (
            len(content),
            "rows.jsonl",
            "batch",
            "processed",
        )
        assert file.expires_at == file.created_at + 30 * 86_400
        assert client.files.retrieve(file.id) == file
        assert client.files.content(file.id).content == content
        assert [each.id for each in upstream.batches.files.kept] == [file.id]
        assert client.files.delete(file.id).deleted
        for gone in (client.files.retrieve, client.files.content, client.files.delete):
            with pytest.raises(openai.NotFoundError, match="No such File object"):
                gone(file.id)
        policy = {"anchor": "created_at", "seconds": 3600}
        brief = client.files.create(file=("a.txt", b""), purpose="user_data", expires_after=policy)  # type: ignore[arg-type]
        assert brief.expires_at == brief.created_at + 3600


@pytest.mark.parametrize(
    ("name", "purpose", "status", "words"),
    [
        ("rows.txt", "batch", 400, "Must be .jsonl"),
        ("rows.jsonl", "chat", 400, "Invalid value: 'chat'"),
        ("rows.jsonl", "batch", 413, "larger than the 40 maximum"),
    ],
)
def test_refused_uploads(name: str, purpose: Any, status: int, words: str) -> None:
    """A batch's file has its ending and its size, and every file has a known purpose."""
    with serving(batch_bytes=40) as (upstream, client):
        with pytest.raises(openai.APIStatusError, match=words) as caught:
            client.files.create(file=(name, b"x" * 41), purpose=purpose)
        assert caught.value.status_code == status
        client.files.create(file=("rows.jsonl", b"x" * 40), purpose="batch")
    assert len(upstream.errors) == 1


def test_unreadable_uploads() -> None:
    """An upload that is no form, or lacks a field, is refused like any other request."""
    with FakeUpstream() as upstream:
        url = f"{upstream.base_url}/files"
        assert requests.post(url, json={}, timeout=60).status_code == 400
        assert requests.post(url, data={"purpose": "batch"}, timeout=60).status_code == 400
        texts = {"purpose": (None, "batch"), "file": (None, "{}")}
        assert requests.post(url, files=texts, timeout=60).json()["error"]["param"] == "file"
        missing = requests.post(url, files={"file": ("a.jsonl", b"{}")}, timeout=60).json()["error"]
        extra = requests.post(
            url, data={"purpose": "batch", "x": 1}, files={"file": ("a.jsonl", b"{}")}, timeout=5
        )
        assert (missing["code"], missing["param"]) == ("missing_required_parameter", "purpose")
        assert extra.json()["error"]["code"] == "unknown_parameter"


@pytest.mark.parametrize("path", [R, C])
def test_a_batch_from_start_to_end(path: str) -> None:
    """A batch goes through its states on the test's clock, and each line's reply is what a live
    call would have got."""
    with serving(
        *(function_call("classify", {"category": str(n)}) for n in range(10)), batch_seconds=1000
    ) as (up, client):
        batch = submit(client, lines(10, path), path, metadata={"job": "7"})
        assert (batch.status, counts(batch), batch.model) == ("validating", (0, 0, 0), None)
        assert batch.metadata == {"job": "7"} and batch.expires_at == batch.created_at + 86_400
        seen = [("validating", 0, 0)]
        for _ in range(20):
            up.advance(52)
            batch = client.batches.retrieve(batch.id)
            seen.append((batch.status, *counts(batch)[:2]))
        assert [status for n, (status, *_) in enumerate(seen) if status != seen[n - 1][0]] == [
            "validating",
            "in_progress",
            "finalizing",
            "completed",
        ]
        assert [done for *_, done in seen] == sorted(done for *_, done in seen)
        assert ("in_progress", 10, 5) in seen
        assert (batch.model, counts(batch), batch.error_file_id) == (
            "o4-mini-2025-04-16",
            (10, 10, 0),
            None,
        )
        found = results(client, batch.output_file_id)
        assert sorted(found) == [f"r{n}" for n in range(10)] and list(found) != sorted(found)
        for custom_id, each in found.items():
            assert each.keys() == {"id", "custom_id", "response", "error"} and each["error"] is None
            assert each["response"].keys() == {"status_code", "request_id", "body"}
            reply = (Response if path == R else ChatCompletion).model_validate(
                each["response"]["body"]
            )
            assert json.dumps({"category": custom_id[1:]}) in json.dumps(each).replace("\\", "")
            assert reply.service_tier == "default"
        assert (
            batch.usage is not None
            and batch.usage.total_tokens == usage_of(found.values())["total_tokens"] > 0
        )
        times = (batch.created_at, batch.in_progress_at, batch.finalizing_at, batch.completed_at)
        assert [at - batch.created_at for at in times if at] == pytest.approx(
            [0, 100, 900, 1000], abs=1
        )
        assert [each["custom_id"] for each in up.lines] == [f"r{n}" for n in range(10)]
        assert up.script.left == 0 and up.errors == []


def test_real_time() -> None:
    """Without the test's help a batch takes as long as it was told to, and by default no time at
    all."""
    with serving(batch_seconds=0.3) as (_, client):
        batch = submit(client, lines(3))
        polled = {batch.status}
        while batch.status != "completed":
            batch = client.batches.retrieve(batch.id)
            polled.add(batch.status)
        assert {"validating", "in_progress", "completed"} <= polled
    with serving() as (_, client):
        assert client.batches.retrieve(submit(client, lines(3)).id).status == "completed"


def test_wrong_bodies_fail_alone() -> None:
    """A body that a live call would be refused for is an error line with that refusal, and the
    others are answered."""
    wrong = [line("t", temperature=0), line("h", store=True), line("f", tools=[{"type": "web"}])]
    with serving() as (upstream, client):
        batch = client.batches.retrieve(submit(client, [*wrong, *lines(2)]).id)
        assert (batch.status, counts(batch)) == ("completed", (5, 2, 3))
        errors = results(client, batch.error_file_id)
        assert sorted(results(client, batch.output_file_id)) == ["r0", "r1"]
    assert {custom_id: each["response"]["status_code"] for custom_id, each in errors.items()} == {
        "t": 400,
        "h": 400,
        "f": 400,
    }
    assert errors["t"]["response"]["body"]["error"]["code"] == "unsupported_parameter"
    assert errors["t"]["error"] is None
    assert [error["custom_id"] for error in upstream.errors] == ["t", "h", "f"]
    with serving() as (_, client):
        batch = client.batches.retrieve(submit(client, wrong).id)
        assert (batch.status, counts(batch), batch.output_file_id) == ("completed", (3, 0, 3), None)


TWICE = [line("a"), line("a")]
MIXED = [line("a"), line("b", model="o3")]
INVALID: list[tuple[list[Any], list[Any], str | None, str | None, int | None]] = [
    # refused file, accepted file, code, param and line of its first error
    (["{", line("a")], [line("a")], "invalid_json_line", None, 1),
    ([line("a"), "[]"], [line("a"), "", line("b")], "invalid_json_line", None, 2),
    ([], [line("a")], "empty_file", None, None),
    (lines(5), lines(4), "too_many_tasks", None, None),
    *(
        (
            [{k: v for k, v in line("a").items() if k != key}],
            [line("a")],
            "missing_required_parameter",
            key,
            1,
        )
        for key in ("custom_id", "method", "url", "body")
    ),
    ([line("a") | {"custom_id": 1}], [line("1")], "invalid_type", "custom_id", 1),
    ([line("a") | {"body": "x"}], [line("a")], "invalid_type", "body", 1),
    ([line("a") | {"method": "GET"}], [line("a")], "invalid_value", "method", 1),
    ([line("a") | {"priority": 1}], [line("a")], "unknown_parameter", "priority", 1),
    ([line("a"), line("b", C)], [line("a"), line("b")], "invalid_url", "url", 2),
    (TWICE, [line("a"), line("b")], "duplicate_custom_id", "custom_id", 2),
    (MIXED, [line("a"), line("b")], "mismatched_model", "body.model", 2),
    ([line("a", model="o9")], [line("a", model="o3")], "model_not_found", "body.model", 1),
    ([line("a", model="gone")], [line("a")], "model_not_found", "body.model", 1),
    ([line("a", model="local-llama")], [line("a")], "model_not_found", "body.model", 1),
    ([line("a", model=DROP)], [line("a")], "invalid_request", "body.model", 1),
    ([line("a", input=DROP)], [line("a")], "invalid_request", "body.input", 1),
    (
        [line("a", stream=True)],
        [line("a", stream=False)],
        "streaming_unsupported",
        "body.stream",
        1,
    ),
]


@pytest.mark.parametrize(("refused", "accepted", "code", "param", "number"), INVALID)
def test_wrong_files(
    refused: list[Any], accepted: list[Any], code: str, param: str | None, number: int | None
) -> None:
    """A wrong line fails the whole batch after it was taken, with its number and the service's
    code; nothing is run."""
    with serving(batch_lines=4, retired=["gone"]) as (upstream, client):
        assert client.batches.retrieve(submit(client, accepted).id).status == "completed"
        run = len(upstream.lines)
        taken = submit(client, refused)
        assert (taken.status, taken.errors) == ("validating", None)
        batch = client.batches.retrieve(taken.id)
        assert batch.status == "failed" and batch.failed_at and batch.errors and batch.errors.data
        error = batch.errors.data[0]
        assert (error.code, error.param, error.line) == (code, param, number)
        assert (counts(batch), batch.output_file_id, batch.error_file_id) == ((0, 0, 0), None, None)
        assert len(upstream.lines) == run
        with pytest.raises(
            openai.ConflictError, match="Cannot cancel a batch with status 'failed'"
        ):
            client.batches.cancel(batch.id)


def test_all_errors_of_a_file() -> None:
    """Each wrong line is told, not only the first."""
    with serving() as (_, client):
        batch = client.batches.retrieve(submit(client, [*TWICE, "{", line("c", model="o3")]).id)
    assert batch.errors and batch.errors.data
    assert [(error.line, error.code) for error in batch.errors.data] == [
        (2, "duplicate_custom_id"),
        (3, "invalid_json_line"),
        (4, "mismatched_model"),
    ]


def test_wrong_input_files() -> None:
    """A file that is not there, or was not meant for batches, fails the batch and not the call."""
    with serving() as (_, client):
        other = client.files.create(file=("rows.jsonl", jsonl(lines(1))), purpose="user_data")
        for file_id in (other.id, "file-none"):
            batch = client.batches.create(
                input_file_id=file_id, endpoint="/v1/responses", completion_window="24h"
            )
            batch = client.batches.retrieve(batch.id)
            assert batch.status == "failed" and batch.errors and batch.errors.data
            assert (batch.errors.data[0].code, batch.errors.data[0].param) == (
                "invalid_request",
                "file_id",
            )


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"endpoint": "/v1/embeddings"}, "invalid_value", "endpoint"),
        ({"completion_window": "1h"}, "invalid_value", "completion_window"),
        ({"input_file_id": None}, "missing_required_parameter", "input_file_id"),
        ({"endpoint": 5}, "invalid_type", "endpoint"),
        ({"priority": 1}, "unknown_parameter", "priority"),
        ({"metadata": {"tags": ["a"]}}, "invalid_type", "metadata.tags"),
        ({"metadata": "a"}, "invalid_type", "metadata"),
        ({"metadata": {"a": "x" * 513}}, "string_above_max_length", "metadata.a"),
        ({"metadata": {str(n): "x" for n in range(17)}}, "object_above_max_properties", "metadata"),
        (
            {"output_expires_after": {"anchor": "now"}},
            "invalid_value",
            "output_expires_after.anchor",
        ),
        (
            {"output_expires_after": {"anchor": "created_at", "seconds": 60}},
            "invalid_value",
            "output_expires_after.seconds",
        ),
    ],
)
def test_refused_batches(changes: dict[str, Any], code: str, param: str) -> None:
    """What is wrong with the request itself is refused at once, and there is no batch."""
    with serving() as (upstream, client):
        file = client.files.create(file=("rows.jsonl", jsonl(lines(1))), purpose="batch")
        good = {"input_file_id": file.id, "endpoint": R, "completion_window": "24h"}
        answer = requests.post(f"{upstream.base_url}/batches", json=good | changes, timeout=60)
        assert (
            answer.status_code,
            answer.json()["error"]["code"],
            answer.json()["error"]["param"],
        ) == (400, code, param)
        assert client.batches.list().data == []
        edge = {
            "metadata": {"k" * 64: "v" * 512},
            "output_expires_after": {"anchor": "created_at", "seconds": 3600},
        }
        batch = client.batches.retrieve(
            requests.post(f"{upstream.base_url}/batches", json=good | edge, timeout=60).json()["id"]
        )
        output = client.files.retrieve(batch.output_file_id or "")
        assert (output.expires_at, output.purpose) == (output.created_at + 3600, "batch_output")


def test_unheard_of() -> None:
    """Batches that do not exist, and addresses that mean nothing, are 404."""
    with serving() as (upstream, client):
        for call in (client.batches.retrieve, client.batches.cancel):
            with pytest.raises(openai.NotFoundError, match="No batch found"):
                call("batch_none")
        for method, path in (
            ("GET", "files"),
            ("GET", "files/a/b"),
            ("POST", "batches/a/b"),
            ("DELETE", "batches/a"),
        ):
            assert requests.request(
                method, f"{upstream.base_url}/{path}", json={}, timeout=5
            ).status_code == (400 if path == "files" and method == "POST" else 404)
    with serving(api_key="other") as (upstream, client):
        for denied in (
            lambda: client.files.delete("a"),
            client.batches.list,
            lambda: submit(client, lines(1)),
        ):
            with pytest.raises(openai.AuthenticationError):
                denied()


def test_list() -> None:
    """Batches are listed newest first, a page at a time, each in its present state."""
    with serving() as (_, client):
        made = [submit(client, lines(1)).id for _ in range(5)]
        page = client.batches.list(limit=2)
        assert [batch.id for batch in page.data] == made[:2:-1] and page.has_more
        assert [batch.id for batch in client.batches.list(limit=2)] == made[::-1]
        assert {batch.status for batch in client.batches.list()} == {"completed"}
        with pytest.raises(openai.BadRequestError, match="limit"):
            client.batches.list(limit=101)


def test_cancel() -> None:
    """What was done before a batch is cancelled is in its output, the rest in its errors; again is
    no harm, too late is."""
    with serving(batch_seconds=1000) as (upstream, client):
        batch = submit(client, lines(8))
        upstream.advance(510)
        stopping = client.batches.cancel(batch.id)
        assert (stopping.status, stopping.output_file_id) == ("cancelling", None)
        assert client.batches.cancel(batch.id).status == "cancelling"
        upstream.advance(200)
        batch = client.batches.retrieve(batch.id)
        assert (batch.status, counts(batch)) == ("cancelled", (8, 4, 0))
        assert sorted(results(client, batch.output_file_id)) == ["r0", "r1", "r2", "r3"]
        errors = results(client, batch.error_file_id)
        assert {each["error"]["code"] for each in errors.values()} == {"batch_cancelled"} and len(
            errors
        ) == 4
        assert client.batches.cancel(batch.id) == batch
        assert len(upstream.lines) == 4
        early = submit(client, lines(2))
        client.batches.cancel(early.id)
        upstream.advance(200)
        early = client.batches.retrieve(early.id)
        assert (early.status, counts(early)[1:], early.output_file_id) == (
            "cancelled",
            (0, 0),
            None,
        )
    with (
        serving() as (_, client),
        pytest.raises(openai.ConflictError, match="with status 'completed'"),
    ):
        client.batches.cancel(submit(client, lines(1)).id)


def test_expiry() -> None:
    """A batch that is not done in its window expires with what it has, and the lines that were not
    run say so."""
    with serving(batch_seconds=1000, expire_after=510) as (upstream, client):
        batch = submit(client, lines(8))
        upstream.advance(5000)
        batch = client.batches.retrieve(batch.id)
        assert (batch.status, counts(batch), batch.completed_at) == ("expired", (8, 4, 0), None)
        assert batch.expired_at == batch.expires_at
        errors = results(client, batch.error_file_id)
        assert sorted(results(client, batch.output_file_id)) == ["r0", "r1", "r2", "r3"]
        assert {each["error"]["code"] for each in errors.values()} == {"batch_expired"} and len(
            errors
        ) == 4
        assert all(each["response"] is None for each in errors.values())
        with pytest.raises(openai.ConflictError):
            client.batches.cancel(batch.id)


def test_line_faults() -> None:
    """Each way in which a line goes wrong is found where the real service puts it, or nowhere."""
    faults: dict[str, Any] = {
        "r0": "server_error",
        "r1": "rate_limit",
        "r2": "timeout",
        "r3": "missing",
        "r4": "stall",
        "r5": refusal("No."),
    }
    with serving(*(text(str(n)) for n in range(2)), batch_faults=faults) as (upstream, client):
        batch = client.batches.retrieve(submit(client, lines(7)).id)
        output, errors = results(client, batch.output_file_id), results(client, batch.error_file_id)
        assert (batch.status, counts(batch)) == ("completed", (7, 3, 4))
        assert sorted(output) == ["r5", "r6"] and sorted(errors) == ["r0", "r1", "r2", "r4"]
        assert [errors[name]["response"]["status_code"] for name in ("r0", "r1")] == [500, 429]
        assert [errors[name]["error"]["code"] for name in ("r2", "r4")] == ["request_timeout"] * 2
        assert "No." in json.dumps(output["r5"]) and upstream.script.left == 0
        assert [each["custom_id"] for each in upstream.lines] == [
            "r0",
            "r1",
            "r3",
            "r4",
            "r5",
            "r6",
        ]
        faults.clear()
        assert counts(client.batches.retrieve(submit(client, lines(7)).id)) == (7, 7, 0)


def test_faults_of_a_batch() -> None:
    """A line that expired ends its batch so, and a full queue fails all of it; an unknown fault is
    told at once."""
    with serving(batch_faults={"r1": "expired"}) as (upstream, client):
        batch = client.batches.retrieve(submit(client, lines(3)).id)
        assert (batch.status, counts(batch)) == ("expired", (3, 2, 0)) and batch.expired_at
        assert results(client, batch.error_file_id)["r1"]["error"]["code"] == "batch_expired"
        assert len(upstream.lines) == 2
    with serving(batch_faults={"*": "token_limit"}) as (upstream, client):
        batch = client.batches.retrieve(submit(client, lines(3)).id)
        assert batch.status == "failed" and batch.errors and batch.errors.data
        assert batch.errors.data[0].code == "token_limit_exceeded" and upstream.lines == []
    with serving(batch_faults={"*": "unavailable"}) as (_, client):
        assert counts(client.batches.retrieve(submit(client, lines(3)).id)) == (3, 0, 3)
    with pytest.raises(ValueError, match="token_limit"):
        FakeUpstream(batch_faults={"r1": "lost"})


def test_trouble() -> None:
    """Calls about files and batches fail one by one as told; a lost answer is lost although the
    batch is there."""
    trouble = {
        "POST /v1/files": ["rate_limit"],
        "POST /v1/batches": ["lost", "server_error"],
        "GET /v1/batches/{id}": ["html", "unavailable"],
        "GET /v1/files/{id}/content": ["quota"],
        "POST /v1/batches/{id}/cancel": ["lost"],
        "DELETE /v1/files/{id}": ["nonsense"],
    }
    with serving(trouble=trouble, batch_seconds=1000) as (_, client):
        with pytest.raises(openai.RateLimitError):
            submit(client, lines(1))
        with pytest.raises(openai.APIConnectionError):
            submit(client, lines(2), metadata={"job": "7"})
        with pytest.raises(openai.InternalServerError):
            submit(client, lines(3))
        (batch,) = client.batches.list().data
        assert batch.metadata == {"job": "7"}
        assert isinstance(client.batches.retrieve(batch.id), str)
        with pytest.raises(openai.InternalServerError):
            client.batches.retrieve(batch.id)
        with pytest.raises(openai.APIConnectionError):
            client.batches.cancel(batch.id)
        assert client.batches.retrieve(batch.id).status == "cancelling"
        with pytest.raises(openai.RateLimitError, match="quota"):
            client.files.content(batch.input_file_id)
        assert len(client.files.content(batch.input_file_id).text.splitlines()) == 2
        with pytest.raises(openai.InternalServerError, match="unknown fault 'nonsense'"):
            client.files.delete(batch.input_file_id)
    assert all(queue == [] for queue in trouble.values())


def test_steps_do_not_wait_in_a_batch() -> None:
    """A batch's time is its own: steps that wait, and the server's delay, do not hold it up; a
    wrong one fails its line."""

    def wrong(request: Any) -> Any:
        raise AssertionError("no such thing")

    with serving(slow(60, text("a")), gated(threading.Event(), text("b")), wrong, delay=60.0) as (
        upstream,
        client,
    ):
        batch = client.batches.retrieve(submit(client, lines(3)).id)
        assert counts(batch) == (3, 2, 1)
        assert "no such thing" in upstream.errors[0]["error"]["message"]


def test_usage_and_log(tmp_path: Any) -> None:
    """The figures of a batch are exact when the server was told them, and its lines are in the log
    of model calls."""
    log = Log(tmp_path / "log", r"row-\d+")
    with serving(usage=(412, 100, 96, 64), log=log, batch_faults={"r2": fault("quota")}) as (
        _,
        client,
    ):
        entries = [line(f"r{n}", input=[{"role": "user", "content": f"row-{n}"}]) for n in range(3)]
        batch = client.batches.retrieve(submit(client, entries).id)
        assert batch.usage is not None
        assert (batch.usage.input_tokens, batch.usage.output_tokens, batch.usage.total_tokens) == (
            824,
            192,
            1016,
        )
        assert batch.usage.input_tokens_details.cached_tokens == 200
        assert batch.usage.output_tokens_details.reasoning_tokens == 128
    log.close()
    told = [(each["event"], each["marker"], each["status"]) for each in read_log(tmp_path / "log")]
    assert told == [
        (event, f"row-{n}", status if event == "answered" else None)
        for n, status in ((0, 200), (1, 200), (2, 429))
        for event in ("asked", "answered")
    ]

"""Callers who send, read or leave slowly take no thread from others, nor does one who waits."""

from __future__ import annotations

import json
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import pytest
import requests

from connector.web.places import MAX_WAITING_CALLERS
from tests.support.running_service import RunningService, serving
from tests.support.samples import TICKET
from tests.support.service_harness import (
    Gate,
    get_run,
    hosted_environment,
    new_key,
    run_action,
    wait_until,
)
from tests.support.upstream import FakeUpstream

_CALLERS = 200  # more than twice the threads of a service for two runs
_SECONDS = 60.0  # a guard: an honest caller is answered, or the test hangs for so long and fails
_KEY_OF_NOBODY = "X-API-Key: fc_nobody\r\n"


def request_bytes(first: str, headers: str = "", body: bytes = b"") -> bytes:
    return f"{first} HTTP/1.1\r\nHost: here\r\n{headers}\r\n".encode() + body


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningService]:
    with serving(tmp_path_factory.mktemp("slow"), FORMCALL_MAX_IN_FLIGHT="2") as running:
        yield running


@contextmanager
def callers(
    service: RunningService, sent: bytes, count: int = _CALLERS, *, receive_bytes: int = 0
) -> Iterator[list[socket.socket]]:
    """Connections on which ``sent`` was sent, and nothing was read."""
    with ExitStack() as stack:
        connections = []
        for _ in range(count):
            connection = stack.enter_context(socket.socket())
            if receive_bytes:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
            connection.settimeout(_SECONDS)
            connection.connect(("127.0.0.1", service.port))
            connection.sendall(sent)
            connections.append(connection)
        yield connections


def assert_answers(service: RunningService) -> None:
    """An honest caller gets answers of all kinds."""
    for path in ("/healthz", "/readyz", "/v1/runs"):
        found = requests.get(
            service.address + path, headers={"X-API-Key": service.key}, timeout=_SECONDS
        )
        assert found.status_code == 200, (path, found.text)
    found = requests.post(
        f"{service.address}/v1/actions/classify",
        json=TICKET,
        headers={"X-API-Key": service.key},
        timeout=_SECONDS,
    )
    assert found.status_code == 200, found.text


RUN = "POST /v1/actions/classify"
SLOW: dict[str, bytes] = {
    "nothing": b"",
    "half a request line": b"POST /v1/act",
    "half a head": request_bytes(RUN)[:-2],
    "a head of empty lines": b"\r\n\r\n",
    "half a body": request_bytes(RUN, "Content-Length: 500\r\n", b'{"text": '),
    "half a chunk": request_bytes(RUN, "Transfer-Encoding: chunked\r\n", b"400\r\n{"),
    "the end of no last chunk": request_bytes(
        RUN, f"Transfer-Encoding: chunked\r\n{_KEY_OF_NOBODY}", b"4\r\n{\r\n\r\n"
    ),
    "half of a large body": request_bytes(RUN, f"Content-Length: 9000000\r\n{_KEY_OF_NOBODY}"),
    "a body that waits to be asked for": request_bytes(
        RUN, f"Expect: 100-continue\r\nContent-Length: 900000\r\n{_KEY_OF_NOBODY}"
    ),
    "an answer, and no end": request_bytes("GET /healthz", "Connection: close\r\n"),
    "one request and half of the next": request_bytes("GET /healthz") + b"GET /he",
}


@pytest.mark.attack(
    "Hundreds of callers who send slowly, or only half of a request, without a key",
    "others are answered meanwhile; what is too slow is refused",
)
@pytest.mark.parametrize("sent", SLOW.values(), ids=SLOW)
def test_slow_callers_stop_nobody(service: RunningService, sent: bytes) -> None:
    """Some hundred callers who send half of something and stay, with no key or a wrong one: others
    are answered meanwhile."""
    with callers(service, sent):
        assert_answers(service)


def test_callers_who_do_not_read(service: RunningService) -> None:
    """A large public document is not read: others are answered meanwhile, and it is complete for
    one who reads it late."""
    with callers(service, request_bytes("GET /openapi.json"), receive_bytes=4_096) as connections:
        assert_answers(service)
        with connections[-1].makefile("rb") as answer:
            while (line := answer.readline()) not in {b"\r\n", b""}:
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            assert json.loads(answer.read(length))["openapi"] == "3.0.3"


@pytest.mark.parametrize(
    ("sent", "body_bytes"), [(SLOW["half of a large body"], 9_000_000)], ids=["a large body"]
)
def test_a_refusal_is_not_held_back(service: RunningService, sent: bytes, body_bytes: int) -> None:
    """The refusal comes before the body, which is discarded when it comes nevertheless; then the
    connection ends."""
    with callers(service, sent, 1) as [connection]:
        answer = connection.recv(65_536)
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert b"Connection: close" in answer
        connection.sendall(bytes(body_bytes))
        while piece := connection.recv(65_536):
            answer += piece
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "unauthorized"


@pytest.mark.slow
def test_what_is_too_slow_is_refused(service: RunningService) -> None:
    """Half a request is refused after its time, with a sentence, and its connection ends."""
    for name in ("half a head", "half a body"):
        with callers(service, SLOW[name], 1) as [connection]:
            assert _refusal(connection) == (408, "bad_request", True), name


def test_a_head_that_is_too_large_is_refused(service: RunningService) -> None:
    """A head without an end is refused as soon as it has more bytes than any head may have."""
    with callers(service, b"GET /healthz HTTP/1.1\r\n", 1) as [connection]:
        connection.sendall(b"X-Long: a\r\n" * 6_000)
        assert _refusal(connection) == (431, "bad_request", False)


def _refusal(connection: socket.socket) -> tuple[int, str, bool]:
    """The status, which its body repeats, the code, and whether to try again."""
    answer = b""
    while piece := connection.recv(65_536):
        answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Type: application/problem+json" in head, answer
    problem = json.loads(body)
    assert problem["status"] == int(head.split()[1])
    return problem["status"], problem["code"], problem["retryable"]


def test_a_request_in_pieces(service: RunningService) -> None:
    """A request that arrives a byte at a time, and two at once, are answered each."""
    whole = request_bytes(
        "POST /v1/actions/classify?sample=1",
        f"X-API-Key: {service.key}\r\nTransfer-Encoding: chunked\r\n"
        "Content-Type: application/json\r\n",
        b"2\r\n{}\r\n0\r\n\r\n",
    )
    with callers(service, b"", 1) as [connection]:
        for byte in whole:
            connection.sendall(bytes([byte]))
        connection.sendall(request_bytes("GET /healthz") * 2 + b"GET /healthz HTTP/1.1\r\n")
        connection.sendall(b"Host: here\r\nConnection: close\r\n\r\n")
        answer = b""
        while piece := connection.recv(65_536):
            answer += piece
    assert answer.count(b"HTTP/1.1 200 ") == 4


@pytest.fixture
def gated(tmp_path: Path) -> Iterator[tuple[RunningService, Gate]]:
    gate = Gate()
    with FakeUpstream([gate] * 8) as upstream:
        environment = hosted_environment(upstream, FORMCALL_MAX_IN_FLIGHT="2")
        with serving(tmp_path / "gated", **environment) as running:
            try:
                yield running, gate
            finally:
                gate.open()


def test_callers_who_wait_for_a_run(gated: tuple[RunningService, Gate]) -> None:
    """So many may wait for ends of runs, one key half of them; the others are answered at once,
    reads and decisions always. Who left is noticed, and its place is free again."""
    service, gate = gated
    run_id = run_action(service, wait_seconds=0.1).json()["id"]
    keys = [service.key, new_key(service), new_key(service)]
    path = f"GET /v1/runs/{run_id}?wait_seconds=100"
    with ExitStack() as stack:
        waiting = [
            connection
            for key in keys
            for connection in stack.enter_context(
                callers(service, request_bytes(path, f"X-API-Key: {key}\r\n"), 50)
            )
        ]
        at_once = len(waiting) - MAX_WAITING_CALLERS
        wait_until(lambda: sum(map(_has_answer, waiting)) == at_once)
        found = requests.get(
            f"{service.address}/v1/runs/{run_id}?wait_seconds=100",
            headers={"X-API-Key": keys[0]},
            timeout=_SECONDS,
        )
        assert (found.json()["status"], found.headers["Retry-After"]) == ("running", "2")
        assert requests.get(f"{service.address}/healthz", timeout=_SECONDS).ok
        assert sum(map(_has_answer, waiting)) == at_once
    ends: list[str] = []
    wait = partial(get_run, service, run_id, 100)
    thread = wait_until(partial(_waiting_thread, lambda: ends.append(wait()["status"])))
    gate.open()
    thread.join(_SECONDS)
    assert ends[-1] == "done"


def _waiting_thread(wait: Callable[[], object]) -> threading.Thread | None:
    """A thread in which ``wait`` waits; None when it was answered at once."""
    thread = threading.Thread(target=wait, daemon=True)
    thread.start()
    thread.join(1.0)
    return thread if thread.is_alive() else None


def _has_answer(connection: socket.socket) -> bool:
    poll = select.poll()
    poll.register(connection, select.POLLIN)
    return bool(poll.poll(0))

"""When a request has arrived so far that a thread may begin with it."""

from __future__ import annotations

import pytest

from connector.web.partial_request import (
    MAX_GATHERED_BODY_BYTES,
    MAX_HEAD_BYTES,
    HeadTooLarge,
    PartialRequest,
)

POST = b"POST /v1/actions/classify HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
COMPLETE: dict[str, bytes] = {
    "no body": b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n",
    "after an empty line": b"\r\nGET / HTTP/1.1\r\n\r\n",
    "a body": POST + b"content-LENGTH:  2 \r\n\r\n{}",
    "an empty body": POST + b"Content-Length: 0\r\n\r\n",
    "chunks": CHUNKED + b"2\r\n{}\r\n0\r\n\r\n",
    "chunks with a trailer": CHUNKED + b"2\r\n{}\r\n0\r\nA: b\r\n\r\n",
    "a bare line feed, which is refused": b"GET / HTTP/1.1\n",
}


def arrived(*pieces: bytes) -> PartialRequest:
    request = PartialRequest()
    for piece in pieces:
        request.add(piece)
    return request


@pytest.mark.parametrize("data", COMPLETE.values(), ids=COMPLETE)
def test_complete_requests(data: bytes) -> None:
    """A request is complete with its last byte and not before, in whatever pieces it arrives."""
    assert arrived(data).is_complete()
    assert not arrived(data).body_follows
    request = PartialRequest()
    for byte in data[:-1]:
        request.add(bytes([byte]))
        assert not request.is_complete(), bytes(request.data)
    request.add(data[-1:])
    assert request.is_complete()
    assert bytes(request.data) == data


FOLLOWS: dict[str, bytes] = {
    "a large body": POST + b"Content-Length: %d\r\n\r\n" % (MAX_GATHERED_BODY_BYTES + 1),
    "a very long length": POST + b"Content-Length: " + b"9" * 5_000 + b"\r\n\r\n",
    "no number": POST + b"Content-Length: +5\r\n\r\n",
    "a body that is asked for": POST + b"Expect: 100-continue\r\nContent-Length: 9\r\n\r\n",
    "many chunks": CHUNKED + b"ffffff\r\n" + b"a" * MAX_GATHERED_BODY_BYTES,
}


@pytest.mark.parametrize("data", FOLLOWS.values(), ids=FOLLOWS)
def test_bodies_for_the_application(data: bytes) -> None:
    """A body that is large, or whose length cannot be known, is read by the application."""
    request = arrived(data)
    assert (request.is_complete(), request.body_follows) == (True, True)


@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"])
def test_large_heads(end: bytes) -> None:
    with pytest.raises(HeadTooLarge):
        arrived(POST, b"X: " + b"a" * MAX_HEAD_BYTES + end)


BRIEF: list[tuple[str, bool]] = [
    ("GET /healthz", True),
    ("GET /v1/runs/run_1?wait_seconds=100", True),
    ("DELETE /v1/hooks/hook_1", True),
    ("POST /v1/runs/run_1/approve", True),
    ("POST /v1/actions/classify", False),
    ("POST /v1/hooks/fch_1", False),
    ("POST /mcp", False),
    ("PUT /v1/runs/run_1", False),
    ("GET /v1/batches/b_1/results.csv", False),
    ("GET /v1/%62atches/b_1/results.csv", False),
    ("GET //v1/batches/b_1/results.csv", False),
    ("GET http://x/v1/batches/b_1/results.csv", False),
    ("nonsense", False),
]


@pytest.mark.parametrize("start", ["", "\r\n"])
@pytest.mark.parametrize(("first", "is_brief"), BRIEF)
def test_brief_requests(first: str, is_brief: bool, start: str) -> None:
    """Reads and decisions have threads of their own; a path in disguise is none of them."""
    request = arrived(f"{start}{first} HTTP/1.1\r\n\r\n".encode())
    assert request.is_brief is is_brief

"""Heads of answers, as the standard library reads them and as servers get them wrong."""

from __future__ import annotations

import http.client
import io
from typing import Any

import pytest

from connector.providers.hosted.answer_head import AnswerWithHead

JSON = "Content-Type: application/json"


class Received:
    """What ``HTTPResponse`` asks of a socket."""

    def __init__(self, head: str, body: bytes = b"") -> None:
        self._content = head.replace("\n", "\r\n").encode("latin-1") + body

    def makefile(self, mode: str) -> io.BytesIO:
        return io.BytesIO(self._content)


def read(head: str, body: bytes = b"") -> Any:
    response = AnswerWithHead(Received(head, body))  # type: ignore[arg-type]
    response.begin()
    return response


HEADS = [
    f"HTTP/1.1 200 OK\n{JSON}\nContent-Length: 2\n\n",
    f"HTTP/1.1 200 OK\n{JSON}\nContent-Length: 2\nConnection: close\n\n",
    "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n",
    "HTTP/1.1 200 OK\nTransfer-Encoding: Chunked\nContent-Length: 9\n\n",
    "HTTP/1.1 200\nContent-Length: 2\n\n",
    "HTTP/1.1 204 No Content\n\n",
    "HTTP/1.1 304 Not Modified\nContent-Length: 5\n\n",
    "HTTP/1.1 200 OK\n\n",
    "HTTP/1.0 200 OK\nContent-Length: 2\n\n",
    "HTTP/1.0 200 OK\nContent-Length: 2\nConnection: keep-alive\n\n",
    "HTTP/1.1 200 OK\nContent-Length: -2\n\n",
    "HTTP/1.1 200 OK\nContent-Length: two\n\n",
    "HTTP/1.1 100 Continue\nX-A: 1\n\nHTTP/1.1 401 Unauthorized\nContent-Length: 2\n\n",
]


@pytest.mark.parametrize("head", HEADS)
def test_read_as_by_the_standard_library(head: str) -> None:
    """Whether a body follows, how long it is and whether the connection is kept: all as there."""
    body = b"2\r\nok\r\n0\r\n\r\n" if "hunked" in head else b"ok"
    theirs: Any = http.client.HTTPResponse(Received(head, body))  # type: ignore[arg-type]
    theirs.begin()
    ours = read(head, body)
    for name in ("status", "reason", "version", "length", "chunked", "will_close"):
        assert getattr(ours, name) == getattr(theirs, name), name
    assert list(ours.getheaders()) == theirs.getheaders()
    assert ours.read() == theirs.read()


def test_fields_as_servers_write_them() -> None:
    """Names in any case, a value on two lines, a line that is none, and the first of two values."""
    response = read(
        "HTTP/1.1 200 OK\nCONTENT-LENGTH:2\nX-Note: one\n  two\nno field\nX-Note: three\n"
        "X-Name: caf\xe9\n\n"
    )
    assert response.length == 2
    assert list(response.getheaders()) == [
        ("CONTENT-LENGTH", "2"),
        ("X-Note", "one two"),
        ("X-Note", "three"),
        ("X-Name", "caf\xe9"),
    ]
    assert response.headers.get("x-note") == "one two"


def test_interim_answers_are_skipped() -> None:
    """Any number of them; 101 would be an answer, since what follows it is another protocol."""
    hints = "HTTP/1.1 103 Early Hints\nLink: </a>\n\n"
    assert read(f"{hints}{hints}HTTP/1.1 200 OK\nContent-Length: 2\n\n", b"ok").status == 200
    assert read("HTTP/1.1 101 Switching Protocols\n\n").status == 101


@pytest.mark.parametrize(
    "head",
    [
        "",
        "SSH-2.0-OpenSSH\n\n",
        "HTTP/2 200\n\n",
        "HTTP/1.1 20 OK\n\n",
        "HTTP/1.1 200 OK\n" + "X-A: 1\n" * 101 + "\n",
        f"HTTP/1.1 200 OK\nX-A: {'a' * 70_000}\n\n",
    ],
)
def test_what_is_no_head(head: str) -> None:
    """Refused by an error of the library, which the transport expects."""
    with pytest.raises(http.client.HTTPException):
        read(head)

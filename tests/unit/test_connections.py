"""Connections to a provider: reuse, reading of answers, and limits."""

from __future__ import annotations

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx2
import pytest
from cryptography import x509

from connector.deadline_socket import connect
from connector.providers.hosted import connections
from connector.providers.hosted.connections import DeadlineTransport, limits
from tests.support.certificates import certificate
from tests.support.guards import hang_guard

Talk = Callable[[Any], None]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Server:
    """Listens, and does with each connection what the next of its talks says; the last one is
    repeated."""

    def __init__(self, *talks: Talk, tls: ssl.SSLContext | None = None) -> None:
        self._talks = list(talks)
        self._tls = tls
        self._open: list[Any] = []
        self.heard: list[bytes] = []
        self.count = 0
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._socket.getsockname()[1]}/v1/responses?a=b"
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                stream, _ = self._socket.accept()
                talk = self._talks[min(self.count, len(self._talks) - 1)]
                self.count += 1
                thread = threading.Thread(target=self._serve, args=(stream, talk), daemon=True)
                thread.start()
                self._open.append(thread)

    def _serve(self, stream: Any, talk: Talk) -> None:
        with suppress(OSError):
            stream = self._tls.wrap_socket(stream, server_side=True) if self._tls else stream
            with stream:
                talk(stream)

    def hear(self, stream: Any) -> bytes:
        """One request, whole; b"" when the other side has left."""
        data = b""
        while b"\r\n\r\n" not in data:
            if not (piece := stream.recv(65_536)):
                return b""
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0] or 0)
        while len(body) < length:
            body += stream.recv(65_536)
        self.heard.append(head + b"\r\n\r\n" + body)
        return self.heard[-1]

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for thread in self._open:
            thread.join(5)


@pytest.fixture
def serve() -> Iterator[Callable[..., Server]]:
    """Makes servers; a talk may also be the bytes that are sent back to each request."""
    made: list[Server] = []

    def one(*answers: Any, **how: Any) -> Server:
        def talking(answer: Any) -> Talk:
            def talk(stream: Any) -> None:
                while made[-1].hear(stream):
                    stream.sendall(answer)

            return talk

        made.append(
            Server(*(answer if callable(answer) else talking(answer) for answer in answers), **how)
        )
        return made[-1]

    yield one
    for server in made:
        server.close()


@pytest.fixture
def wire() -> Iterator[DeadlineTransport]:
    limits.deadline, limits.bytes_left, limits.too_large, limits.cancelled = (
        time.monotonic() + 5,
        1_000_000,
        False,
        None,
    )
    made = DeadlineTransport()
    yield made
    made.close()
    limits.deadline = float("inf")


def ask(wire: DeadlineTransport, url: str, content: Any = b"{}", **headers: str) -> httpx2.Response:
    response = wire.handle_request(httpx2.Request("POST", url, content=content, headers=headers))
    response.read()
    return response


def test_connection_is_used_again(serve: Callable[..., Server], wire: DeadlineTransport) -> None:
    """One call after the other goes over one connection, and each is what was to be sent."""
    server = serve(OK)
    for _ in range(3):
        assert ask(wire, server.url, b"body", Authorization="Bearer k").content == b"ok"
    assert server.count == 1 and len(set(server.heard)) == 1
    head, _, body = server.heard[0].partition(b"\r\n\r\n")
    assert (
        head.startswith(b"POST /v1/responses?a=b HTTP/1.1\r\n")
        and b"Authorization: Bearer k" in head
        and body == b"body"
    )


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
)
def test_connection_that_may_not_be_used_again(
    answer: bytes, serve: Callable[..., Server], wire: DeadlineTransport
) -> None:
    """Who says that it closes the connection is asked over another one."""
    server = serve(answer)
    for _ in range(3):
        assert ask(wire, server.url).content == b"ok"
        time.sleep(0.02)
    assert server.count == 3


@pytest.mark.parametrize("pause", [0.0, 0.02])
def test_more_than_was_asked(
    pause: float, serve: Callable[..., Server], wire: DeadlineTransport
) -> None:
    """What a server says without having been asked is nobody's answer."""

    def talk(stream: Any) -> None:
        while server.hear(stream):
            stream.sendall(OK)
            time.sleep(pause)
            stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nbad")

    server = serve(talk)
    for _ in range(3):
        assert ask(wire, server.url).content == b"ok"
        time.sleep(0.05)


def test_connection_that_was_closed_while_idle(
    serve: Callable[..., Server], wire: DeadlineTransport
) -> None:
    """A server may close an idle connection at any time without a word; the next call does not
    notice."""

    def once(stream: Any) -> None:
        server.hear(stream)
        stream.sendall(OK)

    server = serve(once)
    for _ in range(3):
        assert ask(wire, server.url).content == b"ok"
        time.sleep(0.05)
    assert server.count == 3


def test_old_connections_are_closed(
    serve: Callable[..., Server], wire: DeadlineTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was idle for long is not used any more, and what more calls left behind than are needed
    is closed."""
    server = serve(OK)
    monkeypatch.setattr(connections, "_MAX_IDLE", 1)
    first = wire.handle_request(httpx2.Request("POST", server.url, content=b"1"))
    ask(wire, server.url)
    first.read()
    assert (server.count, len(wire._pool._idle)) == (2, 1)
    monkeypatch.setattr(connections, "_IDLE_SECONDS", 0.0)
    ask(wire, server.url)
    assert server.count == 3


def test_answer_in_chunks(serve: Callable[..., Server], wire: DeadlineTransport) -> None:
    """A body may come in pieces, with words behind it; the connection is used again after it."""
    chunks = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: "
        b"chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nX: y\r\n\r\n"
    )
    server = serve(chunks)
    for _ in range(2):
        assert ask(wire, server.url).content == b"abc0123456789"
    assert server.count == 1


def test_answer_until_the_end(serve: Callable[..., Server], wire: DeadlineTransport) -> None:
    """A body whose length nobody says ends with its connection."""

    def talk(stream: Any) -> None:
        server.hear(stream)
        stream.sendall(b"HTTP/1.1 200 OK\r\n\r\nall of it")

    server = serve(talk)
    assert ask(wire, server.url).content == b"all of it"


def test_interim_answers_are_passed_over(
    serve: Callable[..., Server], wire: DeadlineTransport
) -> None:
    """What a server says before its answer is not the answer."""
    server = serve(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + OK
    )
    assert [ask(wire, server.url).content for _ in range(2)] == [b"ok", b"ok"]


def test_head_beyond_ascii(serve: Callable[..., Server], wire: DeadlineTransport) -> None:
    """A server's name in its own language breaks nothing."""
    server = serve(
        "HTTP/1.1 200 Übung\r\nServer: Köln\r\nContent-Length: 2\r\n\r\nok".encode("latin-1")
    )
    assert ask(wire, server.url).headers["server"] == "Köln"


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 70_000 + b"\r\n\r\n",
    ],
)
def test_answer_that_is_broken_off(
    answer: bytes, serve: Callable[..., Server], wire: DeadlineTransport
) -> None:
    """Half an answer, or what is none, is an error and takes no room; its connection is not used
    again."""

    def talk(stream: Any) -> None:
        server.hear(stream)
        stream.sendall(answer)

    server = serve(talk)
    for _ in range(2):
        with pytest.raises(httpx2.RemoteProtocolError):
            ask(wire, server.url)
    assert server.count == 2 and not wire._pool._idle


def test_answer_before_the_whole_was_heard(
    serve: Callable[..., Server], wire: DeadlineTransport
) -> None:
    """A server that will not hear all of a large request has said why."""

    def talk(stream: Any) -> None:
        stream.recv(100)
        stream.sendall(
            b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig"
        )
        stream.shutdown(socket.SHUT_WR)
        while stream.recv(1_000_000):
            pass

    assert ask(wire, serve(talk).url, b"x" * 5_000_000).status_code == 413


def test_large_request_arrives_whole(serve: Callable[..., Server], wire: DeadlineTransport) -> None:
    """A request that does not fit into the system's own room is sent as fast as it is taken."""
    server = serve(OK)
    body = bytes(range(256)) * 20_000
    assert ask(wire, server.url, body).content == b"ok"
    assert server.heard[0].endswith(body)


def test_answer_that_is_too_large(serve: Callable[..., Server], wire: DeadlineTransport) -> None:
    """What is read is counted, also of a head, and no more is read than is allowed."""
    limits.bytes_left = 1_000
    with pytest.raises(httpx2.ReadError, match="larger than allowed"):
        ask(wire, serve(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5_000).url)
    assert limits.too_large


def test_waiting_ends(serve: Callable[..., Server], wire: DeadlineTransport) -> None:
    """With the deadline, whether a server does not listen, does not answer or stops in the middle;
    and when nobody wants it any more."""

    released = threading.Event()

    def silent(stream: Any) -> None:
        server.hear(stream)
        released.wait(60)

    def deaf(stream: Any) -> None:
        released.wait(60)

    def slow(stream: Any) -> None:
        server.hear(stream)
        stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\nx")
        released.wait(60)

    server = serve(silent, deaf, slow, silent)
    for content in (b"1", b"x" * 20_000_000, b"1"):
        limits.deadline = time.monotonic() + 0.2
        with pytest.raises(httpx2.TimeoutException):
            ask(wire, server.url, content)
    limits.deadline, limits.cancelled = time.monotonic() + 5, threading.Event()
    threading.Timer(0.1, limits.cancelled.set).start()
    with pytest.raises(httpx2.ReadError, match="cancelled"):
        ask(wire, server.url)
    limits.cancelled = None
    released.set()


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\rb", "a\0b"])
def test_header_that_would_be_two(
    value: str, serve: Callable[..., Server], wire: DeadlineTransport
) -> None:
    """A key with a line in it never becomes a header of its own; nothing is sent."""
    server = serve(OK)
    with pytest.raises(httpx2.LocalProtocolError):
        ask(wire, server.url, Authorization=value)
    assert not server.heard


def test_address_of_another_kind(wire: DeadlineTransport) -> None:
    with pytest.raises(httpx2.UnsupportedProtocol):
        ask(wire, "ftp://127.0.0.1/")


def test_over_tls(
    serve: Callable[..., Server],
    wire: DeadlineTransport,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The same over TLS, with a certificate that somebody trusts and that is for this host."""
    _, signed, key = certificate(tmp_path, "authority")
    here, elsewhere = (
        x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
        x509.DNSName("other.example"),
    )
    good, _, _ = certificate(tmp_path, "good", here, by=(signed, key))
    trusted = ssl.create_default_context(cafile=str(tmp_path / "authority.pem"))
    monkeypatch.setattr(connections, "_trusted", lambda: trusted)
    server, body = serve(OK, tls=good), b"x" * 3_000_000
    for content in (b"1", body):
        assert ask(wire, server.url, content).content == b"ok"
    assert server.count == 1 and server.heard[1].endswith(body)
    large = serve(b"HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n" + b"y" * 500_000, tls=good)
    assert ask(wire, large.url).content == b"y" * 500_000
    wrong, _, _ = certificate(tmp_path, "wrong", elsewhere, by=(signed, key))
    alone, _, _ = certificate(tmp_path, "alone", here)
    for context in (wrong, alone):
        with pytest.raises(httpx2.ConnectError):
            ask(wire, serve(OK, tls=context).url)
    with pytest.raises(httpx2.ConnectError):
        ask(wire, serve(lambda stream: stream.sendall(OK)).url.replace("http:", "https:"))


def test_tls_handshake_ends_with_the_deadline(
    serve: Callable[..., Server], wire: DeadlineTransport
) -> None:
    """A server that accepts a connection and never answers its handshake was not reached."""
    # the server keeps the connection open until the client closes it
    server = serve(lambda stream: stream.recv(65_536) and stream.recv(1))
    limits.deadline = time.monotonic() + 0.2
    with hang_guard(), pytest.raises(httpx2.ConnectTimeout):
        ask(wire, server.url.replace("http:", "https:"))


def test_a_deadline_before_the_handshake(
    serve: Callable[..., Server], wire: DeadlineTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call whose time ends after it was connected, and before anything was sent, was not
    received: it may be sent again."""

    def at_the_end() -> None:
        limits.deadline = time.monotonic() - 1

    monkeypatch.setattr(connections, "_trusted", at_the_end)
    server = serve(lambda stream: stream.recv(1))
    with hang_guard(), pytest.raises(httpx2.ConnectTimeout):
        ask(wire, server.url.replace("http:", "https:"))


def test_socket_stays_bounded_whatever_a_library_sets(serve: Callable[..., Server]) -> None:
    """HTTP libraries set time-outs of their own, which must not make a read block for ever."""
    url = httpx2.URL(serve(lambda stream: stream.recv(1)).url)
    limits.deadline = time.monotonic() + 0.2
    with connect(socket.AF_INET, (url.host, url.port), limits, seconds=1) as connection:
        connection.settimeout(None)
        with hang_guard(), pytest.raises(httpx2.ReadTimeout):
            connection.recv_into(bytearray(1))
    limits.deadline = float("inf")

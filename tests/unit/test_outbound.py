"""Outbound calls: only to allowed addresses, within their limits, and without leftovers."""

from __future__ import annotations

import gzip
import ipaddress
import os
import re
import socket
import ssl
import threading
import time
import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from cryptography import x509
from hypothesis import given, settings
from hypothesis import strategies as st

from connector import __version__
from connector.deadline_socket import DeadlineSocket
from connector.errors import SettingsError
from connector.outbound import Outbound, OutboundError, Refused, is_public, parse_allowed
from connector.outbound.dns import MAX_CONCURRENT_LOOKUPS, system_resolver
from connector.outbound.targets import parse_url
from tests.support.certificates import Key, certificate
from tests.support.guards import hang_guard

PUBLIC = "93.184.216.34"
PUBLIC_6 = "2606:2800:220:1:248:1893:25c8:1946"
BOUND = 30.0  # seconds, far above any deadline in this file
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

NAMES = {
    "public.example": [PUBLIC, PUBLIC_6],
    "private.example": ["10.0.0.5"],
    "loop.example": ["127.0.0.1"],
    "six.example": ["::1"],
    "mixed.example": [PUBLIC, "127.0.0.1"],
    "mixed-first.example": ["127.0.0.1", PUBLIC],
    "mixed-six.example": [PUBLIC_6, "::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "zero.example": ["0.0.0.0"],
    "link.example": ["fe80::1%1"],
    "nat.example": ["64:ff9b::7f00:1"],
    "nobody.example": [],
    "metadata.google.internal": ["169.254.169.254"],
    "instance-data.ec2.internal": ["169.254.169.254", "fd00:ec2::254"],
    "xn--bcher-kva.example": ["127.0.0.1"],
    "hook.example": ["127.0.0.1"],
    "other.example": ["127.0.0.1"],
}


def names(host: str) -> list[str]:
    """A resolver that knows the names above, and this machine's own."""
    if host == "localhost":
        return system_resolver(host)
    if host == "later.example":
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    if host not in NAMES:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    return NAMES[host]


# --- servers --------------------------------------------------------------------------------------

Handle = Callable[[Any, bytes], None]


class Listener:
    """A server on a port of its own; ``heads`` are the requests that came, ``count`` the
    connections."""

    def __init__(
        self,
        handle: Handle,
        tls: ssl.SSLContext | None = None,
        hosts: tuple[str, ...] = ("127.0.0.1",),
    ) -> None:
        self.handle, self.tls = handle, tls
        self.heads: list[bytes] = []
        self.count = self.port = 0
        self.open = ExitStack()
        self.over = threading.Event()
        self.threads: list[threading.Thread] = []
        for host in hosts:
            server = socket.create_server(
                (host, self.port),
                family=socket.AF_INET6 if ":" in host else socket.AF_INET,
                backlog=128,
            )
            self.port = server.getsockname()[1]
            self.open.callback(server.close)
            server.settimeout(0.02)
            self.start(self.accept, server)

    def start(self, work: Callable[..., None], *given: Any) -> None:
        thread = threading.Thread(target=work, args=given)
        thread.start()
        self.threads.append(thread)

    def accept(self, server: socket.socket) -> None:
        while not self.over.is_set():
            with suppress(TimeoutError):
                connection, _ = server.accept()
                self.count += 1
                self.start(self.serve, connection)

    def serve(self, connection: socket.socket) -> None:
        connection.settimeout(BOUND)
        try:
            with (
                connection,
                self.tls.wrap_socket(connection, server_side=True)
                if self.tls
                else connection as stream,
            ):
                head = stream.recv(65_536)
                while (
                    head and b"\r\n\r\n" not in head and not head.startswith(b"\x16")
                ):  # which begins TLS
                    head += stream.recv(65_536)
                self.heads.append(head.partition(b"\r\n\r\n")[0])
                length = re.search(rb"Content-Length: (\d+)", head)
                rest = int(length[1] if length else 0) - len(head.partition(b"\r\n\r\n")[2])
                while rest > 0 and (piece := stream.recv(65_536)):
                    rest -= len(piece)
                self.handle(stream, head)
        except OSError:  # the other side may go at any time
            pass

    def close(self) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join(2 * BOUND)
        self.open.close()


@contextmanager
def listening(handle: Handle, **how: Any) -> Iterator[Listener]:
    listener = Listener(handle, **how)
    try:
        yield listener
    finally:
        listener.close()


def answering(data: bytes) -> Handle:
    return lambda stream, _: stream.sendall(data)


def redirecting(where: Callable[[bytes], str]) -> Handle:
    """Redirects each request to what ``where`` says of its head; "" is an answer."""

    def handle(stream: Any, head: bytes) -> None:
        place = where(head).encode()
        stream.sendall(
            b"HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n" % place
            if place
            else OK
        )

    return handle


@pytest.fixture(scope="module")
def canary() -> Iterator[Listener]:
    """A server inside, on both loopback addresses, that nobody is to reach."""
    with listening(answering(OK), hosts=("127.0.0.1", "::1")) as listener:
        yield listener


@pytest.fixture
def dialled(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every address that a connection is tried to; what is not on this machine is not tried."""
    tried: list[str] = []

    def connect(self: socket.socket, place: Any) -> None:
        tried.append(place[0])
        if not ipaddress.ip_address(place[0]).is_loopback:
            raise ConnectionRefusedError
        socket.socket.connect(self, place)

    monkeypatch.setattr(DeadlineSocket, "connect", connect)
    return tried


@pytest.fixture
def ok() -> Iterator[Listener]:
    with listening(answering(OK)) as listener:
        yield listener


def failing(outbound: Outbound, url: str, **how: Any) -> OutboundError:
    """The failure that a call ends in."""
    with pytest.raises(OutboundError) as failed:
        outbound.request("GET", url, **how)
    return failed.value


# --- what is not called ---------------------------------------------------------------------------

TARGETS = """
http://127.0.0.1:{port}/ http://localhost:{port}/ http://LOCALHOST:{port}/
http://127.0.0.2:{port}/
http://127.255.255.254:{port}/ http://2130706433:{port}/ http://0x7f000001:{port}/
http://0x7f.1:{port}/
http://0X7F.0.0.0x1:{port}/ http://0177.0.0.1:{port}/ http://017700000001:{port}/
http://127.1:{port}/
http://127.0.1:{port}/ http://00000177.1:{port}/ http://0.0.0.0:{port}/ http://0:{port}/
http://0x0:{port}/ http://[::1]:{port}/ http://[::]:{port}/ http://[0:0:0:0:0:0:0:1]:{port}/
http://[::ffff:127.0.0.1]:{port}/ http://[::FFFF:7F00:1]:{port}/ http://[::127.0.0.1]:{port}/
http://[64:ff9b::127.0.0.1]:{port}/
http://[64:ff9b:1::7f00:1]:{port}/ http://[2002:7f00:1::]:{port}/
http://[2001:0:7f00:1::]:{port}/ http://[fe80::1%251]:{port}/
http://[::1%25lo]:{port}/ http://[::1%lo]:{port}/ http://[fe80::1]:{port}/
http://[fec0::1]:{port}/
http://[fd00::1]:{port}/ http://[ff02::1]:{port}/ http://[::1:{port}/ http://[v1.x]:{port}/
http://[127.0.0.1]:{port}/ http://::1:{port}/ http://127.0.0.1.:{port}/
http://localhost.:{port}/
http://127。0。0。1:{port}/ http://１２７.0.0.1:{port}/ http://①②⑦.⓪.⓪.①:{port}/
http://ｌｏｃａｌｈｏｓｔ:{port}/
http://loc%61lhost:{port}/ http://127%2e0%2e0%2e1:{port}/ http://%6c%6f%63alhost:{port}/
http://bücher.example:{port}/
http://loop.example:{port}/ http://six.example:{port}/ http://mapped.example:{port}/
http://zero.example:{port}/
http://mixed.example:{port}/ http://mixed-first.example:{port}/ http://mixed-six.example:{port}/
http://nat.example:{port}/
http://link.example:{port}/ http://private.example:{port}/ http://nobody.example:{port}/
http://unknown.example:{port}/
https://mixed.example/ https://mixed-six.example/ https://private.example/
https://loop.example:8443/
http://user@127.0.0.1:{port}/       http://a:b@127.0.0.1:{port}/       http://public.example@127.0.0.1:{port}/
http://public.example:80@127.0.0.1:{port}/    http://127.0.0.1:{port}@public.example/    http://public.example%40127.0.0.1:{port}/
http://127.0.0.1:{port}#@public.example/      http://127.0.0.1:{port}\\@public.example/   http://public.example\\@127.0.0.1:{port}/
http:\\\\127.0.0.1:{port}\\ http:/127.0.0.1:{port}/ http:127.0.0.1:{port} //127.0.0.1:{port}/
http:///127.0.0.1:{port}/ 127.0.0.1:{port} http:// https://:{port}/
file:///etc/passwd gopher://127.0.0.1:{port}/_x ftp://127.0.0.1:{port}/ data:text/plain,x
dict://127.0.0.1:{port}/ ldap://127.0.0.1:{port}/ ws://127.0.0.1:{port}/
unix:/var/run/docker.sock
jar:http://127.0.0.1:{port}!/ view-source:http://127.0.0.1/ javascript:alert(1)
blob:http://127.0.0.1/
http://169.254.169.254/latest/ https://169.254.169.254/ http://2852039166/ http://0xa9fea9fe/
http://[::ffff:169.254.169.254]/ http://[fd00:ec2::254]/ http://[fd20:ce::254]/
http://metadata.google.internal/
http://instance-data.ec2.internal/ http://100.100.100.200/ http://168.63.129.16/
http://192.0.0.192/
http://169.254.170.2/v2/ http://10.0.0.1/ http://172.16.0.1/ http://172.31.255.255/
http://192.168.1.1/ http://100.64.0.1/ http://198.18.0.1/ http://192.88.99.1/
http://224.0.0.1/ http://240.0.0.1/ http://255.255.255.255/ http://192.0.2.1/
https://public.example:22/ https://public.example:25/ https://public.example:6379/
https://public.example:{port}/
https://public.example:0/ https://public.example:65536/ https://public.example:443443/
https://public.example:+443/
https://public.example:٤٤٣/ https://public.example:443:443/ https://public..example/
https://.public.example/
https://*.example/                  https://public_.example./          https://-/"""
SPACED = (
    " https://public.example/",
    "https://public.example/ x",
    "https://public.example/\r\nHost: x",
    "https://public\t.example/",
    "https://public.example/\x00",
    "https://public.example\u200b/",
    "https://public.example/\u2028",
    "https://public.example/\u00a0",
    "https://127.0.0.1\n.public.example/",
    "\x01https://public.example/",
    "https://public.example/\udcff",
    "",
    "https://public.example/" + "a" * 2_000,
    "https://" + "a" * 64 + ".example/",
    "https://" + "a." * 130 + "example/",
)


@pytest.mark.attack(
    "A callback, file or page with the address of an inside host, in any notation (SSRF)",
    "refused before any connection",
)
@pytest.mark.parametrize("public_http", [False, True])
def test_not_called(public_http: bool, canary: Listener, dialled: list[str]) -> None:
    """An address inside, in whatever form, or one that is not plainly an address, is refused and
    nothing is connected to."""
    outbound = Outbound(resolver=names, public_http=public_http)
    for target in [*TARGETS.split(), *SPACED]:
        url = target.replace("{port}", str(canary.port))
        with pytest.raises(Refused) as refused:
            outbound.check(url)
        with pytest.raises(Refused):
            outbound.request("POST", url, body=b"{}", seconds=2)
        with pytest.raises(Refused):
            outbound.request("GET", url, seconds=2, max_redirects=5)
        assert refused.value.code == "address_refused"
        assert (canary.count, dialled) == (0, []), target


def test_enough_targets() -> None:
    """The table above stays a long one."""
    assert len([*TARGETS.split(), *SPACED]) > 120


def test_sentences_tell_nothing_of_the_inside() -> None:
    """A name that is not known, one that leads inside, and one that leads to both are told with the
    same words."""
    told = set()
    for host in (
        "unknown.example",
        "nobody.example",
        "private.example",
        "mixed.example",
        "127.0.0.1",
        "[::1]",
        "metadata.google.internal",
    ):
        for scheme in ("http", "https"):
            for port in ("", ":22", ":8443"):
                with pytest.raises(Refused) as refused:
                    Outbound(resolver=names).check(f"{scheme}://{host}{port}/")
                told.add(refused.value.detail)
    assert len(told) == 1


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("http://public.example/", "https://"),
        ("https://public.example:5678/", "443"),
        ("https://u:p@public.example/", "password"),
        ("https://public.example/a b", "percent-encoded"),
        ("https://public.example/" + "a" * 2_000, "2,000"),
        ("ftp://public.example/", "https://"),
        ("https://pub%6cic.example/", "plain name"),
        ("https://private.example/", "FORMCALL_ALLOW_HOSTS"),
    ],
)
def test_refusals_say_what_to_do(url: str, word: str) -> None:
    """A refusal names the rule, and does not repeat what the caller wrote."""
    with pytest.raises(Refused, match=word) as refused:
        Outbound(resolver=names).check(url)
    assert (
        "public.example" not in refused.value.detail
        and "private.example" not in refused.value.detail
    )


@pytest.mark.parametrize(
    "url",
    [
        "https://public.example",
        "HTTPS://Public.Example/hook?token=a%2Fb#part",
        "https://public.example:8443/",
        f"https://{PUBLIC}/",
        f"https://[{PUBLIC_6}]/",
        "https://[::ffff:8.8.8.8]/",
        "https://public.example?x=1",
        "https://public.example/straße",
        "https://public.example#@127.0.0.1/",
        "https://public.example?@127.0.0.1/",
        "https://public.example/@127.0.0.1/",
    ],
)
def test_public_addresses_pass(url: str) -> None:
    """An https address of the public internet may be called."""
    Outbound(resolver=names).check(url)


def test_public_http() -> None:
    """Plain http to public hosts is for those who ask for it."""
    Outbound(resolver=names, public_http=True).check("http://public.example/")


# --- names that change, redirects, and the environment --------------------------------------------


@pytest.mark.attack(
    "A name that is public when it is checked and inside when it is called",
    "the address that was checked is the one that is called",
)
def test_rebinding(canary: Listener, dialled: list[str]) -> None:
    """A name is looked up once for a call, and what was checked is what is connected to, not what
    it leads to afterwards."""
    asked: list[str] = []

    def resolver(host: str) -> list[str]:
        asked.append(host)
        return [PUBLIC] if len(asked) == 1 else ["127.0.0.1"]

    failed = failing(
        Outbound(resolver=resolver, public_http=True), "http://rebind.example:8080/", seconds=2
    )
    assert (failed.kind, asked, dialled, canary.count) == (
        "unreachable",
        ["rebind.example"],
        [PUBLIC],
        0,
    )


def test_rebinding_inside(ok: Listener, dialled: list[str]) -> None:
    """The same for a call that succeeds: one look-up, one connection, and the name in the Host
    header."""
    answers = iter([["127.0.0.1"], ["127.0.0.2"]])
    url = f"http://rebind.example:{ok.port}/"
    assert (
        Outbound(["rebind.example"], resolver=lambda _: next(answers)).request("GET", url).body
        == b"ok"
    )
    assert dialled == ["127.0.0.1"] and f"Host: rebind.example:{ok.port}".encode() in ok.heads[0]


def test_checked_then_changed(canary: Listener) -> None:
    """A name that was right when it was subscribed is checked anew for the call."""
    answers = iter([[PUBLIC], ["127.0.0.1"]])
    outbound = Outbound(resolver=lambda _: next(answers))
    outbound.check("https://rebind.example/")
    with pytest.raises(Refused):
        outbound.request("POST", "https://rebind.example/", body=b"{}")
    assert canary.count == 0


@pytest.mark.attack(
    "A public page that redirects to an inside host",
    "each redirect is checked again",
)
@pytest.mark.parametrize(
    "where",
    [
        "http://127.0.0.1:{port}/",
        "http://hook.example:{port}/",
        "//[::1]:{port}/",
        "http://[/",
        "file:///etc/passwd",
        "http://a@x/",
    ],
)
def test_redirected_inside(where: str, canary: Listener) -> None:
    """A redirect is an answer; where it is followed, where it leads is checked as any address."""
    with listening(redirecting(lambda _: where.replace("{port}", str(canary.port)))) as listener:
        outbound, url = (
            Outbound([f"127.0.0.1:{listener.port}"], resolver=names),
            f"http://127.0.0.1:{listener.port}/",
        )
        assert outbound.request("GET", url).status == 302
        assert outbound.request("POST", url, body=b"{}", max_redirects=5).status == 302
        with pytest.raises(Refused):
            outbound.request("GET", url, max_redirects=5)
    assert canary.count == 0


def test_redirects_are_counted() -> None:
    """GET follows as many redirects as it may, relative ones too, and no more."""

    def where(head: bytes) -> str:
        left = int(head.split(b" ")[1].rpartition(b"/")[2])
        return f"{left - 1}" if left else ""

    with listening(redirecting(where)) as listener:
        outbound, url = Outbound(["127.0.0.1"]), f"http://127.0.0.1:{listener.port}/a/3"
        assert outbound.request("GET", url, max_redirects=3).body == b"ok"
        assert failing(outbound, url, max_redirects=2).kind == "broken"


def test_secrets_stay_with_their_host(ok: Listener) -> None:
    """What a caller's headers say goes on to the same host, and not to another; cookies go
    nowhere."""
    with listening(
        redirecting(lambda head: "/b" if b"/a" in head else f"http://127.0.0.1:{ok.port}/")
    ) as listener:
        Outbound(["127.0.0.1"]).request(
            "GET",
            f"http://127.0.0.1:{listener.port}/a",
            headers={"X-Token": "secret"},
            max_redirects=2,
        )
    assert [b"secret" in head for head in (*listener.heads, *ok.heads)] == [True, True, False]


def test_environment_is_not_asked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, ok: Listener, canary: Listener
) -> None:
    """Proxies, a .netrc file and cookies of an earlier answer play no part in a call."""
    netrc = tmp_path / "netrc"
    netrc.write_text(
        "machine 127.0.0.1 login me password secret\ndefault login me password secret\n",
        encoding="ascii",
    )
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        for variable in (name, name.upper()):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{canary.port}")
    monkeypatch.setenv("NO_PROXY", "")
    ok.handle = answering(OK.replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=b\r\n\r\n"))
    outbound = Outbound(["127.0.0.1"])
    for _ in range(2):
        assert outbound.request("POST", f"http://127.0.0.1:{ok.port}/", body=b"{}").status == 200
    assert canary.count == 0
    assert not any(
        word in head for head in ok.heads for word in (b"Authorization", b"Cookie", b"http://")
    )


def test_no_address_is_logged(caplog: pytest.LogCaptureFixture, ok: Listener) -> None:
    """Where a call went is not told to the log, even if the answer's head cannot be read."""
    ok.handle = answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nno header\r\nX: \r\n\r\nok")
    Outbound(["127.0.0.1"]).request("GET", f"http://127.0.0.1:{ok.port}/secret")
    assert [record for record in caplog.records if record.levelname != "DEBUG"] == []


# --- what the operator allows ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:{port}/"),
        ("127.0.0.1:{port}", "http://127.0.0.1:{port}/"),
        ("127.0.0.0/8", "http://127.1:{port}/"),
        ("127.0.0.0/8:{port}", "http://hook.example:{port}/"),
        ("10.0.0.0/8, 127.0.0.0/30", "http://[::ffff:127.0.0.1]:{port}/"),
        ("Hook.Example", "http://HOOK.example:{port}/"),
        ("hook.example:{port}", "http://hook.example:{port}/"),
        ("bücher.example", "http://xn--bcher-kva.example:{port}/"),
        ("::1", "http://[0::1]:{port}/"),
        ("[::1]:{port}", "http://six.example:{port}/"),
        ("[::/64]:{port}", "http://[::1]:{port}/"),
        ("::/64", "http://[::1]:{port}/"),
        ("0.0.0.0/0", "http://127.0.0.1:{port}/"),
        ("127.0.0.1, ::1", "http://localhost:{port}/"),
        ("127.0.0.1", "http://mixed-first.example:{port}/"),
    ],
)
def test_allowed_is_called(entry: str, url: str) -> None:
    """What the operator lists is called, by plain http and on the ports it says; the request says
    who calls."""
    with listening(answering(OK), hosts=("127.0.0.1", "::1")) as listener:
        listed, url = (text.replace("{port}", str(listener.port)) for text in (entry, url))
        if (
            "mixed" in url
        ):  # one address is allowed, the other public: but public ones are not called by http
            with pytest.raises(Refused, match="https://"):
                Outbound(parse_allowed(listed), resolver=names).request("POST", url)
            return
        answer = Outbound(parse_allowed(listed), resolver=names).request(
            "POST", url, headers={"X-A": "b"}, body=b'{"a": 1}'
        )
        assert (answer.status, answer.body, answer.headers["content-length"]) == (200, b"ok", "2")
        assert 0 < answer.seconds < BOUND
        head = listener.heads[0]
    assert (
        f"User-Agent: Formcall/{__version__}".encode() in head
        and b"X-A: b" in head
        and b"Content-Length: 8" in head
    )


@pytest.mark.parametrize(
    ("entry", "url"),
    [
        ("127.0.0.2", "http://127.0.0.1:{port}/"),
        ("127.0.0.1:1", "http://127.0.0.1:{port}/"),
        ("hook.example", "http://127.0.0.1:{port}/"),
        ("hook.example", "http://other.example:{port}/"),
        ("hook.example", "http://a.hook.example:{port}/"),
        ("10.0.0.0/8", "http://hook.example:{port}/"),
        ("127.0.0.0/8", "http://[::1]:{port}/"),
        ("::/0", "http://127.0.0.1:{port}/"),
    ],
)
def test_neighbours_of_allowed_are_not(entry: str, url: str, canary: Listener) -> None:
    """What is listed allows itself and nothing beside it."""
    with pytest.raises(Refused):
        Outbound(parse_allowed(entry), resolver=names).request(
            "GET", url.replace("{port}", str(canary.port))
        )
    assert canary.count == 0


def test_allowed_public_host_has_any_port() -> None:
    """A public host may be called on another port once the operator lists it."""
    Outbound(["public.example:5678"], resolver=names).check("https://public.example:5678/")
    with pytest.raises(Refused):
        Outbound(["public.example:5678"], resolver=names).check("https://public.example:5679/")


def test_list_is_read() -> None:
    """The list is what stands between its commas."""
    assert parse_allowed(" intranet.example,10.1.0.0/16 ,, 127.0.0.1:9000,") == (
        "intranet.example",
        "10.1.0.0/16",
        "127.0.0.1:9000",
    )
    assert parse_allowed("") == parse_allowed(" , ") == ()


@pytest.mark.parametrize(
    "text",
    [
        "*",
        "*.example",
        "10.1.0.1/16",
        "10.0.0.0/33",
        "host:0",
        "host:65536",
        "host:",
        "host:port",
        "http://host",
        "host/path",
        "a b",
        "10.0.0.0-10.0.0.9",
        "2130706433",
        "127.1",
        "0x7f.1",
        "[::1",
        "::1]",
        "[::1]:",
        "1.2.3.4.5",
        "a..b",
        "host.",
        "user@host",
        "fe80::1%eth0/64",
        "[host]",
    ],
)
def test_nonsense_is_not_listed(text: str) -> None:
    """An entry that could mean nothing, or something else, stops the start and names the
    setting."""
    with pytest.raises(SettingsError, match="FORMCALL_ALLOW_HOSTS"):
        parse_allowed(f"intranet.example, {text}")
    with pytest.raises(SettingsError):
        Outbound([text])


# --- certificates ---------------------------------------------------------------------------------


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[x509.Certificate, Key]:
    """An authority of the operator's own, which this process is told to trust."""
    _, signed, key = certificate(tmp_path, "authority")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    return signed, key


def test_tls_is_for_the_name(tmp_path: Path, authority: tuple[x509.Certificate, Key]) -> None:
    """Over TLS the name is asked for and held against the certificate, although the connection goes
    to a number."""
    context, _, _ = certificate(tmp_path, "hook", x509.DNSName("hook.example"), by=authority)
    asked: list[str | None] = []
    context.sni_callback = lambda _, name, __: asked.append(name)
    outbound = Outbound(["127.0.0.1"], resolver=names)
    with listening(answering(OK), tls=context) as listener:
        assert (
            outbound.request(
                "POST", f"https://hook.example:{listener.port}/", body=b"x" * 300_000
            ).body
            == b"ok"
        )
        for host, reason in (("other.example", "another name"), ("127.0.0.1", "another host")):
            failed = failing(outbound, f"https://{host}:{listener.port}/")
            assert failed.kind == "tls" and reason in failed.detail and host not in failed.detail
    assert asked == ["hook.example", "other.example", None] and len(listener.heads) == 1


@pytest.mark.parametrize(
    ("how", "word"),
    [
        ("self-signed", "self-signed"),
        ("unknown authority", "not trusted"),
        ("expired", "expired"),
        ("no TLS", "TLS"),
    ],
)
def test_tls_is_checked(
    how: str, word: str, tmp_path: Path, authority: tuple[x509.Certificate, Key]
) -> None:
    """A host that the operator allows still needs a certificate that holds; without one no request
    is sent."""
    _, other, key = certificate(tmp_path, "stranger")
    by = {"self-signed": None, "unknown authority": (other, key)}.get(how, authority)
    place = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    context, _, _ = certificate(
        tmp_path, "server", place, by=by, days=-1 if how == "expired" else 30
    )
    with listening(answering(OK), tls=None if how == "no TLS" else context) as listener:
        failed = failing(Outbound(["127.0.0.1"]), f"https://127.0.0.1:{listener.port}/")
    assert (failed.kind, word in failed.detail) == ("tls", True)
    assert not any(b"GET" in head for head in listener.heads)


# --- time and size --------------------------------------------------------------------------------


def dripping(first: bytes, drop: bytes) -> Handle:
    """Sends ``first`` and then ``drop`` again and again."""

    def handle(stream: Any, head: bytes) -> None:
        stream.sendall(first)
        for _ in range(300):  # six seconds, or until the client closes the connection
            stream.sendall(drop)
            time.sleep(0.02)

    return handle


def flooding(first: bytes, piece: bytes) -> Handle:
    """Sends ``first`` and then up to 100 MB of ``piece``."""

    def handle(stream: Any, head: bytes) -> None:
        stream.sendall(first)
        for _ in range(100_000_000 // len(piece)):
            stream.sendall(piece)

    return handle


HEAD = b"HTTP/1.1 200 OK\r\n"
SLOW = {
    "never answers": lambda stream, _: stream.recv(1),  # which ends when the client closes
    "drips its status": dripping(b"", b"H"),
    "drips a header": dripping(HEAD + b"X: ", b"x"),
    "drips headers": dripping(HEAD, b"X: y\r\n"),
    "drips early heads": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "drips a body": dripping(HEAD + b"Content-Length: 99999\r\n\r\n", b"x"),
    "drips an endless body": dripping(HEAD + b"\r\n", b"x"),
    "drips chunks": dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "drips a chunk's length": dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"0"),
    "drips gzip": dripping(
        HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"")[:10], b"\x00\x00\x00\xff\xff"
    ),
}
BROKEN = {
    "closes at once": answering(b""),
    "closes in its status": answering(b"HTTP/1.1 2"),
    "closes in its body": answering(HEAD + b"Content-Length: 99\r\n\r\nshort"),
    "closes in a chunk": answering(HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\nshort"),
    "is no web server": answering(b"220 mail.example ESMTP\r\n"),
    "has a broken gzip": answering(HEAD + b"Content-Encoding: gzip\r\n\r\nnot gzip at all"),
    "has a broken chunk": answering(HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n"),
    "has two lengths": answering(HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok"),
    "has too many headers": answering(HEAD + b"X: y\r\n" * 200 + b"\r\n"),
    "has an endless header": flooding(HEAD + b"X: ", b"x" * 65_536),
}
LARGE = {
    "has endless early heads": flooding(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1_000),
    "has a large body": flooding(HEAD + b"\r\n", b"x" * 65_536),
    "says it is large": flooding(HEAD + b"Content-Length: 100000000\r\n\r\n", b"x" * 65_536),
    "has small chunks": flooding(
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n" * 10_000
    ),
    "has gzip": answering(
        HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"\x00" * 50_000_000)
    ),
    "has gzip in gzip": answering(
        HEAD
        + b"Content-Encoding: gzip, gzip\r\n\r\n"
        + gzip.compress(gzip.compress(b"\x00" * 50_000_000))
    ),
    "has deflate": answering(
        HEAD + b"Content-Encoding: deflate\r\n\r\n" + zlib.compress(b"\x00" * 50_000_000)
    ),
}


@pytest.mark.parametrize(
    ("kind", "handle"),
    [
        pytest.param(kind, handle, id=name)
        for kind, group in (("timeout", SLOW), ("broken", BROKEN), ("too_large", LARGE))
        for name, handle in group.items()
    ],
)
def test_bad_servers(kind: str, handle: Handle) -> None:
    """Whatever a server does, a call ends in time, says what it was, and takes little memory."""
    tracemalloc.start()
    with listening(handle) as listener:
        with hang_guard():
            failed = failing(
                Outbound(["127.0.0.1"]),
                f"http://127.0.0.1:{listener.port}/",
                seconds=0.4 if kind == "timeout" else 30,
                require_complete=True,
            )
        _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert failed.kind == kind and failed.detail.endswith(".")
    assert peak < 5_000_000


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("drips headers", "timeout"),
        ("drips a body", "timeout"),
        ("has endless early heads", "too_large"),
    ],
)
def test_bad_servers_with_tls(
    name: str, kind: str, tmp_path: Path, authority: tuple[x509.Certificate, Key]
) -> None:
    """The limits hold over TLS too."""
    context, _, _ = certificate(tmp_path, "hook", x509.DNSName("hook.example"), by=authority)
    outbound = Outbound(["127.0.0.1"], resolver=names)
    with listening({**SLOW, **LARGE}[name], tls=context) as listener, hang_guard():
        seconds = 0.5 if kind == "timeout" else 30
        assert (
            failing(outbound, f"https://hook.example:{listener.port}/", seconds=seconds).kind
            == kind
        )


@pytest.mark.parametrize("name", [name for name in LARGE if "early" not in name])
def test_the_rest_is_left(name: str) -> None:
    """Of a large answer the first part is read, decompressed, and the rest is left."""
    with listening(LARGE[name]) as listener:
        answer = Outbound(["127.0.0.1"]).request(
            "POST", f"http://127.0.0.1:{listener.port}/", max_bytes=1_000
        )
    assert (answer.status, len(answer.body), len(set(answer.body))) == (200, 1_000, 1)


def test_no_body_is_waited_for() -> None:
    """Whoever wants the status alone has it as soon as it is there."""
    with listening(SLOW["drips a body"]) as listener:
        assert (
            Outbound(["127.0.0.1"])
            .request("POST", f"http://127.0.0.1:{listener.port}/", max_bytes=0)
            .body
            == b""
        )


@pytest.mark.parametrize(("extra", "whole"), [(0, True), (0, False), (1, False)])
def test_limit_is_exact(extra: int, whole: bool) -> None:
    """A body of exactly the limit is whole."""
    body = b"x" * (100 + extra)
    with listening(answering(HEAD + b"Content-Length: %d\r\n\r\n" % len(body) + body)) as listener:
        answer = Outbound(["127.0.0.1"]).request(
            "GET", f"http://127.0.0.1:{listener.port}/", max_bytes=100, require_complete=whole
        )
    assert answer.body == b"x" * 100


def test_a_request_that_is_not_read_ends() -> None:
    """A server that does not read a large request is not waited for longer than the call may
    last."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"
        assert (
            failing(Outbound(["127.0.0.1"]), url, body=b"x" * 50_000_000, seconds=0.4).kind
            == "timeout"
        )


def test_a_handshake_that_hangs_ends() -> None:
    """A server that takes connections and does not begin TLS is not waited for longer than the call
    may last."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        assert (
            failing(
                Outbound(["127.0.0.1"]),
                f"https://127.0.0.1:{server.getsockname()[1]}/",
                seconds=0.4,
            ).kind
            == "timeout"
        )


def test_nobody_listens(dialled: list[str]) -> None:
    """Each address of a name is tried in turn, and if none takes the connection the call says
    so."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    outbound = Outbound(
        ["hook.example"], resolver=lambda _: ["127.0.0.1", "127.0.0.3", "::1", "127.0.0.1"]
    )
    assert (failing(outbound, f"http://hook.example:{port}/").kind, dialled) == (
        "unreachable",
        ["127.0.0.1", "127.0.0.3", "::1"],
    )


def test_second_address_answers(ok: Listener, dialled: list[str]) -> None:
    """A host of which one address is down is reached at the other."""
    answer = Outbound(["hook.example"], resolver=lambda _: ["127.0.0.3", "127.0.0.1"]).request(
        "GET", f"http://hook.example:{ok.port}/"
    )
    assert (answer.status, dialled) == (200, ["127.0.0.3", "127.0.0.1"])


def test_slow_names() -> None:
    """A look-up that hangs is left behind in time, only so many hang at once, and their places come
    back."""
    hang, asked = threading.Event(), []

    def resolver(host: str) -> list[str]:
        asked.append(host)
        hang.wait(120)
        return [PUBLIC]

    outbound = Outbound(resolver=resolver)

    def kind(_: int) -> str:
        with pytest.raises(OutboundError) as failed:
            outbound.check("https://public.example/", seconds=0.5)
        return failed.value.kind

    with hang_guard(), ThreadPoolExecutor(16) as pool:
        kinds = set(pool.map(kind, range(MAX_CONCURRENT_LOOKUPS + 32)))
    assert kinds == {"timeout"}
    assert len(asked) == MAX_CONCURRENT_LOOKUPS
    hang.set()
    outbound.check("https://public.example/", seconds=BOUND)


def test_names_that_cannot_be_looked_up_now() -> None:
    """A resolver that fails for the moment is told apart from a name that is not known."""
    assert failing(Outbound(resolver=names), "https://later.example/").kind == "unreachable"


@pytest.mark.parametrize(
    "name", ["Host", "content-length", "Transfer-Encoding", "User-Agent", "Connection"]
)
def test_headers_that_are_ours(name: str, ok: Listener) -> None:
    """A header that says whom a request is for or where it ends cannot be given, nor one with a
    line break."""
    for headers in ({name: "x"}, {"X-A": "a\r\nHost: b"}, {"X-A": "ä"}):
        with pytest.raises(ValueError):
            Outbound(["127.0.0.1"]).request("GET", f"http://127.0.0.1:{ok.port}/", headers=headers)
    assert ok.count == 0


def test_nothing_is_left_behind(tmp_path: Path, authority: tuple[x509.Certificate, Key]) -> None:
    """After two hundred calls of all kinds there are as many sockets and threads as before."""
    context, _, _ = certificate(tmp_path, "hook", x509.DNSName("hook.example"), by=authority)
    outbound = Outbound(["127.0.0.1"], resolver=names)
    with ExitStack() as stack:
        plain, secure, early, endless = (
            stack.enter_context(listening(handle, tls=tls))
            for handle, tls in (
                (answering(OK), None),
                (answering(OK), context),
                (BROKEN["closes in its body"], None),
                (LARGE["has a large body"], None),
            )
        )
        urls = [
            f"http://127.0.0.1:{plain.port}/",
            f"http://hook.example:{plain.port}/",
            f"https://hook.example:{secure.port}/",
            f"https://other.example:{secure.port}/",
            f"http://127.0.0.1:{early.port}/",
            f"http://127.0.0.1:{endless.port}/",
            "http://private.example/",
            "http://127.0.0.1:1/",
        ]

        def call(number: int) -> None:
            with suppress(Refused, OutboundError):
                outbound.request("POST", urls[number % len(urls)], body=b"{}")

        def settled() -> tuple[int, int]:
            until = time.monotonic() + BOUND
            while (
                any(thread.name == "formcall-look-up" for thread in threading.enumerate())
                and time.monotonic() < until
            ):
                time.sleep(0.01)
            for listener in (plain, secure, early, endless):
                for thread in listener.threads[1:]:
                    thread.join(BOUND)
            return len(os.listdir("/proc/self/fd")), threading.active_count()

        for number in range(len(urls)):
            call(number)
        before = settled()
        for number in range(200):
            call(number)
        assert settled() == before
        assert plain.count == 2 + 50


# --- any address at all ---------------------------------------------------------------------------

INSIDE_4 = [
    ipaddress.IPv4Network(text)
    for text in """0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12
    192.0.0.0/24 192.0.2.0/24 192.88.99.0/24
    192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4
    168.63.129.16/32 100.100.100.200/32""".split()
]
INSIDE_6 = [
    ipaddress.IPv6Network(text)
    for text in """::/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:db8::/32 2002::/16
    3fff::/20 5f00::/16 fc00::/7 fe80::/10
    fec0::/10 ff00::/8 fd00:ec2::254/128 4000::/3 8000::/1""".split()
]


def within(networks: list[Any]) -> st.SearchStrategy[int]:
    """Numbers of addresses in any of ``networks``, their edges more often than not."""
    return st.sampled_from(networks).flatmap(
        lambda network: st.integers(int(network[0]), int(network[-1]))
    )


@st.composite
def written_4(draw: st.DrawFn) -> tuple[str, int]:
    """An address inside, and one of the many ways to write it: one to four parts, each decimal,
    octal or hexadecimal."""
    number, parts = draw(within(INSIDE_4)), draw(st.integers(1, 4))
    octets = [number >> 24, number >> 16 & 255, number >> 8 & 255, number & 255]
    values = [*octets[: parts - 1], number & (1 << 8 * (5 - parts)) - 1]
    ways = ("{:d}", "0{:o}", "00{:o}", "0x{:x}", "0X{:X}", "0x00{:x}")
    return ".".join(draw(st.sampled_from(ways)).format(value) for value in values), number


@st.composite
def written_6(draw: st.DrawFn) -> str:
    """An address inside, IPv6 or an IPv4 one carried by it, written short, long, in capitals or
    with four numbers at its end."""
    number = draw(within(INSIDE_6) | within(INSIDE_4).map(lambda four: 0xFFFF << 32 | four))
    address = ipaddress.IPv6Address(number)
    mixed = (
        ":".join(address.exploded.split(":")[:6]) + f":{ipaddress.IPv4Address(number & 0xFFFFFFFF)}"
    )
    return draw(st.sampled_from([str(address), address.exploded, str(address).upper(), mixed]))


LENIENT = Outbound(public_http=True, resolver=names)


@given(written_4())
@settings(max_examples=500, deadline=None)
def test_no_form_of_an_inside_number_passes(written: tuple[str, int]) -> None:
    """No way to write an IPv4 address that is not public, as the system reads it, is called."""
    text, number = written
    assert int.from_bytes(socket.inet_aton(text), "big") == number
    for url in (f"http://{text}/", f"https://{text}:8443"):
        with pytest.raises(Refused):
            LENIENT.check(url)


@pytest.mark.slow
@given(written_6())
@settings(max_examples=500, deadline=None)
def test_no_form_of_an_inside_ipv6_number_passes(text: str) -> None:
    """No way to write an IPv6 address that is not public is called, nor a name that leads to it,
    alone or among public ones."""
    assert not is_public(ipaddress.ip_address(text))
    with pytest.raises(Refused):
        LENIENT.check(f"http://[{text}]/")
    for addresses in ([text], [PUBLIC, text], [text, PUBLIC_6]):
        resolver = dict.fromkeys(["any.example"], addresses).__getitem__
        with pytest.raises(Refused):
            Outbound(resolver=resolver).check("https://any.example/")


@given(st.integers(0, 2**32 - 1).map(ipaddress.IPv4Address))
@settings(max_examples=500, deadline=None)
def test_public_numbers_pass(address: ipaddress.IPv4Address) -> None:
    """Every IPv4 address outside of the list of special ones is public, also as carried by IPv6."""
    public = not any(address in network for network in INSIDE_4)
    assert is_public(address) is public
    assert is_public(ipaddress.IPv6Address(f"::ffff:{address}")) is public


PARTS = st.sampled_from(
    [
        "http",
        "https",
        ":",
        "//",
        "/",
        "?",
        "#",
        "@",
        "[",
        "]",
        "%",
        "\\",
        ".",
        "127.0.0.1",
        "::1",
        "localhost",
        "public.example",
        "0x7f",
        "1",
        "80",
        "。",
        "ß",
        "xn--",
        "-",
        "_",
        "%2f",
        "..",
        " ",
        "\n",
        "ﷺ",
        "🦊",
    ]
)


@pytest.mark.slow
@given(
    st.text()
    | st.lists(PARTS, max_size=9).map("".join)
    | st.lists(PARTS, max_size=9).map(lambda parts: "https://" + "".join(parts))
)
@settings(max_examples=1_500, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    """Whatever stands where an address should is refused, or read as one; and requests reads the
    same in it."""
    try:
        target = parse_url(text)
    except Refused:
        return
    prepared = requests.Request("GET", target.origin + target.path).prepare()
    found = urlsplit(prepared.url or "")
    assert (found.hostname, found.port or (443 if target.tls else 80)) == (target.host, target.port)
    with suppress(Refused, OutboundError):
        LENIENT.check(text)

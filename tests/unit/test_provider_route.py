"""The way to a provider: its address, headers, a proxy, and the certificates that are trusted."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx2
import pytest
from cryptography import x509

from connector.errors import ProviderError, SettingsError
from connector.providers.base import Function, ModelRequest
from connector.providers.hosted.addresses import check_settings, own_headers, right_address
from connector.providers.hosted.client import OpenAIProvider
from connector.providers.hosted.connections import DeadlineTransport, limits
from connector.providers.hosted.route import Proxy, Route, route_of
from connector.providers.pricing.models import load_models
from connector.settings import Settings, read_settings
from tests.support.certificates import certificate

MODELS = load_models()
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.mark.parametrize(
    ("url", "right"),
    [
        ("https://api.openai.com", "https://api.openai.com/v1"),
        ("https://api.openai.com/", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/chat/completions", "https://api.openai.com/v1"),
        ("https://api.openai.com/v1/responses/", "https://api.openai.com/v1"),
        ("https://openrouter.ai", "https://openrouter.ai/api/v1"),
        ("https://openrouter.ai/api", "https://openrouter.ai/api/v1"),
        ("https://openrouter.ai/v1", "https://openrouter.ai/api/v1"),
        ("https://api.groq.com/v1", "https://api.groq.com/openai/v1"),
        ("http://localhost:11434", "http://localhost:11434/v1"),
        ("http://localhost:11434/api", "http://localhost:11434/v1"),
        ("http://127.0.0.1:1234/", "http://127.0.0.1:1234/v1"),
        ("http://vllm.internal:8000/v1/models", "http://vllm.internal:8000/v1"),
        ("https://r.openai.azure.com", "https://r.openai.azure.com/openai/v1"),
        (
            "https://r.openai.azure.com/openai/deployments/d/chat/completions?api-version=1",
            "https://r.openai.azure.com/openai/deployments/d?api-version=1",
        ),
        ("https://api.openai.com/v1", ""),
        ("https://openrouter.ai/api/v1/", ""),
        ("http://localhost:11434/v1", ""),
        ("http://gateway.example", ""),
        ("http://gateway.example/llm", ""),
        ("https://r.openai.azure.com/openai/v1", ""),
        ("https://r.openai.azure.com/openai/deployments/d?api-version=1", ""),
    ],
)
def test_address(url: str, right: str) -> None:
    """An address with the endpoint in it, or without the path of a known API, is refused at the
    start with the right one; any other is taken as it is."""
    assert right_address(url) == right
    if right:
        with pytest.raises(SettingsError) as caught:
            check_settings(Settings(openai_base_url=url))
        assert right in str(caught.value)
    else:
        check_settings(Settings(openai_base_url=url))


def test_a_password_in_the_address_is_not_shown() -> None:
    """The sentence about a wrong address has neither its user nor its password."""
    with pytest.raises(SettingsError) as caught:
        check_settings(Settings(openai_base_url="https://me:hush@api.openai.com/v1/responses"))
    assert "hush" not in str(caught.value)


def test_headers_reach_the_provider() -> None:
    """Organisation, project and headers of the operator are sent with each call, and the query of
    the address stays behind the path."""
    with recording_server() as (port, seen):
        settings = Settings(
            openai_base_url=f"http://127.0.0.1:{port}/v1?api-version=1",
            openai_api_key="sk-key",
            openai_org_id="org-1",
            openai_project_id="proj-1",
            openai_custom_headers="X-Title: Formcall\nx-portkey-provider: openai",
        )
        assert OpenAIProvider(settings, MODELS).probe("o4-mini") == {"id": "o4-mini"}
    ((path, headers),) = seen
    assert path == "/v1/models/o4-mini?api-version=1"
    own = own_headers(settings)
    assert {name: headers.get(name.lower()) for name in own} == own
    assert own == {
        "X-Title": "Formcall",
        "x-portkey-provider": "openai",
        "OpenAI-Organization": "org-1",
        "OpenAI-Project": "proj-1",
        "api-key": "sk-key",
    }


@contextmanager
def recording_server() -> Iterator[tuple[int, list[tuple[str, dict[str, str]]]]]:
    """(port, what each request had: path and headers by their names in lower case)."""
    seen: list[tuple[str, dict[str, str]]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
            body = b'{"id": "o4-mini"}'
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, seen
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    "lines", ["X-Title", "X Title: a", "X-A: b\x00", "Content-Type: text/plain", "host: a", ": b"]
)
def test_invalid_header(lines: str) -> None:
    """A line that is no header, or that would break the call, stops the start."""
    with pytest.raises(SettingsError, match="OPENAI_CUSTOM_HEADERS"):
        check_settings(Settings(openai_custom_headers=lines))


@pytest.mark.parametrize(
    "text", ["{", "[]", '"a"', '{"store": true}', '{"n": 2}', '{"thinking": {}, "model": "x"}']
)
def test_invalid_extra_body(text: str) -> None:
    """Fields that decide what is sent, kept or paid cannot be replaced."""
    with pytest.raises(SettingsError, match="FORMCALL_EXTRA_BODY"):
        check_settings(Settings(extra_body=text))


def test_extra_body_of_the_settings_and_of_a_row(tmp_path: Path) -> None:
    """Fields of the settings go into each call, and those of a model's row replace them."""
    file = tmp_path / "models.yaml"
    file.write_text("models: {v4: {extra_body: {thinking: {type: disabled}}}}", encoding="utf-8")
    settings = Settings(extra_body='{"thinking": "on", "provider": {"zdr": true}}')
    provider = OpenAIProvider(settings, load_models(file))
    function = Function("f", "", {"type": "object", "properties": {}, "required": []})
    sent = {
        model: provider.preview(ModelRequest(model, "low", "", "", (function,), "f")).body
        for model in ("v4", "o4-mini")
    }
    assert sent["v4"]["thinking"] == {"type": "disabled"}
    assert sent["o4-mini"]["thinking"] == "on"
    assert sent["v4"]["provider"] == sent["o4-mini"]["provider"] == {"zdr": True}


@pytest.mark.parametrize(
    ("no_proxy", "is_direct"),
    [
        ("", False),
        ("*", True),
        ("example.org", False),
        ("api.example", True),
        ("example", True),
        (".example", True),
        ("*.example", True),
        ("pi.example", False),
        ("a.b, api.example:443", True),
        ("api.example:8443", False),
        ("10.0.0.0/8", False),
    ],
)
def test_no_proxy(no_proxy: str, is_direct: bool) -> None:
    """NO_PROXY has hosts, domains, ports and networks."""
    settings = Settings(
        openai_base_url="https://api.example/v1",
        https_proxy="http://u%40:p@proxy.example:3128",
        no_proxy=no_proxy,
    )
    proxy = Proxy("proxy.example", 3128, "Basic dUA6cA==")
    assert route_of(settings).proxy == (None if is_direct else proxy)


def test_no_proxy_for_a_network() -> None:
    """An address in a network that NO_PROXY names is reached directly, and so is plain HTTP."""
    proxy = "proxy.example:3128"
    inside = Settings(
        openai_base_url="https://10.1.2.3/v1", no_proxy="10.0.0.0/8", https_proxy=proxy
    )
    assert route_of(inside).proxy is None
    plain = Settings(openai_base_url="http://a.example/v1", https_proxy=proxy)
    assert route_of(plain).proxy is None


@pytest.mark.parametrize("proxy", ["socks5://a:1", "https://a", "http://", "http://a:x"])
def test_invalid_proxy(proxy: str) -> None:
    """A proxy that cannot be used is refused, without its password."""
    settings = Settings(openai_base_url="https://a.example/v1", https_proxy=proxy)
    with pytest.raises(SettingsError, match="HTTPS_PROXY"):
        route_of(settings)


def test_proxy_is_read_in_lower_case_too(tmp_path: Path) -> None:
    """Other programs read https_proxy and no_proxy as well."""
    read = read_settings({"https_proxy": "http://p:1", "no_proxy": "a"}, env_file=tmp_path / "none")
    assert (read.https_proxy, read.no_proxy) == ("http://p:1", "a")


# --- over real sockets ---------------------------------------------------------------------------


class Tunnel:
    """An HTTP proxy on 127.0.0.1 that connects every CONNECT to ``port``, or answers ``reply``."""

    def __init__(self, port: int, reply: bytes = b"HTTP/1.1 200 Connected\r\n\r\n") -> None:
        self._port = port
        self._reply = reply
        self.heads: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.proxy = Proxy("127.0.0.1", self._socket.getsockname()[1], "Basic eDp5")
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        with suppress(OSError):
            while True:
                stream, _ = self._socket.accept()
                threading.Thread(target=self._serve, args=(stream,), daemon=True).start()

    def _serve(self, stream: socket.socket) -> None:
        with suppress(OSError), stream:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += stream.recv(1)
            self.heads.append(head)
            stream.sendall(self._reply)
            if b" 200 " not in self._reply:
                return
            with socket.create_connection(("127.0.0.1", self._port)) as target:
                back = threading.Thread(target=copy, args=(target, stream), daemon=True)
                back.start()
                copy(stream, target)
                back.join(30)

    def close(self) -> None:
        self._socket.close()


def copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)


@contextmanager
def tls_server(folder: Path) -> Iterator[tuple[int, str]]:
    """(port, file of the certificate) of a server for localhost that answers each request."""
    _, signed, key = certificate(folder, "authority")
    context, _, _ = certificate(folder, "server", x509.DNSName("localhost"), by=(signed, key))
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with suppress(OSError):
            while True:
                stream, _ = listener.accept()
                with suppress(OSError), context.wrap_socket(stream, server_side=True) as secured:
                    secured.recv(65_536)
                    secured.sendall(OK)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield listener.getsockname()[1], str(folder / "authority.pem")
    finally:
        listener.close()


def get(route: Route, port: int) -> httpx2.Response:
    limits.deadline = time.monotonic() + 30
    limits.bytes_left = 1_000_000
    transport = DeadlineTransport(route)
    try:
        response = transport.handle_request(
            httpx2.Request("GET", f"https://localhost:{port}/v1/models")
        )
        response.read()
        return response
    finally:
        transport.close()


def test_a_call_through_the_proxy(tmp_path: Path) -> None:
    """A call over https goes through the proxy, encrypted to the provider itself."""
    with tls_server(tmp_path) as (port, file):
        tunnel = Tunnel(port)
        response = get(Route(tunnel.proxy, file), port)
        tunnel.close()
    assert response.content == b"ok"
    (head,) = tunnel.heads
    assert head.startswith(b"CONNECT localhost:%d HTTP/1.1\r\n" % port)
    assert b"Proxy-Authorization: Basic eDp5" in head


def test_a_proxy_that_refuses(tmp_path: Path) -> None:
    """A proxy that wants a password is named in the error, with its status."""
    tunnel = Tunnel(1, b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n")
    with pytest.raises(httpx2.ProxyError, match="407"):
        get(Route(tunnel.proxy), 1)
    tunnel.close()
    again = Tunnel(1, b"HTTP/1.1 403 Forbidden\r\n\r\n")
    settings = Settings(
        openai_base_url="https://localhost:1/v1",
        openai_api_key="k",
        https_proxy=f"http://127.0.0.1:{again.proxy.port}",
    )
    with pytest.raises(ProviderError, match="HTTPS_PROXY"):
        OpenAIProvider(settings, MODELS).probe()
    again.close()


def test_a_silent_proxy_ends_with_the_deadline() -> None:
    """A proxy that does not answer is waited for until the call's deadline, and no longer."""
    listener = socket.create_server(("127.0.0.1", 0))
    limits.deadline = time.monotonic() + 0.2
    limits.bytes_left = 1_000
    route = Route(Proxy("127.0.0.1", listener.getsockname()[1]))
    with pytest.raises(httpx2.ReadTimeout):
        DeadlineTransport(route).handle_request(httpx2.Request("GET", "https://localhost:1/"))
    listener.close()


def test_certificates(tmp_path: Path) -> None:
    """A server's certificate counts when SSL_CERT_FILE has it; else the sentence says what to
    set."""
    with tls_server(tmp_path) as (port, file):
        assert get(Route(certificates=file), port).content == b"ok"
        settings = Settings(openai_base_url=f"https://localhost:{port}/v1", openai_api_key="k")
        with pytest.raises(ProviderError, match="SSL_CERT_FILE"):
            OpenAIProvider(settings, MODELS).probe()


def test_a_missing_file_of_certificates() -> None:
    """SSL_CERT_FILE must name a file."""
    with pytest.raises(SettingsError, match="SSL_CERT_FILE"):
        route_of(Settings(ssl_cert_file="/nowhere/ca.pem"))

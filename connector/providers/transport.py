"""The way to a hosted model: OpenAI's SDK over connections that keep our limits.

The SDK bounds each read, not the whole answer: a server that drips a byte a second is waited for without end, a huge body is
read to its end, and a redirect re-posts the prompt to another host. Here every read and write of a call is bounded by the
call's own deadline and byte budget, redirects are not followed, and the SDK's own retries are off (ours are in ``openai.py``).
"""

from __future__ import annotations

import functools
import itertools
import json
import select
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any

import httpcore2
import httpx2
import openai

MAX_RESPONSE_BYTES = 10_000_000
MAX_STREAM_BYTES = 40_000_000  # each few letters of an answer come in an event of their own
MAX_DOWNLOAD_BYTES = 2_000_000_000  # the answers to a file of 50,000 calls, with their reasoning
SHARDS = 8  # one pool's bookkeeping grows with its connections; several small pools stay fast with hundreds in flight
_TIMES = {"connect": 5.0}  # seconds
_SMALL_WRITE, _PIECE = 65_536, 262_144
_GLANCE = 0.25  # seconds between two looks at whether somebody still wants the answer
_EVENTS = "text/event-stream"
# what the SDK tells of this machine with each call; nobody needs it, and each header costs time
_TELLTALES = (
    "X-Stainless-Lang",
    "X-Stainless-Package-Version",
    "X-Stainless-OS",
    "X-Stainless-Arch",
    "X-Stainless-Runtime",
    "X-Stainless-Runtime-Version",
    "X-Stainless-Async",
)


class _Limits(threading.local):
    """The limits of the call that this thread is making."""

    deadline: float = float("inf")
    bytes_left: int = MAX_RESPONSE_BYTES
    too_large: bool = False
    left: threading.Event | None = None  # set when nobody wants the answer any more


_limits = _Limits()


def _remaining(timeout: float | None) -> float:
    left = _limits.deadline - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the call's deadline has passed")
    return left if timeout is None else min(timeout, left)


class _GuardedStream(httpcore2.NetworkStream):
    """A connection whose reads and writes keep the call's limits.

    Small writes wait for the read that follows them, so that a request's head and body leave together: one system call and one
    packet less for each call.
    """

    def __init__(self, inner: httpcore2.NetworkStream) -> None:
        self._inner = inner
        self._waiting: list[bytes] = []
        self._held = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        self._flush(timeout)
        data = self._read(max_bytes, timeout)
        _limits.bytes_left -= len(data)
        if _limits.bytes_left < 0:
            _limits.too_large = True
            raise httpcore2.ReadError("the answer is larger than allowed")
        return data

    def _read(self, most: int, timeout: float | None) -> bytes:
        """A read takes its room before it begins, so it begins once there is something: a thousand that wait need not keep 64 kB each."""
        while not (_limits.left and _limits.left.is_set()):
            left = _remaining(timeout)
            glance = min(left, _GLANCE) if _limits.left else left
            if self._is_readable(glance):
                return self._inner.read(most, _remaining(timeout))
            if glance == left:
                raise httpcore2.ReadTimeout("the call's deadline has passed")
        raise httpcore2.ReadError("nobody wants the answer any more")

    def _is_readable(self, seconds: float) -> bool:
        sock = self._inner.get_extra_info("socket")
        if sock.fileno() < 0 or (isinstance(sock, ssl.SSLSocket) and sock.pending()):
            return True
        poll = select.poll()
        poll.register(sock, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._waiting.append(buffer)
        self._held += len(buffer)
        if self._held > _SMALL_WRITE:
            self._flush(timeout)

    def _flush(self, timeout: float | None) -> None:
        if self._waiting:
            data, self._waiting, self._held = b"".join(self._waiting), [], 0
            # piece by piece: within one write the time begins anew with each system call
            for start in range(0, len(data), _PIECE):
                self._inner.write(data[start : start + _PIECE], _remaining(timeout))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _GuardedStream(self._inner.start_tls(ssl_context, server_hostname, _remaining(timeout)))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


class _GuardedBackend(httpcore2.NetworkBackend):
    def __init__(self) -> None:
        self._inner = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        return _GuardedStream(self._inner.connect_tcp(host, port, _remaining(timeout), local_address, socket_options))


@functools.cache
def _trusted() -> ssl.SSLContext:
    """The certificates this machine trusts, read once: for each of our pools anew it would be most of the time of the first call."""
    return httpx2.create_ssl_context()


class _GuardedTransport(httpx2.HTTPTransport):
    """httpx2's own transport over a pool with our backend; the pool is the one part that it does not let one pass in."""

    def __init__(self) -> None:
        super().__init__(verify=_trusted())
        self._pool.close()
        self._pool = httpcore2.ConnectionPool(
            ssl_context=_trusted(),
            max_connections=None,
            max_keepalive_connections=8,  # idle ones: each call looks at all of them, so a burst must not leave hundreds
            keepalive_expiry=30.0,
            network_backend=_GuardedBackend(),
        )

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        response = super().handle_request(request)
        if response.headers.get("content-encoding", "identity") != "identity":
            # a compressed body could grow past any limit after it was counted; we asked for a plain one
            response.close()
            _limits.too_large = True
            raise httpx2.ReadError("the answer is compressed, which was not asked for")
        return response


@functools.lru_cache(maxsize=64)
def _read_address(text: str) -> httpx2.URL:
    return httpx2.URL(text)


class _Client(httpx2.Client):
    """httpx2's client without what no call to a provider has: cookies, redirects, sign-in flows and environment proxies.

    The SDK hands it finished headers and content, so a request is made as it is and goes straight to the transport.
    """

    def build_request(self, method: str, url: httpx2.URL | str, **given: Any) -> httpx2.Request:
        # the SDK gives the address as text again; there are only a few, and reading one costs as much as a header block
        url = _read_address(str(url))
        # the call's deadline bounds each read and write below; only connecting has a bound of its own
        said = {name: given.get(name) for name in ("headers", "content", "data", "files")}
        return httpx2.Request(method, url, **said, extensions={"timeout": _TIMES})

    def send(self, request: httpx2.Request, *, stream: bool = False, **_: Any) -> httpx2.Response:
        response = self._transport.handle_request(request)
        response.request = request
        try:
            if not stream:
                response.read()
        except BaseException:
            response.close()
            raise
        return response


class Transport:
    """A few SDK clients for one provider address; ``post`` makes one call within a deadline."""

    def __init__(self, *, base_url: str, api_key: str, shards: int = SHARDS) -> None:
        self._clients = [_client(base_url, api_key) for _ in range(shards)]
        self._turn = itertools.count()
        self._address = base_url.rstrip("/")  # whole addresses spare the SDK from merging one for each call

    def post(self, path: str, body: dict[str, Any], *, deadline: float) -> Any:
        """The decoded answer (whatever it may be) to ``body``.

        Raises the SDK's own errors, ``json.JSONDecodeError`` for a body that is not JSON, and ``AnswerTooLarge``.
        """
        # bytes, not the dict: the SDK would copy a dict deeply and walk it several times
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        url = self._address + path
        return self._within(deadline, lambda client: client.post(url, content=content, cast_to=object))

    def listen(
        self, path: str, body: dict[str, Any], hear: Callable[[Iterator[Any]], Any], *, deadline: float, left: threading.Event
    ) -> Any:
        """What ``hear`` makes of the events of the answer to ``body``, or the decoded answer of a server that sends it whole.

        Raises what ``post`` raises, and ``Abandoned`` once ``left`` is set.
        """
        content = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        url = self._address + path

        def call(client: openai.OpenAI) -> Any:
            made: Any = {"content": content, "cast_to": httpx2.Response, "stream": True, "stream_cls": openai.Stream[Any]}
            response: httpx2.Response = client.post(url, **made)
            with _told_by_sdk(response):
                if not response.headers.get("content-type", "").startswith(_EVENTS):
                    return json.loads(response.read())
                return hear(_events(response))

        return self._within(deadline, call, MAX_STREAM_BYTES, left)

    def get(self, path: str, *, deadline: float) -> Any:
        return self._within(deadline, lambda client: client.get(self._address + path, cast_to=object))

    def tell(self, path: str, *, deadline: float) -> Any:
        """The decoded answer to a POST without a body."""
        return self._within(deadline, lambda client: client.post(self._address + path, cast_to=object))

    def delete(self, path: str, *, deadline: float) -> Any:
        return self._within(deadline, lambda client: client.delete(self._address + path, cast_to=object))

    def upload(self, path: str, fields: Mapping[str, Any], name: str, file: IO[bytes], *, deadline: float) -> Any:
        """The decoded answer to a form of ``fields`` and of ``file``, which is read from its beginning, piece by piece."""
        form: Any = {"body": fields, "files": {"file": (name, file)}, "options": {"headers": {"Content-Type": "multipart/form-data"}}}
        file.seek(0)
        return self._within(deadline, lambda client: client.post(self._address + path, cast_to=object, **form))

    def download(self, path: str, to: IO[bytes], *, deadline: float) -> None:
        """Write the answer as it is to the file ``to``, piece by piece; it may have ``MAX_DOWNLOAD_BYTES``."""
        url = self._address + path

        def call(client: openai.OpenAI) -> None:
            response: Any = client.get(url, cast_to=httpx2.Response, stream=True, stream_cls=openai.Stream[Any])
            _write(response, to)

        self._within(deadline, call, MAX_DOWNLOAD_BYTES)

    def _within(
        self,
        deadline: float,
        call: Callable[[openai.OpenAI], Any],
        most_bytes: int = MAX_RESPONSE_BYTES,
        left: threading.Event | None = None,
    ) -> Any:
        client = self._clients[next(self._turn) % len(self._clients)]
        _limits.deadline, _limits.bytes_left, _limits.too_large, _limits.left = deadline, most_bytes, False, left
        try:
            return call(client)
        except openai.APIConnectionError as error:
            if _limits.too_large:
                raise AnswerTooLarge(str(error.__cause__ or error)) from None
            if left and left.is_set():
                raise Abandoned from None
            raise
        finally:
            _limits.deadline, _limits.left = float("inf"), None


class AnswerTooLarge(Exception):
    """The provider sent more than it may, or a compressed body."""


class Abandoned(Exception):
    """The call was broken off by us, since nobody wanted its answer any more."""


def _write(response: httpx2.Response, to: IO[bytes]) -> None:
    """Write the body of ``response`` to a file."""
    with _told_by_sdk(response):
        for piece in response.iter_raw(_PIECE):
            to.write(piece)


def _events(response: httpx2.Response) -> Iterator[Any]:
    """The decoded data of each server-sent event of ``response``, up to ``[DONE]``."""
    waiting: list[bytes] = []
    for line in _lines(response):
        if line.startswith(b"data:"):
            waiting.append(line[5:].removeprefix(b" "))
        elif not line and waiting:
            data, waiting = b"\n".join(waiting), []
            if data.strip() == b"[DONE]":
                return
            yield json.loads(data)
    if waiting and b"\n".join(waiting).strip() != b"[DONE]":
        yield json.loads(b"\n".join(waiting))


def _lines(response: httpx2.Response) -> Iterator[bytes]:
    rest = b""
    for piece in response.iter_raw():
        *lines, rest = (rest + piece).split(b"\n")
        yield from (line.removesuffix(b"\r") for line in lines)
    if rest:
        yield rest


@contextmanager
def _told_by_sdk(response: httpx2.Response) -> Iterator[None]:
    """Close ``response`` in the end; what breaks it off is told in the SDK's words, as for any other answer."""
    try:
        yield
    except httpx2.TimeoutException as error:
        raise openai.APITimeoutError(request=response.request) from error
    except httpx2.RequestError as error:
        raise openai.APIConnectionError(request=response.request) from error
    finally:
        response.close()


def _client(base_url: str, api_key: str) -> openai.OpenAI:
    headers: Any = {"Accept-Encoding": "identity", **dict.fromkeys(_TELLTALES, openai.Omit())}
    return openai.OpenAI(
        base_url=base_url,
        api_key=api_key.strip() or "none",  # servers without keys still need the header to be well-formed
        max_retries=0,
        timeout=None,
        default_headers=headers,
        http_client=_Client(transport=_GuardedTransport(), follow_redirects=False, trust_env=False),
    )

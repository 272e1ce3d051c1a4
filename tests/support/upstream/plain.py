"""The fast path for benchmarks: no checks, no records, one precomputed reply a path and function.

It must cost next to nothing beside the service under test, and hold thousands of connections that
all wait at once, so it is one event loop that looks at as few bytes as it can. Replies repeat their
ids: do not test identity with it.
"""

import asyncio
import gc
import itertools
import json
import re
import resource
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any

from tests.support.upstream.dialects import CHAT, DIALECTS, Body
from tests.support.upstream.load import Chance, Log
from tests.support.upstream.models import MODELS
from tests.support.upstream.replies import forced_call, text
from tests.support.upstream.script import fault
from tests.support.upstream.wire import Reply, Request, Seals, Usage

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
FORCED = re.compile(rb'"tool_choice": ?\{[^}]*?"name": ?"([\w-]+)"')
BACKLOG = 4096
TYPICAL_BODY = 4000
MODEL = "o4-mini"
SEALS = Seals()

Answerer = Callable[[str, str | None], bytes]
"""(path, name of the forced function) -> the whole response, head and body."""


def answers(arguments: Any, usage: Usage | None = None) -> Answerer:
    """Replies that call the forced function with `arguments`, or say them as text where none is
    forced."""

    @lru_cache(maxsize=1024)
    def answer(path: str, function: str | None) -> bytes:
        if path not in DIALECTS:
            return _wire(Reply(404, b'{"detail": "Not Found"}'))
        said = text(json.dumps(arguments)) if function is None else forced_call(arguments)
        return _wire(said(_request(path, function, usage)))

    return answer


@lru_cache(maxsize=16)
def failure(name: str) -> bytes:
    """The whole response of a named fault."""
    return _wire(fault(name)(_request("/v1/responses", None)))


def _request(path: str, function: str | None, usage: Usage | None = None) -> Request:
    body: Body = {"model": MODEL}
    if function is not None:
        tool = {"function": {"name": function}} if DIALECTS[path] is CHAT else {"name": function}
        body |= {"tools": [tool], "tool_choice": tool}
    return Request(path, {}, body, TYPICAL_BODY, 0, MODELS[MODEL], SEALS, usage)


def _wire(reply: Reply) -> bytes:
    headers = "".join(f"{name}: {value}\r\n" for name, value in reply.headers.items())
    head = (
        f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\n{headers}"
        "x-request-id: req_plain\r\nopenai-processing-ms: 1\r\nContent-Length: "
        f"{len(reply.body)}\r\n\r\n"
    )
    return head.encode() + reply.body


@dataclass(eq=False)
class Plain(asyncio.Protocol):
    """One connection."""

    answer: Answerer
    delay: float
    loop: asyncio.AbstractEventLoop
    slow: bytes  # only requests with these words wait; all of them when there are none
    buffer: bytes = b""
    transport: asyncio.WriteTransport = field(init=False)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back; asyncio sets TCP_NODELAY by itself."""
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request that has arrived whole."""
        self.buffer += data
        while (end := self.buffer.find(b"\r\n\r\n")) >= 0:
            length = LENGTH.search(self.buffer, 0, end)
            total = end + 4 + (int(length[1]) if length else 0)
            if len(self.buffer) < total:
                return
            self._respond(self.buffer[:total])
            self.buffer = self.buffer[total:]

    def _respond(self, request: bytes) -> None:
        response = self._found(request)
        if self.delay and self.slow in request:
            self.loop.call_later(self.delay, self.transport.write, response)
        else:
            self.transport.write(response)

    def _found(self, request: bytes) -> bytes:
        path = request[: request.index(b"\r\n")].split(b" ")[1].decode("latin-1")
        forced = FORCED.search(request)
        return self.answer(path, forced[1].decode() if forced else None)


@dataclass(eq=False, kw_only=True)
class Eventful(Plain):
    """One connection with chance and a log, which the fast path does not pay for."""

    chance: Chance
    log: Log | None
    numbers: Iterator[int]

    def _respond(self, request: bytes) -> None:
        number, unlucky = next(self.numbers), self.chance.fault()
        marker = self.log.asked(number, _body(request)) if self.log else None
        response = failure(unlucky) if unlucky else self._found(request)
        self.loop.call_later(
            self.chance.delay(self.delay, unlucky), self._answer, number, marker, response
        )

    def _answer(self, number: int, marker: str | None, response: bytes) -> None:
        if self.log:
            self.log.answered(number, int(response[9:12]), marker)
        if not self.transport.is_closing():
            self.transport.write(response)


def _body(request: bytes) -> Any:
    try:
        return json.loads(request.partition(b"\r\n\r\n")[2])
    except ValueError:
        return None


async def serve(
    arguments: Any,
    *,
    port: int,
    delay: float,
    announce: Callable[[str], None],
    slow: str = "",
    usage: Usage | None = None,
    chance: Chance | None = None,
    log: Log | None = None,
) -> None:
    """Serve until cancelled; `announce` gets the base URL once connections are accepted."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    loop = asyncio.get_running_loop()
    common = answers(arguments, usage), delay, loop, slow.encode()
    connection: Callable[[], Plain] = partial(Plain, *common)
    if chance or log:
        connection = partial(
            Eventful, *common, chance=chance or Chance(), log=log, numbers=itertools.count()
        )
    server = await loop.create_server(connection, "127.0.0.1", port, backlog=BACKLOG)
    announce(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
    gc.freeze()
    async with server:
        await server.serve_forever()

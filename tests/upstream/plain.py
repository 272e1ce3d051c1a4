"""The fast path for benchmarks: no checks, no records, one precomputed reply a path and function.

It must cost next to nothing beside the service under test, and hold thousands of connections that all wait at once,
so it is one event loop that looks at as few bytes as it can. Replies repeat their ids: do not test identity with it.
"""

import asyncio
import gc
import json
import re
import resource
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from http import HTTPStatus
from typing import Any

from .dialects import CHAT, DIALECTS, Body
from .models import MODELS
from .replies import forced_call, text
from .wire import Reply, Request, Seals

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
FORCED = re.compile(rb'"tool_choice": ?\{[^}]*?"name": ?"([\w-]+)"')
BACKLOG = 4096
TYPICAL_BODY = 4000
MODEL = "o4-mini"
SEALS = Seals()

Answerer = Callable[[str, str | None], bytes]
"""(path, name of the forced function) -> the whole response, head and body."""


def answers(arguments: Any) -> Answerer:
    """Replies that call the forced function with `arguments`, or say them as text where none is forced."""

    @lru_cache(maxsize=1024)
    def answer(path: str, function: str | None) -> bytes:
        if path not in DIALECTS:
            return _wire(Reply(404, b'{"detail": "Not Found"}'))
        said = text(json.dumps(arguments)) if function is None else forced_call(arguments)
        return _wire(said(_request(path, function)))

    return answer


def _request(path: str, function: str | None) -> Request:
    body: Body = {"model": MODEL}
    if function is not None:
        tool = {"function": {"name": function}} if DIALECTS[path] is CHAT else {"name": function}
        body |= {"tools": [tool], "tool_choice": tool}
    return Request(path, {}, body, TYPICAL_BODY, 0, MODELS[MODEL], SEALS)


def _wire(reply: Reply) -> bytes:
    head = (
        f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\nContent-Type: application/json\r\n"
        f"x-request-id: req_plain\r\nopenai-processing-ms: 1\r\nContent-Length: {len(reply.body)}\r\n\r\n"
    )
    return head.encode() + reply.body


@dataclass(eq=False)
class Plain(asyncio.Protocol):
    """One connection."""

    answer: Answerer
    delay: float
    loop: asyncio.AbstractEventLoop
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
        path = request[: request.index(b"\r\n")].split(b" ")[1].decode("latin-1")
        forced = FORCED.search(request)
        response = self.answer(path, forced[1].decode() if forced else None)
        if self.delay:
            self.loop.call_later(self.delay, self.transport.write, response)
        else:
            self.transport.write(response)


async def serve(arguments: Any, *, port: int, delay: float, announce: Callable[[str], None]) -> None:
    """Serve until cancelled; `announce` gets the base URL once connections are accepted."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        partial(Plain, answers(arguments), delay, loop), "127.0.0.1", port, backlog=BACKLOG
    )
    announce(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1")
    gc.freeze()
    async with server:
        await server.serve_forever()

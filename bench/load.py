"""A small load generator: keep-alive connections that each repeat the same POST."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """Seconds of each answer with status 200, the number of other answers, and the wall time."""

    seconds: list[float]
    failed: int
    wall: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.wall

    def percentile(self, share: float) -> float:
        """The milliseconds within which ``share`` of the answers came."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


def post(port: int, path: str, body: bytes, *, key: str, connections: int, seconds: float) -> Load:
    """Post ``body`` over ``connections`` again and again for ``seconds``."""
    return asyncio.run(_post_for(port, _request(port, path, body, key), connections, seconds))


def burst(port: int, path: str, body: bytes, *, key: str, callers: int) -> Load:
    """Post ``body`` once over each of ``callers`` connections, all at the same moment."""
    return asyncio.run(_post_once(port, _request(port, path, body, key), callers))


def _request(port: int, path: str, body: bytes, key: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\n"
        f"Host: 127.0.0.1:{port}\r\n"
        f"X-API-Key: {key}\r\n"
        "Content-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _post_once(port: int, request: bytes, callers: int) -> Load:
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(callers)]
    started = time.perf_counter()
    answers = await asyncio.gather(
        *(_exchange(reader, writer, request) for reader, writer in connections)
    )
    wall = time.perf_counter() - started
    for _, writer in connections:
        writer.close()
    seconds = [took for took, ok in answers if ok]
    return Load(seconds, len(answers) - len(seconds), wall)


async def _exchange(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes
) -> tuple[float, bool]:
    """Seconds until the answer was complete, and whether its status is 200."""
    started = time.perf_counter()
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    length = head.lower().split(b"content-length:")[1].split(b"\r\n")[0]
    await reader.readexactly(int(length))
    return time.perf_counter() - started, head.startswith(b"HTTP/1.1 200")


async def _post_for(port: int, request: bytes, connections: int, seconds: float) -> Load:
    started = time.perf_counter()
    parts = await asyncio.gather(
        *(_repeat(port, request, started + seconds) for _ in range(connections))
    )
    wall = time.perf_counter() - started
    times = [took for part, _ in parts for took in part]
    return Load(times, sum(failed for _, failed in parts), wall)


async def _repeat(port: int, request: bytes, until: float) -> tuple[list[float], int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times = []
    failed = 0
    try:
        while time.perf_counter() < until:
            took, ok = await _exchange(reader, writer, request)
            if ok:
                times.append(took)
            else:
                failed += 1
    finally:
        writer.close()
    return times, failed

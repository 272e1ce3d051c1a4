"""A small load generator: a number of keep-alive connections that each post the same request, one after the other."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What came back: seconds of each answer with status 200, how many were not, and the seconds of the whole."""

    seconds: list[float]
    failed: int
    wall: float

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.wall

    def percentile(self, share: float) -> float:
        """Milliseconds below which ``share`` of the answers stayed."""
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


def post(port: int, path: str, body: bytes, *, key: str, connections: int, seconds: float) -> Load:
    """Post ``body`` over ``connections`` for ``seconds``."""
    return asyncio.run(_all(port, _request(port, path, body, key), connections, seconds))


def burst(port: int, path: str, body: bytes, *, key: str, callers: int) -> Load:
    """Post ``body`` once over each of ``callers`` connections, all at the same moment."""
    return asyncio.run(_once(port, _request(port, path, body, key), callers))


def _request(port: int, path: str, body: bytes, key: str) -> bytes:
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _once(port: int, request: bytes, callers: int) -> Load:
    connections = [await asyncio.open_connection("127.0.0.1", port) for _ in range(callers)]
    started = time.perf_counter()
    answers = await asyncio.gather(*(_ask(reader, writer, request) for reader, writer in connections))
    wall = time.perf_counter() - started
    for _, writer in connections:
        writer.close()
    return Load([took for took, ok in answers if ok], sum(not ok for _, ok in answers), wall)


async def _ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> tuple[float, bool]:
    """Seconds until the whole answer was there, and whether its status is 200."""
    began = time.perf_counter()
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    await reader.readexactly(int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0]))
    return time.perf_counter() - began, head.startswith(b"HTTP/1.1 200")


async def _all(port: int, request: bytes, connections: int, seconds: float) -> Load:
    started = time.perf_counter()
    parts = await asyncio.gather(*(_one(port, request, started + seconds) for _ in range(connections)))
    wall = time.perf_counter() - started
    return Load([took for times, _ in parts for took in times], sum(failed for _, failed in parts), wall)


async def _one(port: int, request: bytes, until: float) -> tuple[list[float], int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times, failed = [], 0
    try:
        while time.perf_counter() < until:
            took, ok = await _ask(reader, writer, request)
            if ok:
                times.append(took)
            else:
                failed += 1
    finally:
        writer.close()
    return times, failed

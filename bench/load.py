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
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nX-API-Key: {key}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return asyncio.run(_all(port, head.encode() + body, connections, seconds))


async def _all(port: int, request: bytes, connections: int, seconds: float) -> Load:
    started = time.perf_counter()
    parts = await asyncio.gather(*(_one(port, request, started + seconds) for _ in range(connections)))
    wall = time.perf_counter() - started
    return Load([took for times, _ in parts for took in times], sum(failed for _, failed in parts), wall)


async def _one(port: int, request: bytes, until: float) -> tuple[list[float], int]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    times, failed = [], 0
    try:
        while (began := time.perf_counter()) < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
            await reader.readexactly(length)
            if head.startswith(b"HTTP/1.1 200"):
                times.append(time.perf_counter() - began)
            else:
                failed += 1
    finally:
        writer.close()
    return times, failed

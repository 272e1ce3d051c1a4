"""What ordinary callers notice while somebody attacks: the longest wait, beside that of quiet time.

Twenty callers classify texts. Each attack runs in a process of its own meanwhile, with a key of its
own where it has one. The table is for docs/security.md.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import select
import socket
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import requests

from bench.load import post
from bench.report import Check, report
from bench.servers import LOAD_CORE, Server, classify_form, formcall, ticket, upstream
from tests.support.hostile_bodies import BODIES

CALLERS = 20
SECONDS = 8.0
ROUNDS = 3
MOST_ADDED_SECONDS = 2.0
CONNECTIONS = 1_500  # more than the service has threads
AT_ONCE = 4  # hostile requests

Attack = Callable[[int, str], None]  # of a port, with a key; it ends with its process


def hold(sent: bytes, receive_bytes: int = 0) -> Attack:
    """Connections on which half of something was sent; those that end are opened again."""

    def attack(port: int, key: str) -> None:
        held: list[socket.socket] = []
        while True:
            while len(held) < CONNECTIONS:
                held.append(_half_sent(port, sent.replace(b"KEY", key.encode()), receive_bytes))
            poll = select.poll()
            for connection in held:
                poll.register(connection, 0)  # its end only
            ended = {number for number, _ in poll.poll(1_000)}
            for connection in held:
                if connection.fileno() in ended:
                    connection.close()
            held = [connection for connection in held if connection.fileno() >= 0]

    return attack


def _half_sent(port: int, sent: bytes, receive_bytes: int) -> socket.socket:
    connection = socket.socket()
    if receive_bytes:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    with suppress(OSError):
        connection.connect(("127.0.0.1", port))
        connection.sendall(sent)
    return connection


def send_bodies(port: int, key: str) -> None:
    """Bodies of 16 MB that are refused, one kind after the other, some at once."""

    def send(first: int) -> None:
        bodies = list(BODIES.values())
        while True:
            for hostile in bodies[first:] + bodies[:first]:
                headers = {"X-API-Key": key, "Content-Type": hostile.media_type}
                with suppress(requests.RequestException):
                    requests.post(
                        f"http://127.0.0.1:{port}{hostile.url}",
                        data=hostile.make(),
                        headers=headers,
                        timeout=60,
                    )

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(send, range(0, 5 * AT_ONCE, 5)))


def send_files(*contents: bytes) -> Attack:
    """Files that are hard to read, some at once, in runs of an action that takes files."""

    def attack(port: int, key: str) -> None:
        def send(number: int) -> None:
            while True:
                with suppress(requests.RequestException):
                    requests.post(
                        f"http://127.0.0.1:{port}/v1/actions/extract_document",
                        data={"fields": "total number", "wait_seconds": "20"},
                        files={"file": ("a.html", contents[number % len(contents)])},
                        headers={"X-API-Key": key},
                        timeout=60,
                    )

        with ThreadPoolExecutor(AT_ONCE) as pool:
            list(pool.map(send, range(AT_ONCE)))

    return attack


_RUN = b"POST /v1/actions/classify HTTP/1.1\r\nHost: x\r\n"
_COMMENTS = b"<!-- a -->" * 60 + b"<p" + b"<!--" * 200_000
_DEEP = b"<html><body>" + b"<div>" * 300_000
ATTACKS: dict[str, Attack] = {
    "texts and files on which patterns explode": send_files(_COMMENTS, b"<!-- a -->" * 60),
    "bodies of 16 MB that are refused": send_bodies,
    "half-sent heads": hold(_RUN),
    "half-sent bodies": hold(_RUN + b"Content-Length: 900000\r\nX-API-Key: KEY\r\n\r\n{"),
    "half-sent large bodies without a key": hold(_RUN + b"Content-Length: 15000000\r\n\r\n{"),
    "half-sent large bodies": hold(_RUN + b"Content-Length: 15000000\r\nX-API-Key: KEY\r\n\r\n{"),
    "answers that nobody reads": hold(b"GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n", 4_096),
    "connections that nobody closes": hold(b"GET /healthz HTTP/1.1\r\nConnection: close\r\n\r\n"),
    "files that take long to read": send_files(_DEEP),
}


@contextmanager
def attacking(attack: Attack, server: Server, key: str) -> Iterator[None]:
    process = multiprocessing.Process(target=attack, args=(server.port, key), daemon=True)
    process.start()
    time.sleep(2.0)
    try:
        yield
    finally:
        process.kill()
        process.join()


def longest_wait(server: Server, body: bytes) -> float:
    """Of the ordinary callers, in seconds: the median of some rounds' longest."""
    waits = []
    for _ in range(ROUNDS):
        load = post(
            server.port,
            "/v1/actions/classify",
            body,
            key=server.key,
            connections=CALLERS,
            seconds=SECONDS / ROUNDS,
        )
        if load.failed:
            raise SystemExit(f"{load.failed} of the ordinary callers were not answered")
        waits.append(max(load.seconds))
    return statistics.median(waits)


def new_key(server: Server) -> str:
    """A key for the attacker."""
    made = requests.post(
        f"http://127.0.0.1:{server.port}/v1/keys",
        json={"name": "attacker"},
        headers={"X-API-Key": server.key},
        timeout=60,
    )
    return str(made.json()["key"]) if made.ok else server.key


def main() -> int:
    body = json.dumps({"text": ticket(), **classify_form()}).encode()
    os.sched_setaffinity(0, {LOAD_CORE})
    checks = []
    with upstream(0.05) as base_url, formcall(base_url) as server:
        key = new_key(server)
        longest_wait(server, body)  # warm-up, not counted
        quiet = longest_wait(server, body)
        print("| attack | longest wait of 20 ordinary callers, s |\n|---|---|")
        print(f"| none | {quiet:.2f} |", flush=True)
        for name, attack in ATTACKS.items():
            with attacking(attack, server, key):
                wait = longest_wait(server, body)
            print(f"| {name} | {wait:.2f} |", flush=True)
            checks.append(Check(f"{name}: added seconds", wait - quiet, MOST_ADDED_SECONDS))
    return report(checks)


if __name__ == "__main__":
    sys.exit(main())

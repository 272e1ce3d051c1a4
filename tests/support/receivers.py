"""Receivers of callbacks and webhooks: real servers that record requests and answer as a test tells
them."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from standardwebhooks.webhooks import Webhook

from connector.json_types import Json

Step = int | Callable[[BaseHTTPRequestHandler], None]

PATIENCE = 60.0  # seconds, far above what anything here takes


@dataclass(frozen=True)
class Post:
    """One POST as it came; header names are in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    @property
    def json(self) -> Json:
        found: Json = json.loads(self.body)
        return found

    def verified(self, secret: str) -> Json:
        """The body, after its signature was found to be right."""
        found: Json = Webhook(secret).verify(self.body, self.headers)
        return found


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        step = self.server.receiver.next_step(Post(self.path, headers, body, time.monotonic()))
        if callable(step):
            step(self)
        else:
            answer(self, step)

    do_GET = do_POST  # without a body

    def log_message(self, *_: Any) -> None:
        """Nothing."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128
    receiver: Receiver

    def handle_error(self, *_: Any) -> None:
        """The other side may leave at any time."""


class Receiver:
    """A server on 127.0.0.1. It answers its ``steps`` in turn, then the last one again and again; a
    step is a status or a function."""

    def __init__(self, *steps: Step, port: int = 0) -> None:
        self.posts: list[Post] = []
        self.over = threading.Event()
        self._steps = list(steps) or [200]
        self._arrived = threading.Condition()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.receiver = self
        self.port: int = self._server.server_port
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.01,), daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        """An address with secrets in its path and its query, as tools give them."""
        return f"http://127.0.0.1:{self.port}/path-secret/in?token=query-secret"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def next_step(self, post: Post) -> Step:
        with self._arrived:
            self.posts.append(post)
            self._arrived.notify_all()
            return self._steps.pop(0) if len(self._steps) > 1 else self._steps[0]

    def wait(self, count: int = 1, seconds: float = PATIENCE) -> list[Post]:
        """The posts, once there are ``count``."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.posts) >= count, seconds), (
                f"{len(self.posts)} of {count} arrived"
            )
            return list(self.posts)

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def answer(handler: BaseHTTPRequestHandler, status: int, **headers: str) -> None:
    """Answer with a status; ``Retry_After="1"`` becomes the header Retry-After."""
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", "0")
    handler.end_headers()


def answering(status: int, **headers: str) -> Step:
    return lambda handler: answer(handler, status, **headers)


def hangs(handler: BaseHTTPRequestHandler) -> None:
    """Says nothing until its server closes."""
    handler.server.receiver.over.wait(PATIENCE)  # type: ignore[attr-defined]


def drips(handler: BaseHTTPRequestHandler) -> None:
    """One byte of an endless head at a time."""
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
    while not handler.server.receiver.over.wait(0.05):  # type: ignore[attr-defined]
        handler.wfile.write(b"a")
        handler.wfile.flush()


def slowly(seconds: float, status: int = 200) -> Step:
    def step(handler: BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)
        answer(handler, status)

    return step


def wait_until(is_so: Callable[[], Any], seconds: float = PATIENCE) -> Any:
    """What ``is_so`` gives once it is something."""
    end = time.monotonic() + seconds
    while not (found := is_so()):
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)
    return found

"""A travel agency's API on a local port, for declared tools: share prices and flights; it records
its requests."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from connector.json_types import Json

SECRET = "sk-airline/+82=71"  # with signs that are written differently in addresses
STOCK = """
title: Share price
purpose: The last price of a share, by its symbol.
url: {base}/quotes/{{symbol}}
parameters:
  symbol: {{help: "such as ACME"}}
  currency: {{type: choice, choices: [EUR, USD], optional: true}}
locked: {{source: formcall}}
secret: {{name: AIRLINE, in: query, at: key}}
keep: [symbol, price.amount, price.currency]
value: price.amount
"""
FLIGHT = """
title: Book a flight
purpose: Books one seat on a flight. It costs money.
method: POST
url: {base}/flights/{{flight}}/bookings
parameters:
  flight: {{help: "such as FC 12"}}
  seats: {{type: integer}}
  name: {{at: passenger.name}}
locked:
  agent: {{value: 42, at: agent.id}}
  X-Agency: {{value: formcall, in: header}}
secret: AIRLINE
keep: [booking, status]
value: booking
"""


@dataclass(frozen=True)
class RecordedRequest:
    """One request as it came, and when it began and ended; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: Json | None
    began: float = 0.0


@dataclass
class FakeAirline:
    """The server. ``together``: that many requests wait for each other. ``before`` is called with
    each request before its answer."""

    together: int = 1
    before: Callable[[RecordedRequest], None] = lambda asked: None
    broken: bool = False  # the flights answer 500, and quote their secret
    requests: list[RecordedRequest] = field(default_factory=list)
    max_concurrent: int = 0

    def __enter__(self) -> Self:
        self._lock, self._now = threading.Lock(), 0
        self._barrier = threading.Barrier(self.together)
        handler = type("Handler", (_Handler,), {"agency": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def tools(self, folder: Path, **more: str) -> Path:
        """A folder with the agency's tools, and ``more`` by name; {base} in them is its address."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in {"stock_price": STOCK, "book_flight": FLIGHT, **more}.items():
            (folder / f"{name}.yaml").write_text(text.format(base=self.base), encoding="utf-8")
        return folder

    @property
    def bookings(self) -> list[RecordedRequest]:
        return [one for one in self.requests if one.method == "POST"]

    def take(self, asked: RecordedRequest) -> tuple[int, Any]:
        with self._lock:
            self.requests.append(asked)
            self._now += 1
            self.max_concurrent = max(self.max_concurrent, self._now)
        try:
            if self.together > 1:
                self._barrier.wait(10)
            self.before(asked)
            return self._answer(asked)
        finally:
            with self._lock:
                self._now -= 1

    def _answer(self, asked: RecordedRequest) -> tuple[int, Any]:
        if asked.method == "POST" and self.broken:
            return 500, {"error": "no seats", "you_sent": asked.headers.get("authorization")}
        if asked.method == "POST":
            return 201, {
                "booking": f"B-{len(self.bookings)}",
                "status": "confirmed",
                "internal": "not for the model",
                "key": SECRET,
            }
        return 200, {
            "symbol": asked.path.split("/")[2].split("?")[0],
            "price": {"amount": 101.25, "currency": "EUR"},
            "echo": asked.path,
        }


class _Handler(BaseHTTPRequestHandler):
    agency: FakeAirline

    def do_GET(self) -> None:
        self._take()

    def do_POST(self) -> None:
        self._take()

    def _take(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = json.loads(sent) if sent else None
        status, answer = self.agency.take(
            RecordedRequest(self.command, self.path, headers, body, time.monotonic())
        )
        data = json.dumps(answer).encode()
        try:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
        except OSError:
            pass  # who asked has gone

    def log_message(self, *_: Any) -> None:
        """Nothing."""

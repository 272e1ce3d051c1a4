"""Parts of a long load test: random failures, and a log that survives a crash."""

import json
import os
import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass
class Chance:
    """`errors` and `limited` are the shares of requests answered 500 or 503, and 429 (at once, with
    Retry-After 1).

    `jitter` spreads each delay evenly: 0.5 makes 200 ms anything from 100 to 300. The same `seed`
    gives the same fates, in the order in which requests arrive.
    """

    errors: float = 0.0
    limited: float = 0.0
    jitter: float = 0.0
    seed: int | None = None

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    def fault(self) -> str | None:
        """The fault that the next request meets, mostly none."""
        drawn = self._random.random()
        for share, name in (
            (self.limited, "rate_limit"),
            (self.errors / 2, "server_error"),
            (self.errors / 2, "unavailable"),
        ):
            if drawn < share:
                return name
            drawn -= share
        return None

    def delay(self, seconds: float, fault: str | None) -> float:
        """How long a request waits for its answer, where `seconds` is usual; who comes too often is
        told at once."""
        if fault == "rate_limit":
            return 0.0
        return seconds * self._random.uniform(1 - self.jitter, 1 + self.jitter)


class Log:
    """One JSON line when a model is asked and one when it has answered, before the answer leaves.

    {"at": epoch, "id": 7, "event": "asked" | "answered", "status": null | 200, "marker": "row-12" |
    null}. The ids count from 0 in each process; the marker is what `marker` finds first in the text
    of the user. Each line is one write to the end of the file, so that lines of several processes
    do not mix, and none is lost with its process.
    """

    def __init__(self, path: str | Path, marker: str | None = None) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        self._marker = None if marker is None else re.compile(marker)

    def asked(self, number: int, body: object) -> str | None:
        """Note a request at its arrival, and give its marker."""
        found = None if self._marker is None else self._marker.search("\n".join(user_texts(body)))
        marker = found and found[0]
        self._write(number, "asked", None, marker)
        return marker

    def answered(self, number: int, status: int, marker: str | None) -> None:
        """Note that its answer is ready."""
        self._write(number, "answered", status, marker)

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _write(self, number: int, event: str, status: int | None, marker: str | None) -> None:
        line = {"at": time.time(), "id": number, "event": event, "status": status, "marker": marker}
        os.write(self._file, json.dumps(line).encode() + b"\n")


def read_log(path: str | Path) -> list[dict[str, Any]]:
    """The lines of a log, in the order in which they were written."""
    return [json.loads(line) for line in Path(path).read_text(encoding="utf-8").splitlines()]


def user_texts(body: object) -> Iterator[str]:
    """What the user says in a body of either dialect, whatever else is wrong with it."""
    items = (body.get("input") or body.get("messages")) if isinstance(body, dict) else None
    if isinstance(items, str):
        yield items
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and item.get("role") == "user":
            content = item.get("content")
            parts = [{"text": content}] if isinstance(content, str) else content
            texts = (part.get("text") for part in parts or () if isinstance(part, dict))
            yield from (text for text in texts if isinstance(text, str))

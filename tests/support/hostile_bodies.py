"""Request bodies that are as small as they may be, and would take much memory or time to read."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

SIZE = 16_000_000  # bytes: the largest body that is accepted by default
_JSON = "application/json"
_ROWS = '{"action": "classify", "rows": ['


@dataclass(frozen=True)
class HostileBody:
    url: str
    media_type: str
    make: Callable[[], bytes]


def _filled(unit: str, head: str = "", tail: str = "") -> bytes:
    count = (SIZE - len(head) - len(tail)) // len(unit)
    return f"{head}{unit * count}{tail}".encode()


def _wide_table(columns: int) -> bytes:
    header = ",".join(f"c{number}" for number in range(columns)) + "\n"
    return _filled("1," * (columns - 1) + "1\n", header)


def _fields(count: int) -> bytes:
    return ("{" + ",".join(f'"k{number}":1' for number in range(count)) + "}").encode()


_BATCH = "/v1/batches?action=classify"
_RUN = "/v1/actions/classify"
BODIES = {
    "one record of a CSV": HostileBody(_BATCH, "text/csv", lambda: _filled("ab,")),
    "columns of a CSV": HostileBody(_BATCH, "text/csv", lambda: _wide_table(300_000)),
    "more columns than allowed": HostileBody(_BATCH, "text/csv", lambda: _wide_table(20_000)),
    "rows of a CSV": HostileBody(_BATCH, "text/csv", lambda: _filled("a,b\n")),
    "wide rows of a CSV": HostileBody(_BATCH, "text/csv", lambda: _wide_table(500)),
    "empty lines": HostileBody(_BATCH, "text/csv", lambda: _filled("\n")),
    "an open quotation": HostileBody(_BATCH, "text/csv", lambda: _filled("a,a\n", 'a,b\n"')),
    "quoted line breaks": HostileBody(_BATCH, "text/csv", lambda: _filled('"\n",', "a,b\n")),
    "numbers for rows": HostileBody("/v1/batches", _JSON, lambda: _filled("1,", _ROWS, "1]}")),
    "lists for rows": HostileBody("/v1/batches", _JSON, lambda: _filled("[],", _ROWS, "1]}")),
    "small rows": HostileBody("/v1/batches", _JSON, lambda: _filled('{"a":1.5},', _ROWS, "{}]}")),
    "lines of JSON": HostileBody(
        "/v1/batches",
        _JSON,
        lambda: json.dumps({"action": "classify", "rows": "{}\n" * 3_900_000}).encode(),
    ),
    "fields of JSON": HostileBody(_RUN, _JSON, lambda: _fields(1_100_000)),
    "as many fields as are parsed": HostileBody(_RUN, _JSON, lambda: _fields(490_000)),
    "texts in a list": HostileBody(
        _RUN, _JSON, lambda: _filled('"a",', '{"text":"x","categories":[', '"b"]}')
    ),
    "depth of JSON": HostileBody(_RUN, _JSON, lambda: b'{"text":' + b"[" * 977 + b"]" * 977 + b"}"),
    "more depth": HostileBody(_RUN, _JSON, lambda: _filled("[", '{"text":')),
    "an open text": HostileBody(_RUN, _JSON, lambda: _filled('\\"', '{"text":"')),
    "a long text": HostileBody(_RUN, _JSON, lambda: _filled("ab ", '{"text":"', '"}')),
    "fields of a form": HostileBody(
        _RUN, "application/x-www-form-urlencoded", lambda: _filled("a=1&")
    ),
    "parts of a form": HostileBody(
        _RUN,
        "multipart/form-data; boundary=x",
        lambda: _filled(
            '--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n', "", "--x--\r\n"
        ),
    ),
}

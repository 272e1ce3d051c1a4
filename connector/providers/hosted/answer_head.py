"""Reads the head of an answer: its status and its header fields.

The standard library gives the fields to its parser of e-mails, which takes a fortieth of all the
CPU of a call. Lines of fields are all that is needed here, and they are bounded in the same way.
"""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from io import BufferedIOBase
from typing import Any

_MAX_FIELDS = 100
_MAX_LINE = 65_536
_LINE_ENDS = (b"\r\n", b"\n", b"")
_INTERIM = frozenset(range(100, 200)) - {HTTPStatus.SWITCHING_PROTOCOLS}
_WITHOUT_BODY = frozenset(
    {*range(100, 200), HTTPStatus.NO_CONTENT.value, HTTPStatus.NOT_MODIFIED.value}
)


class HeadFields:
    """The fields of a head in their order, with what ``HTTPResponse`` asks of them."""

    def __init__(self, fields: Sequence[tuple[str, str]]) -> None:
        self._fields = fields

    def get(self, name: str, default: Any = None) -> Any:
        """The first value of a field."""
        return next((value for key, value in self._fields if key.lower() == name), default)

    def items(self) -> Sequence[tuple[str, str]]:
        return self._fields


class AnswerWithHead(HTTPResponse):
    """An answer of the standard library that reads its own head; interim ones are skipped."""

    def begin(self) -> None:
        """Read the head. Raises ``HTTPException``."""
        status, fields = self._read_one_head()
        while status in _INTERIM:
            status, fields = self._read_one_head()
        self.code = self.status = status
        self.headers = self.msg = fields  # type: ignore[assignment]
        self.chunked = str(fields.get("transfer-encoding")).lower() == "chunked"
        self.chunk_left = None
        self.length = 0 if status in _WITHOUT_BODY else _length(fields)
        if self.chunked:
            self.length = None
        is_delimited = self.chunked or self.length is not None
        self.will_close = self._check_close() or not is_delimited  # type: ignore[attr-defined]

    def _read_one_head(self) -> tuple[int, HeadFields]:
        version, status, reason = self._read_status()  # type: ignore[attr-defined]
        self.reason = reason.strip()
        if not version.startswith("HTTP/1."):
            raise HTTPException(f"the version {version} of HTTP is not supported")
        self.version = 10 if version == "HTTP/1.0" else 11
        return status, HeadFields(_read_fields(self.fp))


def _read_fields(received: BufferedIOBase) -> list[tuple[str, str]]:
    """The fields up to the empty line; a line without a colon is none, and is skipped."""
    fields: list[tuple[str, str]] = []
    for _ in range(_MAX_FIELDS + 1):
        line = received.readline(_MAX_LINE + 1)
        if len(line) > _MAX_LINE:
            raise HTTPException("a header line is too long")
        if line in _LINE_ENDS:
            return fields
        name, colon, value = line.decode("latin-1").partition(":")
        if fields and line[:1] in {b" ", b"\t"}:  # it continues the field before
            before, beginning = fields[-1]
            fields[-1] = (before, f"{beginning} {(name + colon + value).strip()}")
        elif colon:
            fields.append((name, value.strip()))
    raise HTTPException("there are too many header lines")


def _length(fields: HeadFields) -> int | None:
    """The length of the body; None when it is not stated, or not a number."""
    text = fields.get("content-length", "").strip()
    return int(text) if text.isascii() and text.isdecimal() else None

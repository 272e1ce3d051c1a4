"""What has arrived of a request, and whether it is enough to begin with it."""

from __future__ import annotations

MAX_HEAD_BYTES = 65_536
# larger bodies are read by the application, after it has checked the key
MAX_GATHERED_BODY_BYTES = 1_048_576
_HEAD_END = b"\r\n\r\n"
_EXPORTS = b"/v1/batches"  # their results are streamed, for as long as the caller reads


class HeadTooLarge(Exception):
    """The head of a request has more than ``MAX_HEAD_BYTES``."""


class PartialRequest:
    """The bytes of a request that have arrived; the head is looked at once."""

    def __init__(self) -> None:
        self.data = bytearray()
        self._head_end = -1
        self._body_bytes: int | None = None  # None: its end is not known, or not waited for
        self._is_chunked = False

    def add(self, data: bytes) -> None:
        """Append bytes. ``HeadTooLarge`` when there are too many without an end of the head."""
        if self._head_end >= 0:
            self.data += data
            return
        # an empty line before the request is allowed, and no end of its head
        start = max(1, len(self.data) - len(_HEAD_END))
        self.data += data
        end = self.data.find(_HEAD_END, start)
        if end > MAX_HEAD_BYTES or (end < 0 and len(self.data) > MAX_HEAD_BYTES):
            raise HeadTooLarge
        if end >= 0:
            self._head_end = end + len(_HEAD_END)
            self._read_length(bytes(self.data[:end]).lower() + b"\r\n")
        elif _has_bare_line_feed(self.data, start):
            # the server refuses it without waiting for more
            self._head_end, self._body_bytes = len(self.data), 0

    def is_complete(self) -> bool:
        """Whether a thread may begin with it: it will wait for a large body at most."""
        if self._head_end < 0:
            return False
        received = len(self.data) - self._head_end
        if self._is_chunked:
            # the end of the last chunk, or with some bad luck of another one
            has_end = received >= len(_HEAD_END) and self.data.endswith(_HEAD_END)
            return has_end or received > MAX_GATHERED_BODY_BYTES
        return self._body_bytes is None or received >= self._body_bytes

    @property
    def body_follows(self) -> bool:
        """Whether the thread reads the rest of the body from the caller."""
        if self._is_chunked:
            return not self.data.endswith(_HEAD_END)
        return self._body_bytes is None

    def _read_length(self, head: bytes) -> None:
        if b"\r\nexpect:" in head:  # the body comes once the application reads it
            return
        if b"\r\ntransfer-encoding:" in head:
            self._is_chunked = True
            return
        _, found, rest = head.partition(b"\r\ncontent-length:")
        text = rest.partition(b"\r\n")[0].strip() if found else b"0"
        # the server refuses an invalid length, and the application one that is too large
        if text.isdigit() and len(text) < len(str(MAX_GATHERED_BODY_BYTES)) + 1:
            length = int(text)
            self._body_bytes = length if length <= MAX_GATHERED_BODY_BYTES else None

    @property
    def is_brief(self) -> bool:
        """Whether its answer does not wait for a model: a read, or a decision on a run.

        Decided on the bytes that were sent. An unusual spelling of a path is not brief.
        """
        line = bytes(self.data[: self.data.find(b"\r\n", 2) + 1]).lstrip(b"\r\n")
        method, _, target = line.partition(b" ")
        path = target.partition(b" ")[0].partition(b"?")[0]
        if b"%" in path or b"//" in path or not path.startswith(b"/"):
            return False
        if method == b"POST":
            return path.startswith(b"/v1/runs/")
        is_read = method in {b"GET", b"HEAD", b"OPTIONS", b"DELETE"}
        return is_read and not path.startswith(_EXPORTS)


def _has_bare_line_feed(data: bytearray, start: int) -> bool:
    new = data[start - 1 :]
    return new.count(b"\n") != new.count(b"\r\n") + new.startswith(b"\n")

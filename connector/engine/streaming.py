"""Streams one text field of an answer while the model is still writing it.

The model writes the arguments of a function as JSON; a ``JsonFieldStream`` decodes one text field
of them delta by delta. Nothing else is sent before the whole answer has been checked. Text that
has been sent cannot be taken back, so the model is not called again after it, and the whole answer
must begin with it.
"""

from __future__ import annotations

import json
import re
import threading
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any

from connector.catalogue.values import clean

_MAX_HEAD = 16_000  # characters of JSON before the field; after more, the text is not streamed
_NAME = re.compile(r'\s*[{,]\s*("(?:[^"\\]|\\.)*")\s*:\s*(?=\S)', re.DOTALL)
_COMPLETE = re.compile(r'[^"\\]*(?:\\(?:u[0-9a-fA-F]{4}|[^u])[^"\\]*)*')
_SYNTAX = re.compile(r'["\\]')
_decoder = json.JSONDecoder()


class TextStream:
    """The channel from a run to its reader; setting ``cancelled`` ends the model call at once."""

    def __init__(self, cancelled: threading.Event) -> None:
        self.cancelled = cancelled
        self.text = ""  # everything sent so far
        self._deltas: SimpleQueue[str | None] = SimpleQueue()
        self._result: Future[Any] = Future()
        self._function = ""
        self._field = ""
        self._parser = JsonFieldStream("")
        self._call: int | None = None

    @property
    def has_output(self) -> bool:
        return bool(self.text)

    def select(self, function: str, field: str) -> None:
        """Stream ``field`` of the call of ``function`` in the next reply; "" streams nothing."""
        self._function = function
        self._field = field

    def on_start(self) -> None:
        """A reply begins, possibly after a retry."""
        self._parser = JsonFieldStream(self._field)
        self._call = None

    def on_delta(self, call: int, function: str, delta: str) -> None:
        """The model wrote ``delta`` of the arguments of its call number ``call``."""
        if not self._field or function != self._function or self._call not in {None, call}:
            return
        self._call = call
        text = self._parser.feed(delta)
        if text:
            self.text += text
            self._deltas.put(text)

    def bind_result(self, result: Future[Any]) -> None:
        """End the stream once ``result``, the run's response, is done."""
        self._result = result
        result.add_done_callback(lambda _: self._deltas.put(None))

    def result(self) -> Any:
        """The run's response; waits until the run has ended."""
        return self._result.result()

    def next_delta(self, seconds: float) -> str | None:
        """The next piece of text, None at the end; ``Empty`` when none came in ``seconds``."""
        return self._deltas.get(timeout=seconds)


class JsonFieldStream:
    """Decodes the text under the top-level ``key`` of a JSON object that arrives in deltas.

    Emits only what is final: half an escape, half a surrogate pair and blanks that may end the
    text are held back. Blanks around the text are dropped; lone surrogates become U+FFFD. After
    the first value of ``key`` nothing is emitted, so a duplicate key cannot change the text.

    Why not ``jiter.from_json(..., partial_mode="trailing-strings")``: it refuses lone surrogates
    and raw line breaks, which models do write, takes the last of two equal keys, and parses the
    prefix again. For an answer of 130 kB in deltas of 4 characters it took over 60 times the CPU
    time of this class when called for each delta; called each time the answer had grown by a 64th,
    it took twice the time, and held back up to 2,052 characters.
    """

    def __init__(self, key: str) -> None:
        self._key = key
        self._raw = ""  # received and not decoded yet
        self._in_value = False
        self._closed = False
        self._high_surrogate = ""
        self._blanks = ""  # they may be the end of the text
        self._has_output = False

    def feed(self, delta: str) -> str:
        """The text that becomes final with ``delta``."""
        if self._closed:
            return ""
        self._raw += delta
        if not self._in_value:
            self._find_value()
        if not self._in_value:
            return ""
        return self._strip(clean(self._decode()))

    def _find_value(self) -> None:
        """Skip complete members until ``key`` is reached."""
        while name := _NAME.match(self._raw):
            try:
                if json.loads(name[1], strict=False) == self._key:
                    self._open_value(name.end())
                    return
                _, end = _decoder.raw_decode(self._raw, name.end())
            except (ValueError, RecursionError):
                break  # incomplete so far
            if not self._raw[end:].lstrip().startswith(","):
                break  # no further member yet; a number may continue
            self._raw = self._raw[end:]
        self._closed = len(self._raw) > _MAX_HEAD

    def _open_value(self, start: int) -> None:
        self._in_value = self._raw[start] == '"'
        self._closed = not self._in_value
        self._raw = self._raw[start + 1 :]

    def _decode(self) -> str:
        """Take all complete characters from the raw JSON string and decode them."""
        raw = self._raw
        if not _SYNTAX.search(raw):
            self._raw = ""
            return self._join(raw)
        end = _COMPLETE.match(raw).end()  # type: ignore[union-attr]  # it matches "" as well
        self._raw = raw[end:]
        self._closed = self._raw.startswith('"')
        try:
            return self._join(json.loads(f'"{raw[:end]}"', strict=False))
        except ValueError:  # an unknown escape: the whole answer will be refused
            self._closed = True
            return ""

    def _join(self, text: str) -> str:
        """``text`` with surrogate pairs joined, also when they arrived in separate deltas."""
        if text.isascii() and not self._high_surrogate:
            return text
        text = self._high_surrogate + text
        self._high_surrogate = ""
        if not self._closed and "\ud800" <= text[-1:] < "\udc00":
            self._high_surrogate = text[-1]
            text = text[:-1]
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")

    def _strip(self, text: str) -> str:
        text = self._blanks + text
        if not self._has_output:
            text = text.lstrip()
        emitted = text.rstrip()
        self._blanks = text[len(emitted) :]
        self._has_output = self._has_output or bool(emitted)
        return emitted


__all__ = ["Empty", "JsonFieldStream", "TextStream"]

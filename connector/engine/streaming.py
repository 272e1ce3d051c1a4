"""What is told of an answer while the model writes it: its one text, and never anything else before the whole is checked.

The model writes the arguments of a function, as JSON; a ``Tap`` reads the one text out of them piece by piece. What has been told
cannot be taken back, so nothing more is asked of the model after it, and the whole answer must begin with it.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import Empty, SimpleQueue
from typing import Any

from connector.catalogue.values import clean

_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}
_HEX_DIGITS = 4
_UNKNOWN = "\ufffd"


class Outlet:
    """The way from a run to who listens to it. ``left`` is set when nobody listens any more; the call then ends at once."""

    def __init__(self, left: threading.Event) -> None:
        self.left = left
        self.text = ""  # what has been told
        self._pieces: SimpleQueue[str | None] = SimpleQueue()
        self._ended: Future[Any] = Future()
        self._function = self._value = ""
        self._tap = Tap("")
        self._call: int | None = None

    @property
    def heard(self) -> bool:
        return bool(self.text)

    def attend(self, function: str, value: str) -> None:
        """Of the reply that comes next, tell the text that ``function`` is called with as ``value``; "": tell nothing."""
        self._function, self._value = function, value

    def begins(self) -> None:
        """A reply begins, perhaps at a further try."""
        self._tap, self._call = Tap(self._value), None

    def hears(self, call: int, function: str, piece: str) -> None:
        """The model wrote ``piece`` of the arguments of its call number ``call``."""
        if not self._value or function != self._function or self._call not in {None, call}:
            return
        self._call = call
        if told := self._tap.feed(piece):
            self.text += told
            self._pieces.put(told)

    def follow(self, ended: Future[Any]) -> None:
        """``ended`` is what will be told of the run at its end."""
        self._ended = ended
        ended.add_done_callback(lambda _: self._pieces.put(None))

    def told(self) -> Any:
        """What is told of the run, once it has ended."""
        return self._ended.result()

    def next(self, seconds: float) -> str | None:
        """The next piece of the text, None at the end; ``Empty`` when there is none within ``seconds``."""
        return self._pieces.get(timeout=seconds)


class Tap:
    """The text under ``key`` of a JSON object that comes in pieces: what can be told of it, without blanks around it."""

    def __init__(self, key: str) -> None:
        self._key = key
        self._state: Callable[[str], Callable[[str], object]] = self._before
        self._name: list[str] = []
        self._depth = 0
        self._digits = ""
        self._half = 0  # the first half of a pair of surrogates
        self._signs: list[str] = []
        self._held = ""  # blanks that may be the end of the text
        self._begun = False

    def feed(self, piece: str) -> str:
        """What is new of the text after ``piece``."""
        self._signs = []
        for sign in piece:
            self._state = self._state(sign)  # type: ignore[assignment]  # a state gives the next one, which no type can say
        text = self._held + clean("".join(self._signs))
        if not self._begun:
            text = text.lstrip()
        told = text.rstrip()
        self._held, self._begun = text[len(told) :], self._begun or bool(told)
        return told

    # --- states: each takes a sign and gives the next state ---

    def _before(self, sign: str) -> Callable[[str], object]:
        return self._to_name if sign == "{" else self._before

    def _over(self, sign: str) -> Callable[[str], object]:
        return self._over

    def _to_name(self, sign: str) -> Callable[[str], object]:
        if sign == '"':
            self._name = []
            return self._in_name
        return self._over if sign == "}" else self._to_name

    def _in_name(self, sign: str) -> Callable[[str], object]:
        if sign == '"':
            return self._to_value
        self._name.append(sign)
        return self._escaped_in_name if sign == "\\" else self._in_name

    def _escaped_in_name(self, sign: str) -> Callable[[str], object]:
        self._name.append(sign)
        return self._in_name

    def _to_value(self, sign: str) -> Callable[[str], object]:
        if sign.isspace() or sign == ":":
            return self._to_value
        if self._is_wanted():
            return self._in_text if sign == '"' else self._over
        self._depth = 0
        return self._in_other(sign)

    def _is_wanted(self) -> bool:
        try:
            return bool(json.loads(f'"{"".join(self._name)}"') == self._key)
        except ValueError:
            return False

    def _in_other(self, sign: str) -> Callable[[str], object]:
        if sign == '"':
            return self._in_other_text
        if sign in "{[":
            self._depth += 1
        elif sign in "}]":
            self._depth -= 1
        if self._depth < 0:
            return self._over
        return self._to_name if sign == "," and not self._depth else self._in_other

    def _in_other_text(self, sign: str) -> Callable[[str], object]:
        if sign == "\\":
            return self._escaped_in_other
        return self._in_other if sign == '"' else self._in_other_text

    def _escaped_in_other(self, sign: str) -> Callable[[str], object]:
        return self._in_other_text

    def _in_text(self, sign: str) -> Callable[[str], object]:
        if sign == "\\":
            return self._escaped
        if sign == '"':
            self._add("")
            return self._over
        return self._unit(ord(sign))

    def _escaped(self, sign: str) -> Callable[[str], object]:
        if sign == "u":
            self._digits = ""
            return self._in_digits
        return self._unit(ord(_ESCAPES.get(sign, sign)))

    def _in_digits(self, sign: str) -> Callable[[str], object]:
        self._digits += sign
        if len(self._digits) < _HEX_DIGITS:
            return self._in_digits
        try:
            return self._unit(int(self._digits, 16))
        except ValueError:
            return self._over

    def _unit(self, code: int) -> Callable[[str], object]:
        """One unit of UTF-16 or a whole sign; two halves of a pair may come apart."""
        if self._half and 0xDC00 <= code < 0xE000:  # noqa: PLR2004
            pair = 0x10000 + ((self._half - 0xD800) << 10) + (code - 0xDC00)
            self._half = 0
            self._signs.append(chr(pair))
        elif 0xD800 <= code < 0xDC00:  # noqa: PLR2004
            self._add("")
            self._half = code
        else:
            self._add(chr(code))
        return self._in_text

    def _add(self, sign: str) -> None:
        if self._half:
            self._signs.append(_UNKNOWN)
            self._half = 0
        self._signs.append(sign)


__all__ = ["Empty", "Outlet", "Tap"]

"""The most input tokens that a request can be billed for, counted before it is sent.

Nobody publishes how a provider writes a request down for its model, so this is a bound, made of two parts:

- everything in the request that a model may see, with the functions as compact JSON in ASCII: what models are shown is shorter
  (a declaration), but may have characters beyond ASCII as ``\\uXXXX``;
- an allowance for what is written around it, by the constants below. Each is well above what calls of o4-mini, gpt-4o and
  gpt-5 have been billed; together they are worth about one percent of what the output of a call may cost.

A text is counted with the model's own tokenizer (the extra ``tokens``), or else by its bytes: a tokenizer that works on bytes
never makes more tokens than there are bytes.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from connector.catalogue.files import Picture
from connector.providers.base import Function, ModelRequest, Turn
from connector.providers.models import Model

Measure = Callable[[str], int]

# the frame, the choice of a function and the tool that wraps calls made at once: about 90 tokens; a documented answer has 210
PER_REQUEST = 256
PER_MESSAGE = 16  # its role, its channel and its ends: 3 for a plain message, up to 13 for a call or a result
PER_FUNCTION = 32  # 19 for its name and its ends
PER_CHOICE = 3  # a word of an enum stands between more signs in a declaration than in JSON
PER_LINE = 2  # a line of a description is a comment of its own
# reasoning is reported in steps of 64 tokens, rounded down, so what is sent again may be a step longer than what was billed
PER_REASONING = 128
# of a model whose rule is not known: the dearest of those that are
UNKNOWN_IMAGE = {"patch": 32, "max_patches": 10_000, "factor": 2.46}

# counting is linear, but some texts take a hundred times as long as others and nothing else runs meanwhile
_PIECE = 16_384  # characters counted at once: a third of a millisecond as a rule, thirteen at most
_LONGEST = 1_000_000  # characters of one text that are counted; the rest goes by its bytes
_SEAM = 8  # a cut changes the tokens next to it: up to 3 in millions of texts made to be awkward


@dataclass(frozen=True)
class Count:
    """An upper bound in tokens. ``exact`` only says that texts were counted with the model's own tokenizer, not by their bytes."""

    tokens: int
    exact: bool


class Counter:
    """Counts requests; thread-safe.

    ``exact`` asks for the model's own tokenizer where there is one. It costs some 25 microseconds for a kilobyte (bytes: next to
    nothing), a twentieth of a second at its first use and 70 MB in each process. By its bytes a text in English seems more than
    four times as long as it is, which matters once a text is longer than the answer may be; before that, output is what costs.
    """

    def __init__(self, *, exact: bool = True) -> None:
        self._exact = exact

    def input_bound(self, request: ModelRequest, *rows: Model) -> Count:
        """The most input tokens that ``request`` can be billed for by any of the models of ``rows``, in either dialect."""
        names = {row.tokenizer for row in rows}
        counted = _tokenizer(names.pop()) if self._exact and len(names) == 1 else None
        measure = counted or in_bytes  # the bytes are a bound for every tokenizer
        tokens = PER_REQUEST + measure(request.force or "")
        tokens += 2 * PER_MESSAGE + measure(request.instructions) + measure(request.message)
        tokens += _functions(request.functions, measure)
        tokens += sum(_turn(turn, measure) for turn in request.turns)
        tokens += sum(PER_MESSAGE + measure(shown.words) + picture_bound(shown.picture, rows) for shown in request.pictures)
        return Count(tokens, counted is not None)


    def estimate(self, text: str, *rows: Model) -> int:
        """About how many tokens ``text`` has: counted where there is the tokenizer, else a third of its bytes, which is rather too many."""
        names = {row.tokenizer for row in rows}
        counted = _tokenizer(names.pop()) if self._exact and len(names) == 1 else None
        return counted(text) if counted else -(-in_bytes(text) // 3)


def picture_bound(picture: Picture, rows: Iterable[Model]) -> int:
    """The most tokens that any model of ``rows`` makes of an image: squares of so many pixels times its factor."""
    return max((_picture_tokens(picture, row) for row in rows), default=_picture_tokens(picture, Model("")))


def _picture_tokens(picture: Picture, row: Model) -> int:
    rule = {**UNKNOWN_IMAGE, **row.image}
    side = int(rule["patch"])
    patches = -(-picture.width // side) * -(-picture.height // side)
    return math.ceil(min(patches, rule["max_patches"]) * rule["factor"])


def count_tokens(text: str) -> int:
    """The tokens of ``text``, counted where the extra ``tokens`` is installed, else a third of its bytes, which is seldom too few."""
    counted = _tokenizer("o200k")
    return counted(text) if counted else -(-in_bytes(text) // 3)


def in_bytes(text: str) -> int:
    """The length of ``text`` in UTF-8, as it is sent."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _functions(functions: Iterable[Function], measure: Measure) -> int:
    return sum(
        PER_FUNCTION + measure(one.written) + PER_CHOICE * _choices(one.parameters) + PER_LINE * one.written.count("\\n")
        for one in functions
    )


def _choices(schema: Any) -> int:
    """How many words all enums in ``schema`` have together."""
    if isinstance(schema, list):
        return sum(_choices(child) for child in schema if isinstance(child, dict | list))
    inside = sum(_choices(child) for child in schema.values() if isinstance(child, dict | list))
    return inside + len(schema.get("enum", ()))


def _turn(turn: Turn, measure: Measure) -> int:
    """What the model said, seen again, and our answer to it."""
    sealed = [item["encrypted_content"] for item in turn.reply.replay if item.get("encrypted_content")]
    seen = [{key: value for key, value in item.items() if key != "encrypted_content"} for item in turn.reply.replay]
    seen += [{"call": result.call_id, "output": result.output} for result in turn.results]
    seen += [{"said": turn.note}] if turn.note else []
    # calls made at once and their results are shown as one JSON text, in ASCII: a word in Korean is then five times as long
    at_once = len(turn.results) > 1 or len(turn.reply.calls) > 1
    tokens = PER_MESSAGE * len(seen) + measure(json.dumps(seen, ensure_ascii=at_once, separators=(",", ":")))
    if sealed:
        # how long sealed reasoning is nobody can see; it was written in this reply, so it is within what the reply was billed
        tokens += PER_REASONING * len(sealed) + (turn.reply.usage.output or sum(len(str(one)) for one in sealed))
    return tokens


@cache
def _tokenizer(name: str) -> Measure | None:
    """Counts the tokens of a text; None when the tokenizer is not known or not installed."""
    if name != "o200k":
        return None
    try:
        count: Measure = import_module("rs_bpe.bpe").openai.o200k_base().count
    except ImportError:
        return None
    return lambda text: _counted(text, count)


def _counted(text: str, count: Measure) -> int:
    if not text.isascii():
        text = text.encode("utf-8", "replace").decode()  # half of a character is sent as a question mark
    if len(text) <= _PIECE:
        return count(text)
    pieces = [text[start : start + _PIECE] for start in range(0, min(len(text), _LONGEST), _PIECE)]
    return sum(count(piece) + _SEAM for piece in pieces) + in_bytes(text[_PIECE * len(pieces) :])

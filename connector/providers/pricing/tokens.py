"""The most input tokens that a request can be billed for, counted before it is sent.

How a provider renders a request for its model is not published, so this is an upper bound of two
parts:

- everything in the request that a model may see, with the functions as compact JSON in ASCII; what
  models are shown is shorter (a declaration), but may have characters beyond ASCII as ``\\uXXXX``;
- an allowance for what is rendered around it, by the constants below. Each is well above what calls
  of o4-mini, gpt-4o and gpt-5 have been billed; together they are worth about one percent of what
  the output of a call may cost.

A text is counted with the model's own tokenizer (the extra ``tokens``), or else by its bytes: a
byte-level tokenizer never makes more tokens than there are bytes.
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
from connector.providers.pricing.models import Model

Measure = Callable[[str], int]  # the tokens of a text, or a bound of them

# the frame, the choice of a function and the wrapper of parallel calls: about 90 tokens; one
# documented answer has 210
PER_REQUEST = 256
USUAL_FRAME = 90
PER_MESSAGE = 16  # role, channel and delimiters: 3 of a plain message, up to 13 of a call or result
PER_FUNCTION = 32  # 19 for its name and its delimiters
PER_CHOICE = 3  # an enum's value has more punctuation around it in a declaration than in JSON
PER_LINE = 2  # each line of a description becomes a comment
# reasoning is reported in steps of 64 tokens, rounded down, so what is replayed may be a step
# longer than what was billed
PER_REASONING = 128
# for a model whose rule is unknown: the most expensive of the known ones
UNKNOWN_IMAGE = {"base": 0, "patch": 32, "max_patches": 10_000, "factor": 2.46}

# counting is linear, but takes a hundred times as long for some texts, and holds the GIL meanwhile
_CHUNK = 16_384  # characters counted at once: a third of a millisecond usually, thirteen at most
_MAX_COUNTED = 1_000_000  # characters counted of one text; the rest is measured by its bytes
# a cut changes the tokens next to it: by up to 3 in millions of texts constructed to be awkward
_CUT_ALLOWANCE = 8


@dataclass(frozen=True)
class TokenBound:
    """An upper bound in tokens; ``exact`` when texts were counted with the model's tokenizer."""

    tokens: int
    exact: bool


class TokenCounter:
    """Counts the tokens of requests. Thread-safe.

    ``exact`` uses the model's own tokenizer where there is one. That costs some 25 microseconds per
    kilobyte (bytes: almost nothing), a twentieth of a second at its first use, and 70 MB in each
    process. By its bytes an English text seems more than four times as long as it is, which matters
    once a text is longer than the answer may be; before that, output dominates the cost.
    """

    def __init__(self, *, exact: bool = True) -> None:
        self._exact = exact

    def input_bound(self, request: ModelRequest, *rows: Model) -> TokenBound:
        """The most input tokens that any model of ``rows`` can bill for ``request``."""
        tokenizer = self._shared_tokenizer(rows)
        # the bytes are a bound for every tokenizer
        tokens = _request_tokens(request, rows, tokenizer or utf8_length)
        return TokenBound(tokens, tokenizer is not None)

    def estimate_request(self, request: ModelRequest, *rows: Model) -> int:
        """About how many input tokens ``request`` has for the models of ``rows``."""
        tokenizer = self._shared_tokenizer(rows)
        return _request_tokens(request, rows, lambda text: _estimate(text, tokenizer))

    def input_estimate(self, request: ModelRequest, row: Model) -> int:
        """About how many tokens ``row`` bills for the first call of a conversation."""
        parts = [request.instructions, request.message]
        parts += [function.as_json for function in request.functions]
        images = sum(image_token_bound(image.picture, (row,)) for image in request.pictures)
        return USUAL_FRAME + sum(self.estimate(part, row) for part in parts) + images

    def estimate(self, text: str, *rows: Model) -> int:
        """About how many tokens ``text`` has for the models of ``rows``."""
        return _estimate(text, self._shared_tokenizer(rows))

    def _shared_tokenizer(self, rows: Iterable[Model]) -> Measure | None:
        """The tokenizer of all ``rows``; None when they differ or it is not available."""
        names = {row.tokenizer for row in rows}
        return _tokenizer(names.pop()) if self._exact and len(names) == 1 else None


def _request_tokens(request: ModelRequest, rows: Iterable[Model], measure: Measure) -> int:
    tokens = PER_REQUEST + measure(request.force or "")
    tokens += 2 * PER_MESSAGE + measure(request.instructions) + measure(request.message)
    tokens += _functions(request.functions, measure)
    tokens += sum(_turn(turn, measure) for turn in request.turns)
    tokens += sum(
        PER_MESSAGE + measure(image.label) + image_token_bound(image.picture, rows)
        for image in request.pictures
    )
    return tokens


def image_token_bound(picture: Picture, rows: Iterable[Model]) -> int:
    """The most tokens that any model of ``rows`` bills for an image."""
    counts = [_picture_tokens(picture, row) for row in rows]
    return max(counts) if counts else _picture_tokens(picture, Model(""))


def _picture_tokens(picture: Picture, row: Model) -> int:
    """The model's base, and its factor for each square patch that covers the image."""
    rule = {**UNKNOWN_IMAGE, **row.image}
    side = int(rule["patch"])
    patches = -(-picture.width // side) * -(-picture.height // side)
    return math.ceil(rule["base"] + min(patches, rule["max_patches"]) * rule["factor"])


def count_tokens(text: str) -> int:
    """About how many tokens ``text`` has for OpenAI's current models."""
    return _estimate(text, _tokenizer("o200k"))


def _estimate(text: str, tokenizer: Measure | None) -> int:
    counted = _MAX_COUNTED if tokenizer else 0
    tokens = tokenizer(text[:counted]) if tokenizer else 0
    # a third of the bytes is seldom too few
    return tokens - (-utf8_length(text[counted:]) // 3)


def utf8_length(text: str) -> int:
    """The length of ``text`` in bytes, as it is sent."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "replace"))


def _functions(functions: Iterable[Function], measure: Measure) -> int:
    return sum(
        PER_FUNCTION
        + measure(function.as_json)
        + PER_CHOICE * function.choice_count
        + PER_LINE * function.as_json.count("\\n")
        for function in functions
    )


def _turn(turn: Turn, measure: Measure) -> int:
    """The tokens of an earlier reply, sent again, and of our answer to it."""
    visible: list[dict[str, Any]] = [
        {key: value for key, value in item.items() if key != "encrypted_content"}
        for item in turn.reply.replay
    ]
    visible += [{"call": result.call_id, "output": result.output} for result in turn.results]
    if turn.note:
        visible.append({"said": turn.note})
    # parallel calls and their results are shown as one JSON text in ASCII, in which a Korean word
    # is five times as long
    is_parallel = len(turn.results) > 1 or len(turn.reply.calls) > 1
    text = json.dumps(visible, ensure_ascii=is_parallel, separators=(",", ":"))
    return PER_MESSAGE * len(visible) + measure(text) + _encrypted_reasoning(turn)


def _encrypted_reasoning(turn: Turn) -> int:
    """The most tokens of replayed reasoning, whose length its encrypted form hides.

    It was written in this reply, so it is within what the reply was billed.
    """
    encrypted = [
        item["encrypted_content"] for item in turn.reply.replay if item.get("encrypted_content")
    ]
    if not encrypted:
        return 0
    billed = turn.reply.usage.output or sum(len(str(content)) for content in encrypted)
    return PER_REASONING * len(encrypted) + billed


@cache
def _tokenizer(name: str) -> Measure | None:
    """Counts the tokens of a text; None when the tokenizer is unknown or not installed."""
    if name != "o200k":
        return None
    try:
        count: Measure = import_module("rs_bpe.bpe").openai.o200k_base().count
    except ImportError:
        return None
    return lambda text: _count_in_chunks(text, count)


def _count_in_chunks(text: str, count: Measure) -> int:
    if not text.isascii():
        # half of a surrogate pair is sent as a question mark
        text = text.encode("utf-8", "replace").decode()
    if len(text) <= _CHUNK:
        return count(text)
    counted = min(len(text), _MAX_COUNTED)
    chunks = [text[start : start + _CHUNK] for start in range(0, counted, _CHUNK)]
    rest = text[_CHUNK * len(chunks) :]
    return sum(count(chunk) + _CUT_ALLOWANCE for chunk in chunks) + utf8_length(rest)

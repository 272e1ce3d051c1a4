"""Pieces of a text that a translation must keep: placeholders, tags, addresses, numbers, own words.

Each is replaced by a mark before a model reads the text and put back into what the model writes, so
that a model cannot change it. A mark shows the piece where its grammar depends on it, as in
``⟦2|3⟧ files``; a model may write the mark with or without that, or the piece itself. Afterwards
the pieces are counted in both texts.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from connector.catalogue.stated_values import number_readings

# the kinds of pieces, each with its pattern; of two at one place the first counts
_PATTERNS = {
    "mark": r"⟦[^⟦⟧\n]{0,300}⟧",
    "icu": (
        r"\{\s{0,9}\w{1,60}\s{0,9},\s{0,9}(?:plural|select|selectordinal)\s{0,9},"
        r"\s{0,99}(?:offset:\d{1,6}\s{0,99})?(?:=\d{1,9}|\w{1,60})\s{0,9}\{"
    ),
    "placeholder": (
        r"\{\{\{[^{}\n]{1,200}\}\}\}|\{\{[^{}\n]{1,200}\}\}|\{%[^%\n]{1,200}%\}|"
        r"<%[^%\n]{1,200}%>|\$\{[^{}\n]{1,200}\}|#\{[^{}\n]{1,200}\}|"
        r"\{[\w.:,+#-]{0,60}\}|\{\w{1,60}, ?(?:number|date|time)(?:, ?[^{}\n]{1,60})?\}|"
        r"%\([A-Za-z_]\w{0,60}\)[#0+-]{0,5}\d{0,4}(?:\.\d{1,3})?[a-zA-Z]|"
        r"(?<![\d%])%(?:\d{1,2}\$)?[#0+-]{0,5}\d{0,4}(?:\.\d{1,3})?(?:ll?|h)?[sdifuxXceEgG@](?!\w)|"
        r"(?<![\w%])%[A-Za-z_]\w{0,60}%|%%"
    ),
    "tag": r"<!--[^<>]{0,2000}-->|</?[A-Za-z][^<>]{0,2000}>|&(?:[a-zA-Z]{2,12}|#\d{1,7});",
    "url": r"\b(?:https?://|www\.|mailto:)[^\s<>\"')\]}⟦⟧]{1,2000}",
    "email": r"(?<![\w.+-])[\w.+-]{1,64}+@[\w-]{1,63}+(?:\.[\w-]{1,63}+){1,8}",
    "number": (
        r"(?<![A-Za-z0-9])(?:[A-Za-z]{1,10}-?)?\d{1,40}"
        r"(?:[.,:/'\u2019\u00a0\u202f-]\d{1,40}){0,12}%?"
    ),
}
_ANY_PIECE = "|".join(f"(?P<{kind}>{pattern})" for kind, pattern in _PATTERNS.items())
# inside an ICU message: the end of one form and the start of the next, its end, and its number
_ICU_PART = r"(?P<icu_part>\}\s{0,99}(?:=\d{1,9}|\w{1,60})\s{0,9}\{|\}\s{0,99}\}|#)"
_MARK = re.compile(r"⟦\s{0,9}(\d{1,6})\s{0,9}(?:\|[^⟦⟧\n]{0,300})?⟧")
_URL_END = ".,;:!?"
_MAX_NAMED = 20
_SHOWN = 60  # characters of a piece in a sentence
_COUNTED_TWICE = frozenset({"icu", "placeholder", "tag"})  # one more of these is an error too
_OUTSIDE = re.compile(_ANY_PIECE)
_INSIDE = re.compile(f"{_ICU_PART}|{_ANY_PIECE}")


@dataclass(frozen=True)
class Piece:
    """A piece of a text from ``start`` to ``end``, in characters from 0."""

    kind: str
    value: str
    start: int
    end: int

    @property
    def is_shown(self) -> bool:
        """Whether a model sees the piece in its mark: grammar depends on numbers and words."""
        return self.kind in {"number", "own"}


def find_pieces(text: str, own: Sequence[str] = ()) -> list[Piece]:
    """The pieces of ``text`` in order; ``own`` are words to keep, found in any case."""
    outside, inside = _patterns(tuple(own))
    pieces: list[Piece] = []
    start = depth = 0
    while match := (inside if depth else outside).search(text, start):
        kind, value = str(match.lastgroup).removesuffix("_part"), match[0]
        if kind == "url":
            value = value.rstrip(_URL_END)
        elif kind == "icu":
            depth += _depth_change(value)
        start = match.start() + len(value)
        pieces.append(Piece(kind, value, match.start(), start))
    return pieces


@lru_cache(maxsize=16)
def _patterns(own: tuple[str, ...]) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What finds a piece outside an ICU message, and inside one."""
    words = sorted(filter(None, map(str.strip, own)), key=len, reverse=True)
    if not words:
        return _OUTSIDE, _INSIDE
    any_word = "|".join(map(re.escape, words))
    own_words = rf"(?P<own>(?i:(?<!\w)(?:{any_word})(?!\w)))"
    return (
        re.compile(f"{own_words}|{_OUTSIDE.pattern}"),
        re.compile(f"{own_words}|{_INSIDE.pattern}"),
    )


def _depth_change(value: str) -> int:
    """1 for the start of an ICU message, -1 for its end, 0 between its forms."""
    if "{" in value:
        return 1 if "," in value else 0
    return -1 if "}" in value else 0


# --- marks ----------------------------------------------------------------------------------------


def mask(text: str, own: Sequence[str] = ()) -> str:
    """``text`` with a numbered mark in place of each piece."""
    parts: list[str] = []
    end = 0
    for number, piece in enumerate(find_pieces(text, own), 1):
        shown = f"|{piece.value}" if piece.is_shown else ""
        parts += [text[end : piece.start], f"⟦{number}{shown}⟧"]
        end = piece.end
    return "".join([*parts, text[end:]])


def restore(written: str, text: str, own: Sequence[str] = ()) -> str:
    """``written`` with the pieces of ``text`` in place of their marks; other marks stay."""
    if "⟦" not in written:
        return written
    pieces = find_pieces(text, own)

    def piece(match: re.Match[str]) -> str:
        number = int(match[1])
        return pieces[number - 1].value if 1 <= number <= len(pieces) else match[0]

    return _MARK.sub(piece, written)


# --- counting -------------------------------------------------------------------------------------


def piece_faults(text: str, written: str, own: Sequence[str] = ()) -> list[str]:
    """A sentence for each piece of ``text`` that ``written`` has less or more often.

    Numbers are counted by value, and may be more; so may addresses and own words.
    """
    before, after = _counts(text, own), _counts(written, own)
    faults = []
    for key, (piece, count) in before.items():
        found = _found(key, after)
        if found < count or (found > count and piece.kind in _COUNTED_TWICE):
            faults.append(f"{_shown(piece)}: {count} in the text, {found} in the answer")
    for key, (piece, count) in after.items():
        if key not in before and piece.kind in {*_COUNTED_TWICE, "mark"}:
            faults.append(f"{_shown(piece)}: 0 in the text, {count} in the answer")
    return faults[:_MAX_NAMED]


_Key = tuple[str, str | frozenset[Decimal]]


def _counts(text: str, own: Sequence[str]) -> dict[_Key, tuple[Piece, int]]:
    """Each distinct piece of ``text``, with how often it occurs."""
    pieces = find_pieces(text, own)
    counts = Counter(map(_key, pieces))
    return {_key(piece): (piece, counts[_key(piece)]) for piece in pieces}


def _key(piece: Piece) -> _Key:
    if piece.kind == "number" and re.fullmatch(r"[\d.,'\u2019\u00a0\u202f]+", piece.value):
        return "number", frozenset(number_readings(piece.value))
    if piece.kind == "own":
        return piece.kind, piece.value.casefold()
    if piece.kind == "icu":
        return piece.kind, "".join(piece.value.split())
    return ("number" if piece.kind == "number" else "other"), piece.value


def _found(key: _Key, counts: Mapping[_Key, tuple[Piece, int]]) -> int:
    """How often a piece occurs: for a number, every number that can have its value."""
    kind, value = key
    if isinstance(value, str):
        return counts[key][1] if key in counts else 0
    return sum(
        count
        for (other, readings), (_, count) in counts.items()
        if other == kind and isinstance(readings, frozenset) and readings & value
    )


def _shown(piece: Piece) -> str:
    return piece.value if len(piece.value) <= _SHOWN else f"{piece.value[: _SHOWN - 1]}…"

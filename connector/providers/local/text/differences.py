"""Where two texts differ: numbers, dates and amounts by their value, everything else by its words.

``1,000.50`` and ``1000.5`` are equal, and so are ``3 March 2026`` and ``2026-03-03``. Lines are
compared first and words only within lines that differ, so that long texts take little time.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from connector.catalogue.text_folding import fold
from connector.providers.local.text.dates import DateStyle, date_style, find_dates
from connector.providers.local.text.money import (
    find_money,
    find_numbers,
    uses_decimal_comma,
)

VALUES = ("number", "date", "money")
_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]|_")
_MAX_CELLS = 4_000_000  # tokens of one side times those of the other
_STOPS = ".!?"
_JOINT = 1  # equal tokens between two changes that are told as one


@dataclass(frozen=True)
class Token:
    """A word, a character of punctuation, or a value; equal tokens have equal keys."""

    start: int
    end: int
    kind: str
    key: str


@dataclass(frozen=True)
class Difference:
    """What is at ``a_start`` in the first text, and what is at ``b_start`` in the second."""

    kind: str
    a: str
    b: str
    a_start: int
    b_start: int


def tokens(text: str, ignore: Collection[str] = ()) -> list[Token]:
    """The tokens of ``text``; ``ignore``: case, punctuation."""
    values = _value_tokens(text)
    found: list[Token] = []
    position = 0
    for value in [*values, None]:
        end = value.start if value else len(text)
        for match in _WORD.finditer(text, position, end):
            word = fold(match.group())
            if "punctuation" in ignore and not any(char.isalnum() for char in word):
                continue
            key = word.casefold() if "case" in ignore else word
            found.append(Token(match.start(), match.end(), "word", key))
        if value:
            found.append(value)
            position = value.end
    return found


def _value_tokens(text: str) -> list[Token]:
    comma = uses_decimal_comma(text)
    style: DateStyle = date_style(text)
    candidates = [
        *(Token(s.start, s.end, "date", s.value.isoformat()) for s in find_dates(text, style)),
        *(
            Token(s.start, s.end, "money", f"{s.value:.10g} {s.extra}")
            for s in find_money(text, comma)
        ),
        *(Token(s.start, s.end, "number", f"{s.value:.15g}") for s in find_numbers(text, comma)),
    ]
    chosen: list[Token] = []
    rank = {"date": 0, "money": 1, "number": 2}
    for token in sorted(candidates, key=lambda one: (one.start, rank[one.kind])):
        if not chosen or token.start >= chosen[-1].end:
            chosen.append(token)
    return chosen


def find_differences(a: str, b: str, ignore: Collection[str] = ()) -> list[Difference]:
    """The differences in the order of the first text; ``ignore``: case, punctuation, order."""
    a_lines, b_lines = _lines(a, ignore), _lines(b, ignore)
    if "order" in ignore:
        a_lines, b_lines = _without_common(a_lines, b_lines)
    found: list[Difference] = []
    for a_from, a_to, b_from, b_to in _changes(a_lines, b_lines):
        left = [token for line in a_lines[a_from:a_to] for token in line.tokens]
        right = [token for line in b_lines[b_from:b_to] for token in line.tokens]
        at = _places(a_lines, a_from, b_lines, b_from)
        found += _within(a, b, left, right, at)
    return found


@dataclass(frozen=True)
class _Line:
    tokens: tuple[Token, ...]
    key: tuple[str, ...]


def _lines(text: str, ignore: Collection[str]) -> list[_Line]:
    """The lines that have a token, and within them the sentences."""
    lines: list[list[Token]] = [[]]
    last = 0
    for token in tokens(text, ignore):
        gap = text[last : token.start]
        if "\n" in gap or (gap.endswith(" ") and text[token.start - len(gap) - 1] in _STOPS):
            lines.append([])
        lines[-1].append(token)
        last = token.end
    return [_Line(tuple(line), tuple(one.key for one in line)) for line in lines if line]


def _without_common(a: list[_Line], b: list[_Line]) -> tuple[list[_Line], list[_Line]]:
    """The lines of each side that the other does not have, as often as it has them."""
    common = Counter(line.key for line in a) & Counter(line.key for line in b)

    def rest(lines: list[_Line]) -> list[_Line]:
        left = Counter(common)
        kept = []
        for line in lines:
            left[line.key] -= 1
            if left[line.key] < 0:
                kept.append(line)
        return kept

    return rest(a), rest(b)


def _changes(a: Sequence[_Line], b: Sequence[_Line]) -> Iterator[tuple[int, int, int, int]]:
    matcher = SequenceMatcher(None, [line.key for line in a], [line.key for line in b])
    for tag, a_from, a_to, b_from, b_to in matcher.get_opcodes():
        if tag != "equal":
            yield a_from, a_to, b_from, b_to


def _places(a: Sequence[_Line], a_from: int, b: Sequence[_Line], b_from: int) -> tuple[int, int]:
    """Where a text goes on that has nothing there."""

    def place(lines: Sequence[_Line], number: int) -> int:
        if number < len(lines):
            return lines[number].tokens[0].start
        return lines[-1].tokens[-1].end if lines else 0

    return place(a, a_from), place(b, b_from)


def _within(
    a: str, b: str, left: list[Token], right: list[Token], at: tuple[int, int]
) -> Iterator[Difference]:
    if len(left) * len(right) > _MAX_CELLS:
        yield _difference(a, b, left, right, at)
        return
    keys = [token.key for token in left], [token.key for token in right]
    matcher = SequenceMatcher(None, *keys, autojunk=False)
    for a_from, a_to, b_from, b_to in _joined(matcher.get_opcodes()):
        one, other = left[a_from:a_to], right[b_from:b_to]
        place = (
            one[0].start if one else (left[a_from - 1].end if a_from else at[0]),
            other[0].start if other else (right[b_from - 1].end if b_from else at[1]),
        )
        pairs = _paired(one, other)
        for x, y in pairs:
            yield _difference(a, b, x, y, place)


def _joined(
    opcodes: Sequence[tuple[str, int, int, int, int]],
) -> Iterator[tuple[int, int, int, int]]:
    """The changes, those with only one equal token between them as one."""
    current: list[int] = []
    for tag, a_from, a_to, b_from, b_to in opcodes:
        if tag == "equal":
            if current and a_to - a_from > _JOINT:
                yield current[0], current[1], current[2], current[3]
                current = []
            continue
        current = [current[0], a_to, current[2], b_to] if current else [a_from, a_to, b_from, b_to]
    if current:
        yield current[0], current[1], current[2], current[3]


def _paired(one: list[Token], other: list[Token]) -> list[tuple[list[Token], list[Token]]]:
    """A change as its single values, where both sides have the same kinds of tokens."""
    kinds = [token.kind for token in one]
    has_values = any(kind in VALUES for kind in kinds)
    if not has_values or kinds != [token.kind for token in other]:
        return [(one, other)]
    return [([x], [y]) for x, y in zip(one, other, strict=True) if x.key != y.key]


def _difference(
    a: str, b: str, one: Sequence[Token], other: Sequence[Token], at: tuple[int, int]
) -> Difference:
    kinds = {token.kind for token in (*one, *other)}
    kind = "changed"
    if not one:
        kind = "added"
    elif not other:
        kind = "removed"
    elif len(kinds) == 1 and len(one) == len(other) == 1 and kinds <= set(VALUES):
        kind = kinds.pop()
    return Difference(
        kind,
        a[one[0].start : one[-1].end] if one else "",
        b[other[0].start : other[-1].end] if other else "",
        one[0].start if one else at[0],
        other[0].start if other else at[1],
    )

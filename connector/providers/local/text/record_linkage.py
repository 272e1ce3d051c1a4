"""Which rows are about the same thing: agreement of each column, weighed by how rare it is.

A column counts as in the model of Fellegi and Sunter (1969): equal values say more the rarer they
are among all rows. Rows are compared only if they share something rare, so that the work grows with
the rows and not with their square.
"""

from __future__ import annotations

import math
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

_SURE = 0.95  # of the same things, how many have the same value in a column
_MAX_BUCKET = 60  # rows that share a key and are compared with each other
_NEAR = 0.8  # similarity below which two values say nothing for a match
_ONE_EDIT = 0.9
_ONE_DIGIT = 0.85
_MIN_GRAMS = 3
_MAX_PAIRS = 2_000_000


@dataclass(frozen=True)
class RecordMatch:
    """Two rows, their score from 0 to 1, and for each compared column how similar they are."""

    a: int
    b: int
    score: float
    columns: tuple[tuple[str, float], ...]


Records = Sequence[Mapping[str, str]]


def find_matches(
    records: Records,
    titles: Sequence[str],
    weights: Mapping[str, float],
    threshold: float,
    *,
    border: int = 0,
) -> list[RecordMatch]:
    """The pairs of rows with at least this score, the best first.

    ``border``: rows from there on are a second list, and pairs have one row of each.
    """
    folded = [{title: fold_value(row.get(title, "")) for title in titles} for row in records]
    rarity = {title: _rarities([row[title] for row in folded]) for title in titles}
    found = []
    for a, b in _candidates(folded, titles, border):
        match = _compare(a, b, folded, rarity, weights)
        if match and match.score >= threshold:
            found.append(match)
    return sorted(found, key=lambda one: (-one.score, one.a, one.b))


@lru_cache(maxsize=200_000)
def fold_value(text: str) -> str:
    """``text`` without accents, case and punctuation; words are divided by a blank."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    chars = (char if char.isalnum() else " " for char in plain if not unicodedata.combining(char))
    return " ".join("".join(chars).split())


def _rarities(values: Sequence[str]) -> dict[str, float]:
    """For each value, the bits that agreement on it says: more for a rarer one."""
    counts = Counter(value for value in values if value)
    total = max(sum(counts.values()), 2)
    return {
        value: max(math.log2(_SURE / (max(count - 1, 0.5) / total)), 0.1)
        for value, count in counts.items()
    }


# --- which rows are compared ----------------------------------------------------------------------


def _candidates(
    rows: Sequence[Mapping[str, str]], titles: Sequence[str], border: int
) -> Iterator[tuple[int, int]]:
    """The pairs that share a rare word, or two values or beginnings of values."""
    buckets: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, row in enumerate(rows):
        for key in set(_keys(row, titles)):
            buckets[key].append(number)
    seen: set[tuple[int, int]] = set()
    for members in buckets.values():
        if not 1 < len(members) <= _MAX_BUCKET:
            continue
        for pair in combinations(members, 2):
            if (border and (pair[0] < border) == (pair[1] < border)) or pair in seen:
                continue
            seen.add(pair)
            yield pair
            if len(seen) >= _MAX_PAIRS:
                return


def _keys(row: Mapping[str, str], titles: Sequence[str]) -> Iterator[tuple[str, ...]]:
    filled = [title for title in titles if row[title]]
    for title in filled:
        yield title, row[title]
        yield from ((title, word) for word in row[title].split() if len(word) > _MIN_GRAMS)
    starts = [(title, row[title][:_MIN_GRAMS]) for title in filled]
    ends = [(title, row[title][-_MIN_GRAMS:]) for title in filled]
    for (one, start), (other, end) in combinations(starts, 2):
        yield one, start, other, end
    for (one, start), (other, end) in zip(starts, ends, strict=True):
        yield one, start, other, end, "end"


# --- how similar they are -------------------------------------------------------------------------


def _compare(
    a: int,
    b: int,
    rows: Sequence[Mapping[str, str]],
    rarity: Mapping[str, Mapping[str, float]],
    weights: Mapping[str, float],
) -> RecordMatch | None:
    agreed = possible = 0.0
    columns = []
    for title, weight in weights.items():
        one, other = rows[a][title], rows[b][title]
        if not one or not other:
            continue
        alike = similarity(one, other)
        # what agreement here would say; disagreement costs as much
        bits = weight * min(rarity[title][one], rarity[title][other])
        possible += bits
        agreed += bits * max(0.0, (alike - _NEAR) / (1 - _NEAR)) if alike < 1 else bits
        columns.append((title, round(alike, 2)))
    if not possible:
        return None
    filled = sum(weights[title] for title, _ in columns) / (sum(weights.values()) or 1)
    # what rests on few columns is less sure
    score = agreed / possible * min(1.0, 0.5 + filled)
    return RecordMatch(a, b, round(score, 4), tuple(columns))


@lru_cache(maxsize=500_000)
def similarity(one: str, other: str) -> float:
    """1: equal; 0.9: one edit (0.85 of a digit); else the share of common pairs of letters."""
    if one == other:
        return 1.0
    if one.replace(" ", "") == other.replace(" ", ""):
        return 0.98
    if _is_one_edit(one, other):
        if min(len(one), len(other)) <= _MIN_GRAMS:
            return _NEAR
        # house numbers and the like differ by one digit, too
        return _ONE_EDIT if _same_digits(one, other) else _ONE_DIGIT
    if sorted(one.split()) == sorted(other.split()):
        return 0.95
    common = len(_grams(one) & _grams(other))
    return 2 * common / (len(_grams(one)) + len(_grams(other)))


@lru_cache(maxsize=200_000)
def _grams(text: str) -> frozenset[str]:
    padded = f" {text} "
    return frozenset(padded[at : at + 2] for at in range(len(padded) - 1))


def _same_digits(one: str, other: str) -> bool:
    return [char for char in one if char.isdigit()] == [char for char in other if char.isdigit()]


def _is_one_edit(one: str, other: str) -> bool:
    """Whether one character was changed, left out or added, or two neighbours were exchanged."""
    if abs(len(one) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    a, b = one[start:], other[start:]
    if a[1:] == b[1:] or a[1:] == b or a == b[1:]:
        return True
    return len(a) == len(b) and a[:2] == b[:2][::-1] and a[2:] == b[2:]


def connected(pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """The groups of rows that pairs connect, each in order."""
    parent: dict[int, int] = {}

    def root(row: int) -> int:
        parent.setdefault(row, row)
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    for a, b in pairs:
        parent[max(root(a), root(b))] = min(root(a), root(b))
    groups: dict[int, list[int]] = defaultdict(list)
    for row in parent:
        groups[root(row)].append(row)
    return [sorted(group) for _, group in sorted(groups.items())]

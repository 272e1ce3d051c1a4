# ruff: noqa: PLR2004 - shares of a height and code points are plainest as figures
"""The words of a PDF page with their places, read from PDFium in a few calls for each word."""

from __future__ import annotations

import ctypes
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from connector.documents.layout.words import Ruling, Word

MAX_WORDS = 30_000  # of one page; a page of small print has 2,000
_WORD = re.compile(r"[^\s\x00\x02\ufffe]+[\x02\ufffe]?")
_HYPHENS = "\x02\ufffe"  # how PDFium marks a word that is divided at the end of a line
_UNREADABLE = re.compile("[\ufffd\ue000-\uf8ff\x01-\x08\x0e-\x1f]")  # of fonts without a table
_TALL = 1.7  # times as high as its first letter: a word that goes up or down
_WIDE = 1.5  # times the line's height: the average character of a word that is none
_QUARTER = math.pi / 2
_RIGHT, _UP, _LEFT, _DOWN = range(4)


class Box(NamedTuple):
    """A box in a PDF's own coordinates, where y grows upwards."""

    left: float
    bottom: float
    right: float
    top: float


class PlacedWord(NamedTuple):
    """A word, its box in the PDF's coordinates, and the direction in which it is read.

    ``direction`` counts quarters of a turn against the clock: 1 is read upwards.
    """

    text: str
    left: float
    bottom: float
    right: float
    top: float
    direction: int


def page_words(text_page: Any) -> list[PlacedWord]:
    """The words in the order of the file. A divided word ends with a hyphen."""
    import pypdfium2.raw as pdfium

    raw = text_page.raw
    rectangle = pdfium.FS_RECTF()
    pointer = ctypes.byref(rectangle)
    get_box = pdfium.FPDFText_GetLooseCharBox
    words: list[PlacedWord] = []
    for match in _WORD.finditer(_characters(text_page, pdfium)):
        start, end = match.span()
        if not get_box(raw, start, pointer):
            continue
        left, bottom = rectangle.left, rectangle.bottom
        right, top = rectangle.right, rectangle.top
        height = top - bottom
        if end - start > 1:
            if not get_box(raw, end - 1, pointer):
                continue
            left, right = min(left, rectangle.left), max(right, rectangle.right)
            bottom, top = min(bottom, rectangle.bottom), max(top, rectangle.top)
        is_level = top - bottom <= _TALL * height and right - left <= (
            _WIDE * height * (end - start)
        )
        if is_level and (right - left >= 0.5 * height or end - start == 1):
            words.append(PlacedWord(_readable(match[0]), left, bottom, right, top, _RIGHT))
        else:
            words += _split_word(
                match[0], [_character(pdfium, raw, at) for at in range(start, end)]
            )
        if len(words) >= MAX_WORDS:
            break
    return _with_single_characters(words)


def _character(pdfium: Any, raw: Any, index: int) -> tuple[Box, int]:
    """The box of a character, and its direction."""
    rectangle = pdfium.FS_RECTF()
    pdfium.FPDFText_GetLooseCharBox(raw, index, ctypes.byref(rectangle))
    angle = pdfium.FPDFText_GetCharAngle(raw, index)  # with the clock
    box = Box(rectangle.left, rectangle.bottom, rectangle.right, rectangle.top)
    return box, -round(angle / _QUARTER) % 4


def _split_word(text: str, characters: Sequence[tuple[Box, int]]) -> Iterator[PlacedWord]:
    """The words of ``text``, between whose characters there may be no blank but a distance."""
    start = 0
    for index in range(1, len(text) + 1):
        if index < len(text) and _is_next(characters[index - 1], characters[index]):
            continue
        lefts, bottoms, rights, tops = zip(
            *(box for box, _ in characters[start:index]), strict=True
        )
        yield PlacedWord(
            _readable(text[start:index]),
            min(lefts),
            min(bottoms),
            max(rights),
            max(tops),
            characters[start][1],
        )
        start = index


def _is_next(one: tuple[Box, int], other: tuple[Box, int]) -> bool:
    """Whether the second character follows the first one in its direction, without a blank."""
    if one[1] != other[1]:
        return False
    frame = PageFrame(Box(0, 0, 0, 0), one[1])
    _, top, right, bottom = frame.turn(one[0])
    start, high, _, low = frame.turn(other[0])
    height = bottom - top
    overlap = min(bottom, low) - max(top, high)
    return overlap > 0.5 * min(height, low - high) and abs(start - right) < 0.5 * height


def _with_single_characters(words: list[PlacedWord]) -> list[PlacedWord]:
    """The words; one of a single character, which has no direction, has that of most words."""
    if not any(word.direction for word in words):
        return words
    usual = Counter(word.direction for word in words if len(word.text) > 1).most_common(1)
    direction = usual[0][0] if usual else _RIGHT
    return [word._replace(direction=direction) if len(word.text) == 1 else word for word in words]


def _characters(text_page: Any, pdfium: Any) -> str:
    """The page's characters; index ``i`` of the text is PDFium's character ``i``."""
    count = text_page.count_chars()
    text: str = text_page.get_text_range(errors="replace") if count else ""
    if len(text) == count:
        return text
    get_unicode = pdfium.FPDFText_GetUnicode
    codes = (get_unicode(text_page.raw, index) for index in range(count))
    return "".join(chr(code) if code < 0x110000 else "\ufffd" for code in codes)


def _readable(text: str) -> str:
    if text[-1] in _HYPHENS:
        text = text[:-1] + "-"
    return text


def unreadable_share(words: Iterable[PlacedWord]) -> float:
    """The share of characters, from 0 to 1, of which a PDF does not tell what they are."""
    text = "".join(word.text for word in words)
    return len(_UNREADABLE.findall(text)) / len(text) if text else 0.0


class PageFrame:
    """Places of a page, turned so that text of one direction is read from left to right."""

    def __init__(self, box: Box, direction: int) -> None:
        self.box = box
        self.direction = direction

    def turn(self, box: Box) -> tuple[float, float, float, float]:
        """(left, top, right, bottom) of ``box``, from the upper left corner as one reads."""
        page = self.box
        if self.direction == _RIGHT:
            return (
                box.left - page.left,
                page.top - box.top,
                box.right - page.left,
                page.top - box.bottom,
            )
        if self.direction == _UP:
            return (
                box.bottom - page.bottom,
                box.left - page.left,
                box.top - page.bottom,
                box.right - page.left,
            )
        if self.direction == _LEFT:
            return (
                page.right - box.right,
                box.bottom - page.bottom,
                page.right - box.left,
                box.top - page.bottom,
            )
        return (
            page.top - box.top,
            page.right - box.right,
            page.top - box.bottom,
            page.right - box.left,
        )

    def words(self, words: Iterable[PlacedWord]) -> list[Word]:
        if self.direction == _RIGHT:  # nearly all pages
            x, y = self.box.left, self.box.top
            return [
                Word(text, left - x, y - top, right - x, y - bottom)
                for text, left, bottom, right, top, _ in words
            ]
        return [
            Word(word.text, *self.turn(Box(word.left, word.bottom, word.right, word.top)))
            for word in words
        ]

    def rulings(self, lines: Iterable[Box]) -> list[Ruling]:
        return [Ruling(*self.turn(line)) for line in lines]


def by_direction(words: Sequence[PlacedWord]) -> list[tuple[int, list[PlacedWord]]]:
    """The words of each direction, the most frequent one first."""
    counts = Counter(word.direction for word in words)
    if len(counts) == 1:
        return [(words[0].direction, list(words))]
    return [
        (direction, [word for word in words if word.direction == direction])
        for direction, _ in counts.most_common()
    ]

"""Words to runs (words with ordinary blanks between them), and runs to the rows of a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from connector.documents.layout.words import Ruling, Word

# A wider gap, as a share of the line's height, separates columns. A blank is a quarter of it; in
# justified text it is seldom stretched this far.
WIDE_GAP = 0.8
_FIGURES_GAP = 0.5  # between two numbers
_SAME_LINE = 0.5  # of the lower of two words is beside the other one
_SAME_ROW = 0.35  # the same of two runs: a number may be beside the middle of a cell of two lines
_OVERPRINT = -0.6
# "Total ........ 5.00", and lines that are written with signs
_LEADER = re.compile(r"(?:[.\u2026\u00b7_]{4,}|[=_*~-]{8,})$")
_MIN_DOTS = 4
_SIGNS = frozenset(".\u2026\u00b7_=*~-")
_BULLET = re.compile(
    r"(?:[-*\u2022\u2023\u25aa\u25cf\u25e6\u2013\u2014\u00b7o\uf0b7]|\(?\w{1,3}[.)])$"
)
_DIGIT = re.compile(r"\d")
_RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


@dataclass(slots=True)
class TextRun:
    """Words of one line that belong together, from left to right, and their box."""

    words: list[Word]
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    @property
    def text(self) -> str:
        return words_text(self.words)


@dataclass(slots=True)
class Row:
    """Runs of one line across a part of the page, from left to right."""

    runs: list[TextRun] = field(default_factory=list)
    top: float = 0.0
    bottom: float = 0.0

    @property
    def left(self) -> float:
        return self.runs[0].left

    @property
    def right(self) -> float:
        return max(run.right for run in self.runs)

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def gaps(self) -> list[tuple[float, float]]:
        """The blank between each run and the next one: where it begins and ends."""
        return [
            (before.right, after.left)
            for before, after in zip(self.runs, self.runs[1:], strict=False)
        ]


def is_bullet(text: str) -> bool:
    """Whether ``text`` is the sign or the number before an item of a list."""
    return bool(_BULLET.match(text))


def words_text(words: Sequence[Word]) -> str:
    """The text of words that stand from left to right, in the order in which they are read."""
    text = " ".join([word.text for word in words])
    if _RTL.search(text):
        text = " ".join([word.text for word in reversed(words)])
    return text


def run_of(words: Sequence[Word]) -> TextRun:
    """A run of ``words``, at least one."""
    return TextRun(
        list(words),
        min(word.left for word in words),
        min(word.top for word in words),
        max(word.right for word in words),
        max(word.bottom for word in words),
    )


def find_runs(words: Iterable[Word]) -> list[TextRun]:
    """The runs of ``words``, which are in the order of the file.

    Neighbours in the file that are neighbours on the page come together; ``find_rows`` joins those
    that were drawn at different times. Dots and lines that are written with signs are left out.
    """
    runs: list[TextRun] = []
    current: list[Word] = []
    left = top = right = bottom = 0.0
    for word in _without_leaders(words):  # hundreds on each page, so without a call for each
        _, start, high, end, low, _ = word
        if current:
            beside = (bottom if bottom < low else low) - (top if top > high else high)
            height, other = low - high, bottom - top
            if height > other:
                height, other = other, height
            gap = start - right
            is_near = _OVERPRINT * height <= gap <= WIDE_GAP * other
            if is_near and gap > _FIGURES_GAP * other:
                is_near = not (_DIGIT.search(word.text) and _DIGIT.search(current[-1].text))
            if is_near and beside >= _SAME_LINE * height:
                current.append(word)
                left = start if start < left else left
                top = high if high < top else top
                right = end if end > right else right
                bottom = low if low > bottom else bottom
                continue
            runs.append(TextRun(current, left, top, right, bottom))
        current = [word]
        left, top, right, bottom = start, high, end, low
    if current:
        runs.append(TextRun(current, left, top, right, bottom))
    return runs


def _without_leaders(words: Iterable[Word]) -> list[Word]:
    """The words without dots and lines between a text and its number, which may be words each."""
    kept = [word for word in words if not (word.text[-1] in _SIGNS and _LEADER.match(word.text))]
    if not any(word.text == "." for word in kept):
        return kept
    result: list[Word] = []
    for is_dot, group in groupby(kept, key=lambda word: word.text == "."):
        together = list(group)
        if not is_dot or len(together) < _MIN_DOTS:
            result += together
    return result


def find_rows(runs: Iterable[TextRun], verticals: Sequence[Ruling] = ()) -> list[Row]:
    """The rows of ``runs``, from the top.

    Runs with an ordinary blank between them are joined, unless a vertical line stands there.
    """
    rows: list[Row] = []
    open_rows: list[Row] = []  # the last few; a row lower than a run's top cannot take it
    for run in sorted(runs, key=lambda one: (one.middle, one.left)):
        open_rows = [row for row in open_rows if row.bottom > run.top]
        row = next((row for row in open_rows if _belongs(row, run)), None)
        if row is None:
            row = Row([], run.top, run.bottom)
            rows.append(row)
            open_rows.append(row)
        row.runs.append(run)
    for row in rows:
        _join_neighbours(row, verticals)
    return rows


def split_at_lines(runs: Iterable[TextRun], verticals: Sequence[Ruling]) -> list[TextRun]:
    """``runs``, divided at the blanks where a vertical line stands."""
    result: list[TextRun] = []
    for run in runs:
        beside = [line for line in verticals if _crosses(line, run.left, run.right, run)]
        result += _split(run, beside) if beside else [run]
    return result


def _split(run: TextRun, verticals: Sequence[Ruling]) -> Iterator[TextRun]:
    start = 0
    for index, (before, after) in enumerate(zip(run.words, run.words[1:], strict=False), 1):
        if any(before.right - 1 <= line.left <= after.left + 1 for line in verticals):
            yield run_of(run.words[start:index])
            start = index
    yield run_of(run.words[start:])


def _crosses(line: Ruling, left: float, right: float, run: TextRun) -> bool:
    return left - 1 <= line.left <= right + 1 and line.top < run.middle < line.bottom


def _belongs(row: Row, run: TextRun) -> bool:
    beside = min(row.bottom, run.bottom) - max(row.top, run.top)
    if beside < _SAME_ROW * min(row.height, run.height):
        return False
    slack = 0.3 * run.height  # italics and kerning overlap a little
    return all(run.left >= one.right - slack or run.right <= one.left + slack for one in row.runs)


def _is_near(last: TextRun, run: TextRun) -> bool:
    """Whether only an ordinary blank is between the runs; between numbers it is narrower."""
    are_figures = _DIGIT.search(last.words[-1].text) and _DIGIT.search(run.words[0].text)
    widest = _FIGURES_GAP if are_figures else WIDE_GAP
    return run.left - last.right <= widest * min(run.height, last.height)


def _join_neighbours(row: Row, verticals: Sequence[Ruling]) -> None:
    row.runs.sort(key=lambda run: run.left)
    joined = [row.runs[0]]
    for run in row.runs[1:]:
        last = joined[-1]
        is_near = _is_near(last, run)
        if is_near and not any(_crosses(line, last.right, run.left, run) for line in verticals):
            joined[-1] = run_of([*last.words, *run.words])
        else:
            joined.append(run)
    row.runs = joined
    row.top = min(run.top for run in joined)
    row.bottom = max(run.bottom for run in joined)

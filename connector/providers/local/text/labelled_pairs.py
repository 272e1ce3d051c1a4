# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures
"""The places where a text itself names a value: "Label: value" lines, two columns, label over value, and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

LABEL = 48  # characters of the longest label
LABEL_WORDS = 7
_CELL = re.compile(r"[^\s|]+(?:[ \u00a0][^\s|]+)*")
_COLON = re.compile(r"\s?[:：=](?=\s|$)|：|:(?=[^\s/\d])")
_DOTS = re.compile(r"(?<=\s)\.{3,200}|\.{4,200}")
_DIGIT = re.compile(r"\d")
_MAIL = re.compile(r"^(?:From|To|Cc|Bcc|Date|Sent|Subject|Reply-To|Von|An|Gesendet|Datum|Betreff|De|À|Envoyé|Objet)\s?:", re.I)
_OLDER = re.compile(r"^-{2,10}\s?(?:Original message|Ursprüngliche Nachricht|Message d'origine|Forwarded message)\b", re.I | re.M)
_QUOTED = re.compile(r"^\s{0,3}>.*$", re.M)


@dataclass(frozen=True)
class Cell:
    """A run of a line without a wide gap."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Pair:
    """A label and the value beside or below it; ``line`` is the label's line number; ``how`` says how they stand."""

    label: str
    value: str
    start: int
    line: int
    how: str = "colon"


@dataclass(frozen=True)
class Table:
    """Column titles, and rows with one text for each title ("" when the cell is empty)."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    start: int = 0


def without_quoted(text: str) -> str:
    """The text with the quoted part of an e-mail blanked, unless nothing else is left."""
    own = _QUOTED.sub(lambda match: " " * len(match.group()), text)
    older = _OLDER.search(own)
    if older and own[: older.start()].strip():
        own = own[: older.start()] + re.sub(r"[^\n]", " ", own[older.start() :])
    return own if own.strip() else text


def lines_of_cells(text: str) -> list[list[Cell]]:
    """Each line as its cells; leader dots count as a gap."""
    result, start = [], 0
    for line in text.split("\n"):
        shown = _DOTS.sub(lambda match: " " * len(match.group()), line)
        result.append([Cell(start + match.start(), start + match.end(), match.group()) for match in _CELL.finditer(shown)])
        start += len(line) + 1
    return result


def mail_headers(text: str) -> int:
    """How many characters of the beginning are an e-mail's headers; 0 when it is none."""
    end = known = 0
    for line in text[:3_000].split("\n"):
        if not (_MAIL.match(line) or (known and line.startswith((" ", "\t")))):
            break
        known += 1
        end += len(line) + 1
    return min(end, len(text)) if known > 1 else 0


def pairs(text: str) -> list[Pair]:
    """Every label with its value, in order."""
    found: list[Pair] = []
    rows = lines_of_cells(text)
    for number, cells in enumerate(rows):
        for place, cell in enumerate(cells):
            found += _colon_pair(rows, number, place, cell)
        found += _gap_pair(number, cells)
    return found


def _colon_pair(rows: list[list[Cell]], number: int, place: int, cell: Cell) -> Iterator[Pair]:
    colon = _COLON.search(cell.text[: LABEL + 4])
    if colon is None:
        return
    label, value = cell.text[: colon.start()].strip(" *•-–#>"), cell.text[colon.end() :].strip()
    cells = rows[number]
    if not label and place and _is_label(cells[place - 1].text):
        label = cells[place - 1].text  # "Label     : value"
    if not _is_label(label):
        return
    if value:
        yield Pair(label, value, cell.start + colon.end(), number)
    elif place + 1 < len(cells) and not _COLON.search(cells[place + 1].text[: LABEL + 4]):
        after = cells[place + 1]
        yield Pair(label, after.text, after.start, number)
    elif place + 1 < len(cells) and cells[place + 1].text[:1] in ":：=":
        yield Pair(label, cells[place + 1].text[1:].strip(), cells[place + 1].start + 1, number)
    else:
        yield from _below(rows, number, cell, label)


def _below(rows: list[list[Cell]], number: int, cell: Cell, label: str) -> Iterator[Pair]:
    """The cell under a label that ends its line: the first one that starts in the label's column, else nothing ("")."""
    for line in rows[number + 1 : number + 3]:
        for below in line:
            shift = below.start - line[0].start - (cell.start - rows[number][0].start)
            if abs(shift) <= 3 and not _COLON.search(below.text[: LABEL + 4]):
                yield Pair(label, below.text, below.start, number, "below")
                return
        if line:
            break
    yield Pair(label, "", cell.end, number, "empty")


def _gap_pair(number: int, cells: list[Cell]) -> Iterator[Pair]:
    """ "Total      £10.00": a line's last two cells, a label and what stands beside it."""
    titled = len(cells) == 3 and not _DIGIT.search(cells[0].text + cells[1].text) and _DIGIT.search(cells[2].text)
    cells = cells[1:] if titled else cells
    if len(cells) == 2 and _is_label(cells[0].text) and ":" not in cells[0].text and cells[1].text[0] not in ":：=":
        yield Pair(cells[0].text, cells[1].text, cells[1].start, number, "gap")


def _is_label(text: str) -> bool:
    if not text or len(text) > LABEL or len(text.split()) > LABEL_WORDS:
        return False
    return any(char.isalpha() for char in text) and (not text.rstrip().endswith((".", "!", "?")) or _ends_short(text))


def _ends_short(text: str) -> bool:
    # "Invoice no." ends with a stop but is a label.
    last = text.rsplit(maxsplit=1)[-1]
    return text.endswith(".") and len(last) <= 5 and len(text.split()) <= 4


def tables(text: str, is_title: frozenset[str]) -> list[Table]:
    """Tables with a title line: by delimiter, or by columns when the titles hold at least two known words."""
    found = _delimited(text)
    rows = lines_of_cells(text)
    number = 0
    while number < len(rows):
        head = rows[number]
        known = sum(any(word.strip(".:").lower() in is_title for word in cell.text.split()) for cell in head)
        if len(head) >= 3 and known >= 2 and not any(cell.text.replace(".", "").isdigit() for cell in head):
            body, number = _body(rows, number)
            if body:
                found.append(Table(tuple(cell.text for cell in head), tuple(body), head[0].start))
        number += 1
    return found


def _body(rows: list[list[Cell]], number: int) -> tuple[list[tuple[str, ...]], int]:
    starts = _offsets(rows[number])
    body: list[tuple[str, ...]] = []
    at = number + 1
    while at < len(rows):
        cells = rows[at]
        if not cells and body:
            break
        if cells and _rule(cells):
            at += 1
            continue
        if cells and len(cells) < max(2, len(starts) // 2):
            break
        if cells:
            body.append(_place(cells, starts))
        at += 1
    return body, at


def _offsets(cells: list[Cell]) -> list[tuple[int, int]]:
    first = cells[0].start
    return [(cell.start - first, cell.end - first) for cell in cells]


def _rule(cells: list[Cell]) -> bool:
    return all(set(cell.text) <= set("-=_+*. ") for cell in cells)


def _place(cells: list[Cell], columns: list[tuple[int, int]]) -> tuple[str, ...]:
    """Each cell under the nearest title, by its left or right edge; cells keep their order."""
    placed = [""] * len(columns)
    if len(cells) == len(columns):
        return tuple(cell.text for cell in cells)
    line = cells[0].start
    least = 0
    for count, cell in enumerate(cells):
        start, end = cell.start - line, cell.end - line
        last = len(columns) - (len(cells) - count)
        options = range(least, max(least, last) + 1)
        best = min(options, key=lambda at: min(abs(start - columns[at][0]), abs(end - columns[at][1])))
        placed[best] = cell.text
        least = min(best + 1, len(columns) - 1)
    return tuple(placed)


def _delimited(text: str) -> list[Table]:
    lines = text.split("\n")
    found, at = [], 0
    while at < len(lines):
        for mark in ("\t", "|", ";", ","):
            titles = _fields(lines[at], mark)
            if len(titles) < 3 or not all(_is_label(title) and not any(map(str.isdigit, title)) for title in titles):
                continue
            body = []
            ahead = at + 1
            while ahead < len(lines) and lines[ahead].strip():
                cells = _fields(lines[ahead], mark)
                if set(lines[ahead].strip()) <= set("|-: +="):
                    ahead += 1
                    continue
                if len(cells) != len(titles):
                    break
                body.append(tuple(cells))
                ahead += 1
            if body and (mark != "," or len(body) > 1):
                found.append(Table(tuple(titles), tuple(body), 0))
                at = ahead
                break
        at += 1
    return found


def _fields(line: str, mark: str) -> list[str]:
    if mark not in line:
        return []
    inner = line.strip()
    if mark == "|":
        inner = inner.strip("|")
    return [part.strip().strip('"') for part in inner.split(mark)]

# ruff: noqa: PLR2004 - lengths and counts inside a rule are plainest as figures

"""Labelled values of a text: "Label: value" lines, two columns, label above value, and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

MAX_LABEL_LENGTH = 48  # characters of the longest label
MAX_LABEL_WORDS = 7
_CELL = re.compile(r"[^\s|]+(?:[ \u00a0][^\s|]+)*")
_COLON = re.compile(r"\s?[:：=](?=\s|$)|：|:(?=[^\s/\d])")
_DOTS = re.compile(r"(?<=\s)\.{3,200}|\.{4,200}")
_DIGIT = re.compile(r"\d")
_MAIL = re.compile(
    r"^(?:From|To|Cc|Bcc|Date|Sent|Subject|Reply-To|Von|An|Gesendet|Datum|Betreff|De|À|Envoyé|"
    r"Objet)\s?:",
    re.I,
)
_OLDER = re.compile(
    r"^-{2,10}\s?(?:Original message|Ursprüngliche Nachricht|Message d'origine|"
    r"Forwarded message)\b",
    re.I | re.M,
)
_QUOTED = re.compile(r"^\s{0,3}>.*$", re.M)


@dataclass(frozen=True)
class Cell:
    """A part of a line without a wide gap inside."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Pair:
    """A label and its value; ``line`` is the number of the label's line.

    ``layout`` is colon, gap (both in a line without a colon), below or empty (no value).
    """

    label: str
    value: str
    start: int
    line: int
    layout: str = "colon"


@dataclass(frozen=True)
class Table:
    """Column titles, and rows with a text for each title ("" for an empty cell)."""

    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    start: int = 0


def without_quoted_mail(text: str) -> str:
    """The text with the quoted part of an e-mail blanked, unless nothing else remains."""
    result = _QUOTED.sub(lambda match: " " * len(match.group()), text)
    original_message = _OLDER.search(result)
    if original_message and result[: original_message.start()].strip():
        result = result[: original_message.start()] + re.sub(
            r"[^\n]", " ", result[original_message.start() :]
        )
    return result if result.strip() else text


def lines_of_cells(text: str) -> list[list[Cell]]:
    """The cells of each line; leader dots count as a gap."""
    lines = []
    start = 0
    for line in text.split("\n"):
        without_dots = _DOTS.sub(lambda match: " " * len(match.group()), line)
        cells = [
            Cell(start + match.start(), start + match.end(), match.group())
            for match in _CELL.finditer(without_dots)
        ]
        lines.append(cells)
        start += len(line) + 1
    return lines


def mail_header_length(text: str) -> int:
    """The length of the e-mail headers at the beginning of a text; 0 if it has none."""
    end = 0
    header_count = 0
    for line in text[:3_000].split("\n"):
        if not (_MAIL.match(line) or (header_count and line.startswith((" ", "\t")))):
            break
        header_count += 1
        end += len(line) + 1
    return min(end, len(text)) if header_count > 1 else 0


def find_pairs(text: str) -> list[Pair]:
    """All labels with their values, in the order of the text."""
    pairs: list[Pair] = []
    rows = lines_of_cells(text)
    for number, cells in enumerate(rows):
        for index, cell in enumerate(cells):
            pairs += _colon_pair(rows, number, index, cell)
        pairs += _gap_pair(number, cells)
    return pairs


def _colon_pair(rows: list[list[Cell]], number: int, index: int, cell: Cell) -> Iterator[Pair]:
    colon = _find_colon(cell)
    if colon is None:
        return
    label = cell.text[: colon.start()].strip(" *•-–#>")
    value = cell.text[colon.end() :].strip()
    cells = rows[number]
    if not label and index and _is_label(cells[index - 1].text):
        label = cells[index - 1].text  # "Label     : value"
    if not _is_label(label):
        return
    following = cells[index + 1] if index + 1 < len(cells) else None
    if value:
        yield Pair(label, value, cell.start + colon.end(), number)
    elif following and not _find_colon(following):
        yield Pair(label, following.text, following.start, number)
    elif following and following.text[:1] in ":：=":
        yield Pair(label, following.text[1:].strip(), following.start + 1, number)
    else:
        yield from _pair_below(rows, number, cell, label)


def _pair_below(rows: list[list[Cell]], number: int, cell: Cell, label: str) -> Iterator[Pair]:
    """A label at the end of its line, with the cell below that starts in its column, or with ""."""
    for line in rows[number + 1 : number + 3]:
        for below in line:
            shift = below.start - line[0].start - (cell.start - rows[number][0].start)
            if abs(shift) <= 3 and not _find_colon(below):
                yield Pair(label, below.text, below.start, number, "below")
                return
        if line:
            break
    yield Pair(label, "", cell.end, number, "empty")


def _gap_pair(number: int, cells: list[Cell]) -> Iterator[Pair]:
    """The last two cells of a line as label and value: "Total      £10.00"."""
    has_title = (
        len(cells) == 3
        and not _DIGIT.search(cells[0].text + cells[1].text)
        and _DIGIT.search(cells[2].text)
    )
    if has_title:
        cells = cells[1:]
    if len(cells) != 2:
        return
    label, value = cells
    if _is_label(label.text) and ":" not in label.text and value.text[0] not in ":：=":
        yield Pair(label.text, value.text, value.start, number, "gap")


def _find_colon(cell: Cell) -> re.Match[str] | None:
    return _COLON.search(cell.text[: MAX_LABEL_LENGTH + 4])


def _is_label(text: str) -> bool:
    if not text or len(text) > MAX_LABEL_LENGTH or len(text.split()) > MAX_LABEL_WORDS:
        return False
    is_sentence = text.rstrip().endswith((".", "!", "?")) and not _ends_with_abbreviation(text)
    return any(char.isalpha() for char in text) and not is_sentence


def _ends_with_abbreviation(text: str) -> bool:
    # "Invoice no." ends with a full stop but is a label
    last = text.rsplit(maxsplit=1)[-1].lower()
    is_short = len(last) <= 5 or last.endswith(("nr.", "no.", "num."))  # "Rechnungsnr."
    return text.endswith(".") and is_short and len(text.split()) <= 4


def find_tables(text: str, title_words: frozenset[str]) -> list[Table]:
    """Tables with a title line: delimited ones, and aligned ones with at least two known titles."""
    tables = _delimited_tables(text)
    rows = lines_of_cells(text)
    number = 0
    while number < len(rows):
        head = rows[number]
        known_titles = sum(
            any(word.strip(".:").lower() in title_words for word in cell.text.split())
            for cell in head
        )
        has_number = any(cell.text.replace(".", "").isdigit() for cell in head)
        if len(head) >= 3 and known_titles >= 2 and not has_number:
            body, number = _table_body(rows, number)
            if body:
                tables.append(Table(tuple(cell.text for cell in head), tuple(body), head[0].start))
        number += 1
    return tables


def _table_body(rows: list[list[Cell]], number: int) -> tuple[list[tuple[str, ...]], int]:
    """The rows under the title line ``number``, and the number of the line after them."""
    columns = _offsets(rows[number])
    body: list[tuple[str, ...]] = []
    index = number + 1
    while index < len(rows):
        cells = rows[index]
        if not cells and body:
            break
        if cells and _is_separator(cells):
            index += 1
            continue
        if cells and len(cells) < max(2, len(columns) // 2):
            break
        if cells:
            body.append(_align(cells, columns))
        index += 1
    return body, index


def _offsets(cells: list[Cell]) -> list[tuple[int, int]]:
    first = cells[0].start
    return [(cell.start - first, cell.end - first) for cell in cells]


def _is_separator(cells: list[Cell]) -> bool:
    return all(set(cell.text) <= set("-=_+*. ") for cell in cells)


def _align(cells: list[Cell], columns: list[tuple[int, int]]) -> tuple[str, ...]:
    """The cells below their nearest titles, by the left or right edge, in the same order."""
    aligned = [""] * len(columns)
    if len(cells) == len(columns):
        return tuple(cell.text for cell in cells)
    line = cells[0].start
    least = 0
    for count, cell in enumerate(cells):
        start, end = cell.start - line, cell.end - line
        last = len(columns) - (len(cells) - count)
        options = range(least, max(least, last) + 1)
        best = min(
            options,
            key=lambda column: min(abs(start - columns[column][0]), abs(end - columns[column][1])),
        )
        aligned[best] = cell.text
        least = min(best + 1, len(columns) - 1)
    return tuple(aligned)


def _delimited_tables(text: str) -> list[Table]:
    lines = text.split("\n")
    tables: list[Table] = []
    index = 0
    while index < len(lines):
        for delimiter in ("\t", "|", ";", ","):
            table, end = _delimited_table(lines, index, delimiter)
            if table:
                tables.append(table)
                index = end
                break
        index += 1
    return tables


def _delimited_table(lines: list[str], index: int, delimiter: str) -> tuple[Table | None, int]:
    """The table whose titles are in the line ``index``, and the index of the line after it."""
    titles = _split_cells(lines[index], delimiter)
    if len(titles) < 3 or not all(map(_is_title, titles)):
        return None, index
    body = []
    end = index + 1
    while end < len(lines) and lines[end].strip():
        is_separator = set(lines[end].strip()) <= set("|-: +=")
        cells = _split_cells(lines[end], delimiter)
        if not is_separator and len(cells) != len(titles):
            break
        if not is_separator:
            body.append(tuple(cells))
        end += 1
    # a comma may be part of a sentence, so that one line is not enough
    if body and (delimiter != "," or len(body) > 1):
        return Table(tuple(titles), tuple(body), 0), end
    return None, index


def _is_title(text: str) -> bool:
    return _is_label(text) and not any(map(str.isdigit, text))


def _split_cells(line: str, delimiter: str) -> list[str]:
    if delimiter not in line:
        return []
    inner = line.strip()
    if delimiter == "|":
        inner = inner.strip("|")
    return [part.strip().strip('"') for part in inner.split(delimiter)]
